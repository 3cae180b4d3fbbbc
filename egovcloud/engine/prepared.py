"""What was brought to a host a moment ago: the next machine there need not have all of it looked up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

KEPT = 60.0  # seconds; whoever misses something earlier brings it at once
MANY = 10_000  # things that are remembered at most


class Prepared:
    """By place and name, with what it was brought as: another specification is brought at once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[Hashable, tuple[float, object]] = {}

    def once(self, key: Hashable, spec: object, bring: Callable[[], object]) -> None:
        """``bring`` it, unless this process did so lately."""
        until, known = self._known.get(key, (0.0, None))
        if known == spec and self._now() < until:
            return
        bring()
        if len(self._known) >= MANY:
            self.forget()
        self._known[key] = (self._now() + KEPT, spec)

    def forget(self) -> None:
        """All of it, after something turned out to be gone."""
        self._known = {}
