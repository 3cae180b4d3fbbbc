"""``egovcloud db``: the database's schema."""

from __future__ import annotations

import typer

from egovcloud.cli.local.main import local

commands = typer.Typer(help="The database's schema.", no_args_is_help=True)


@commands.command()
def upgrade(context: typer.Context) -> None:
    """Bring the schema to this version; safe to repeat."""
    typer.echo(f"The database is at revision {local(context).upgrade()}.")


@commands.command()
def check(context: typer.Context) -> None:
    """Fail unless the schema fits this version."""
    local(context).check()
    typer.echo("The database fits this version.")


@commands.command()
def init(
    context: typer.Context,
    name: str = typer.Option("市政务云计算中心", help="Name of the root department."),
    code: str = typer.Option("city", help="Code of the root department."),
) -> None:
    """Upgrade, then make the root of the department tree if there is none."""
    local(context).upgrade()
    local(context).found(code, name)
    typer.echo("The database is ready.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="db")
