"""``egovcloud worker``: runs operations."""

from __future__ import annotations

import typer

from egovcloud.cli.local.main import local


def worker(context: typer.Context) -> None:
    """Claim and run operations until stopped; any number of workers may run at once."""
    local(context).work()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(worker)
