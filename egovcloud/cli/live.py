"""How a running operation looks: a live list of its steps on a terminal, one plain line a change elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from egovcloud.cli.language import say
from egovcloud.cli.values import harmless, label

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARKS = {"done": "✓", "succeeded": "✓", "failed": "✗", "undone": "↶", "cancelled": "✗", "pending": "·", "queued": "·"}
_COLOURS = {"✓": "green", "✗": "red", "↶": "yellow", "·": "bright_black"}


class Display(Protocol):
    """Gets the operation whenever it was looked at."""

    def update(self, operation: Mapping[str, Any]) -> None: ...


@contextmanager
def display() -> Iterator[Display]:
    """Rich where standard error is a terminal, plain lines where it is a log."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(console=console, refresh_per_second=8, transient=False, redirect_stdout=False) as live:
        yield _Rich(live.update)


class Lines:
    """One line for each change of the operation, a step, or a part; nothing is said twice."""

    def __init__(self) -> None:
        self._said: set[tuple[str, ...]] = set()

    def update(self, operation: Mapping[str, Any]) -> None:
        kind = str(operation.get("kind") or "")
        total = len(operation.get("steps") or [])
        for step in operation.get("steps") or []:
            if step.get("state") != "pending":
                place = f"{int(step.get('position') or 0) + _base(operation)}/{total}"
                self._say(kind, place, str(step.get("name")), str(step.get("state")), _seconds(step), _trouble(step))
        for child in operation.get("children") or []:
            if child.get("state") != "queued":
                self._say(kind, str(child.get("kind")), _subject(child), str(child.get("state")), "", _trouble(child))
        self._say(kind, _subject(operation), str(operation.get("state")), "", "", _trouble(operation))

    def _say(self, *parts: str) -> None:
        if parts in self._said:
            return
        self._said.add(parts)
        sys.stderr.write(harmless(" ".join(part for part in parts if part)) + "\n")
        sys.stderr.flush()


class _Rich:
    """Redraws the whole operation; Rich keeps the spinner turning in between."""

    def __init__(self, update: Any) -> None:
        self._update = update

    def update(self, operation: Mapping[str, Any]) -> None:
        self._update(picture(operation), refresh=True)


def picture(operation: Mapping[str, Any]) -> RenderableType:
    """The operation with its steps and parts. Everything is Text: names are never read as markup."""
    from rich.console import Group
    from rich.spinner import Spinner
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    rows = [(step, str(step.get("name"))) for step in operation.get("steps") or []]
    rows += [(child, f"{child.get('kind')} {_subject(child)}") for child in operation.get("children") or []]
    for part, name in rows:
        state = str(part.get("state"))
        mark = _MARKS.get(state)
        icon: RenderableType = Text(mark, style=_COLOURS[mark]) if mark else Spinner("dots", style="yellow")
        grid.add_row(icon, Text(harmless(name)), Text(_seconds(part), style="bright_black"), Text(_trouble(part)))
    state = str(operation.get("state"))
    colour = {"succeeded": "green", "failed": "red", "cancelled": "red"}.get(state, "yellow")
    head = Text.assemble(
        harmless(f"{operation.get('kind') or ''} {_subject(operation)} "),
        (state, colour),
        (f"  {operation.get('id') or ''}", "bright_black"),
    )
    return Group(head, grid)


def _subject(operation: Mapping[str, Any]) -> str:
    return label(operation.get("subject")) if operation.get("subject") else ""


def _base(operation: Mapping[str, Any]) -> int:
    """Steps may be counted from 0 or from 1; people count from 1."""
    positions = [int(step.get("position") or 0) for step in operation.get("steps") or []]
    return 1 if positions and min(positions) == 0 else 0


def _seconds(part: Mapping[str, Any]) -> str:
    try:
        started = datetime.fromisoformat(str(part.get("started_at")))
        finished = datetime.fromisoformat(str(part.get("finished_at")))
    except ValueError:
        return ""
    return f"{(finished - started).total_seconds():.1f} s"


def _trouble(part: Mapping[str, Any]) -> str:
    """Why it failed, or that it is being tried again."""
    error = part.get("error")
    if isinstance(error, Mapping):
        return harmless(str(error.get("detail") or error.get("code") or ""))
    if int(part.get("attempts") or 0) > 1 and part.get("state") == "running":
        return say("cli.attempt", number=part.get("attempts"))
    return ""
