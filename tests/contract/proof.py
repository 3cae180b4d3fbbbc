"""The account of what was proved in a run, so that a driver cannot declare what no passing test shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent


class Proofs:
    """``declared`` maps a backend to its capabilities; ``note`` takes each phase of each test."""

    def __init__(self, declared: Mapping[str, frozenset[str]]) -> None:
        self._declared = declared
        self._outcomes: dict[str, tuple[Sequence[str], bool]] = {}

    def note(self, test: str, value: Sequence[str], phase: str | None, outcome: str) -> None:
        """``value`` is the backend's name and what the test proves; a failure in any phase takes the proof away."""
        good = outcome == "passed"
        if phase == "call" or not good:
            before = self._outcomes.get(test, (value, True))[1]
            self._outcomes[test] = (value, good and before)

    @property
    def passed(self) -> Counter[str]:
        """Tests passed by backend; one that ran and passed none counts 0."""
        count: Counter[str] = Counter()
        for (name, *_), good in self._outcomes.values():
            count[name] += int(good)
        return count

    @property
    def missing(self) -> list[tuple[str, str]]:
        """Backend and capability of each declaration without a proof."""
        proved = {(value[0], one) for value, good in self._outcomes.values() if good for one in value[1:]}
        return sorted(
            (name, one) for name, all_of in self._declared.items() for one in all_of if (name, one) not in proved
        )


def narrowed(config: pytest.Config) -> bool:
    """Whether only a part of the suite was asked for, so that missing proofs mean nothing."""
    if config.getoption("keyword", "") or config.getoption("markexpr", "") or config.getoption("lf", False):
        return True
    if config.getoption("collectonly", False) or config.getoption("deselect", None):
        return True
    paths = [Path(str(argument).split("::")[0]).absolute() for argument in config.args]
    whole = any(path == _FOLDER or path in _FOLDER.parents for path in paths)
    return not whole
