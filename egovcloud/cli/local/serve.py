"""``egovcloud serve`` and ``egovcloud version``."""

from __future__ import annotations

from typing import Annotated

import typer

import egovcloud
from egovcloud.cli.local.main import local


def serve(
    context: typer.Context,
    bind: Annotated[str | None, typer.Option(help="host:port; default: as in the settings.")] = None,
    worker: Annotated[bool, typer.Option("--worker", help="Run operations in this process too.")] = False,
) -> None:
    """Answer the API and the console until stopped."""
    local(context).serve(bind, worker=worker)


def version() -> None:
    """Print the version."""
    typer.echo(egovcloud.__version__)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("version")(version)
