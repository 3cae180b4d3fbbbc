"""``egovcloud user``: the accounts that nobody could make through the API, above all the first one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from egovcloud.cli.local.main import local

commands = typer.Typer(help="Accounts.", no_args_is_help=True)

PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="Write the one-time password to this new file (mode 0600), not the screen."),
]


@commands.command()
def create(
    context: typer.Context,
    username: str,
    display_name: Annotated[str, typer.Option(help="The name that people see.")] = "",
    department: Annotated[str | None, typer.Option(help="Code of the department; default: the root.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="ROLE or ROLE@DEPARTMENT-CODE; may be repeated.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    password_file: PasswordFile = None,
) -> None:
    """Make an account with a one-time password, which must be changed at the first sign-in."""
    roles: list[tuple[str, str | None]] = []
    for text in role or []:
        name, _, at = text.partition("@")
        roles.append((name, at or None))
    with _keeping(password_file) as keep:
        keep(username, local(context).create_user(username, display_name or username, department, roles, language))


@commands.command("reset-password")
def reset_password(context: typer.Context, username: str, password_file: PasswordFile = None) -> None:
    """Give an account a new one-time password and unlock it; its sessions and tokens end."""
    with _keeping(password_file) as keep:
        keep(username, local(context).reset_password(username))


@contextmanager
def _keeping(path: Path | None) -> Iterator[Callable[[str, str], None]]:
    """The file is made before the password is, so that none is lost to a full disk; a failure leaves no file."""
    if path is None:
        yield lambda username, password: typer.echo(f"{username}: {password}")
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        typer.echo(f"egovcloud: {path} can't be made: {error.strerror}", err=True)
        raise typer.Exit(1) from None

    def write(username: str, password: str) -> None:
        file.write(f"{password}\n")
        typer.echo(f"The one-time password of {username} is in {path}.")

    with os.fdopen(handle, "w") as file:
        try:
            yield write
        except BaseException:
            path.unlink()
            raise


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="user")
