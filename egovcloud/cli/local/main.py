"""``egovcloud``: administration on the machine itself; what users do is ``egovctl``.

Every module of this package that has ``register(app)`` adds its commands. A command gets what it works with from
``local(context)``, because a face may not build the house: ``egovcloud.app`` hands it over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

import typer

from egovcloud.cli import local as package
from egovcloud.domain.errors import Problem
from egovcloud.settings import Settings


class Local(Protocol):
    """What ``egovcloud.app`` offers to local commands. ``house`` and ``parts`` are opaque to this package."""

    @property
    def settings(self) -> Settings: ...
    @property
    def house(self) -> Any: ...
    @property
    def providers(self) -> Any: ...

    def at(self, settings_file: Path) -> Local:
        """The installation that is described by another settings file."""
        ...

    def serve(self, bind: str | None, *, worker: bool) -> None:
        """Answer HTTP until told to stop."""
        ...

    def work(self) -> None:
        """Run operations until told to stop."""
        ...

    def upgrade(self) -> str:
        """Bring the schema to its head; returns the revision."""
        ...

    def check(self) -> None:
        """``Problem`` unless the schema is at its head."""
        ...

    def found(self, code: str, name: str) -> str:
        """Make the root of the tree if there is none; returns its id."""
        ...

    def pour(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
        """Store rows of many tables in a database that has none; returns how many."""
        ...

    def create_user(
        self,
        username: str,
        display_name: str,
        department: str | None,
        roles: list[tuple[str, str | None]],
        language: str,
    ) -> str:
        """A new account; returns its one-time password. Departments are codes, ``None`` is the root."""
        ...

    def reset_password(self, username: str) -> str:
        """A new one-time password; unlocks the account."""
        ...


def build() -> typer.Typer:
    """The command tree."""
    app = typer.Typer(
        name="egovcloud",
        help="Runs and looks after an egovcloud installation on this machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for found in sorted(module.name for module in iter_modules(package.__path__)):
        if found != "main":
            register = getattr(import_module(f"{package.__name__}.{found}"), "register", None)
            if register is not None:
                register(app)
    return app


def local(context: typer.Context) -> Local:
    """What the command works with."""
    return cast(Local, context.find_root().obj)


def run(offered: Local) -> int:
    """Run the command line; returns the exit code. A problem is one sentence, never a traceback."""
    try:
        result = build()(obj=offered, standalone_mode=False)
    except Problem as problem:
        typer.echo(f"egovcloud: {problem.text('en')}", err=True)
        return 1
    except typer.Exit as end:
        return int(end.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:
        # Typer carries its own copy of click's usage errors.
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return int(getattr(error, "exit_code", 2))
    return result if isinstance(result, int) else 0
