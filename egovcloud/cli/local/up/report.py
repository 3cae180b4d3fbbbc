"""Says what is being done while it is done, and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class Stop(Exception):
    """What cannot go on, and the remedy; ends the command with one sentence."""


@contextmanager
def step(words: str) -> Iterator[list[str]]:
    """``words ... what came of it 1.2 s``; append to the yielded list to say what came of it."""
    typer.echo(f"{words} ... ", nl=False)
    sys.stdout.flush()
    begun = time.monotonic()
    outcome: list[str] = []
    try:
        yield outcome
    except BaseException:
        typer.echo("failed")
        raise
    said = f"{', '.join(outcome)}, " if outcome else ""
    typer.echo(f"{said}{time.monotonic() - begun:.1f} s")


def wait_for(condition: object, what: str, seconds: float) -> None:
    """Until ``condition()`` is true; ``Stop`` names what did not come."""
    import threading

    assert callable(condition)
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise Stop(f"{what} did not come within {seconds:.0f} s")
        pause.wait(0.05)
