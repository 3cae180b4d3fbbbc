"""``egovcloud demo``: a city to look at, without a hypervisor and without root."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from egovcloud.cli.local.main import Local, local

SETTINGS, CITY, SIGN_INS = "egovcloud.toml", "city.json", "sign-ins.txt"
# What this command makes in its directory; --fresh removes these and nothing else.
MADE = (SETTINGS, CITY, SIGN_INS, "secret.key", "egovcloud.sqlite*", "cloud-*.sqlite*")
# Variables that would lead the demo to another installation's data.
FOREIGN = ("DATABASE_URL", "DATABASE_URL_FILE", "STATE_DIR", "SECRET_KEY_FILE", "IMAGE_DIR", "BIND", "PUBLIC_URL")


def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="The same seed on the same day gives the same city.")] = 1,
    state_dir: Annotated[Path, typer.Option(help="Where the city lies.")] = Path("var/demo"),
    bind: Annotated[str, typer.Option(help="host:port to answer on.")] = "127.0.0.1:8080",
    fresh: Annotated[bool, typer.Option("--fresh", help="Make the city anew; the old one is gone.")] = False,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Answer until stopped.")] = True,
) -> None:
    """Show a living centre: 50 bureaus, 60 simulated hosts, 1,500 machines and the year behind them."""
    for name in FOREIGN:
        os.environ.pop(f"EGOV_{name}", None)
    if serve:
        _free(bind)
    _own(state_dir)
    settings = state_dir / SETTINGS
    if fresh or not (state_dir / CITY).exists():
        _clear(state_dir)
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.write_text(_settings(state_dir, bind))
        here = local(context).at(settings)
        _build(here, seed, state_dir)
        _passwords(here, state_dir)
    else:
        settings.write_text(_settings(state_dir, bind))
        here = local(context).at(settings)
        typer.echo(f"The city in {state_dir} is as it was left; --fresh makes another.")
    _welcome(state_dir, bind)
    if serve:
        here.serve(bind, worker=True)


def _free(bind: str) -> None:
    """Said before anything is made: the port must be ours."""
    host, _, port = bind.rpartition(":")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), int(port)))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "expected host:port"
        typer.echo(f"egovcloud: {bind}: {reason}; choose another with --bind.", err=True)
        raise typer.Exit(1) from None


def _own(state_dir: Path) -> None:
    """A directory with somebody else's things in it is left alone."""
    if state_dir.is_dir() and any(state_dir.iterdir()) and not (state_dir / SETTINGS).exists():
        typer.echo(f"egovcloud: {state_dir} is no demo city and not empty; choose another --state-dir.", err=True)
        raise typer.Exit(1)


def _clear(state_dir: Path) -> None:
    for pattern in MADE:
        for path in state_dir.glob(pattern):
            path.unlink()


def _settings(state_dir: Path, bind: str) -> str:
    values = {
        "state_dir": str(state_dir.absolute()),
        "bind": bind,
        "reconcile_interval": 15,
        "claim_interval": 0.5,
        "log_level": "warning",
        "log_format": "console",
    }
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _build(here: Local, seed: int, state_dir: Path) -> None:
    from egovcloud.cli.local.demo.build import build

    with _step("Preparing the database"):
        here.upgrade()
    now = datetime.now(UTC)
    with _step(f"Building the city of seed {seed} and the year behind it"):
        tables = build(seed, now, state_dir)
    with _step(f"Storing {sum(map(len, tables.values())):,} rows"):
        here.pour(tables)
    (state_dir / CITY).write_text(json.dumps({"seed": seed, "made_at": now.isoformat()}) + "\n")


def _passwords(here: Local, state_dir: Path) -> None:
    from egovcloud.cli.local.demo.data.people import SIGN_INS as ACCOUNTS

    with _step("Giving out one-time passwords"):
        lines = []
        for username, display_name, _, _, about in ACCOUNTS:
            lines.append(f"{username:<15}{here.reset_password(username):<19}{display_name} - {about}\n")
        handle = os.open(state_dir / SIGN_INS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.writelines(lines)


def _welcome(state_dir: Path, bind: str) -> None:
    typer.echo(f"\nhttp://{bind}/\n")
    if (state_dir / SIGN_INS).exists():
        typer.echo((state_dir / SIGN_INS).read_text())
    typer.echo(
        f"Each password is for the first sign-in, which asks for one of your own; see {state_dir / SIGN_INS} (0600).\n"
        f"Forgotten: EGOV_CONFIG={state_dir / SETTINGS} egovcloud user reset-password NAME.\n"
        "Ctrl-C stops; the city stays."
    )


@contextmanager
def _step(words: str) -> Iterator[None]:
    """Say what is done before it is done, and how long it took."""
    started = time.monotonic()
    typer.echo(f"{words} ... ", nl=False)
    yield
    typer.echo(f"{time.monotonic() - started:.1f} s")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)
