"""How figures are shown."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One figure: ours, the peer's, and the goal where there is one."""

    what: str
    ours: str
    peer: str
    ratio: str
    goal: str = ""


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered) + 0.5) - 1))]


def show(lines: Sequence[Line]) -> None:
    """A Markdown table."""
    print(f"\nPython {platform.python_version()}, {platform.machine()}\n")
    print("| what | egovcloud | peer or limit | ratio | goal |")
    print("|---|---|---|---|---|")
    for line in lines:
        print(f"| {line.what} | {line.ours} | {line.peer} | {line.ratio} | {line.goal} |")
