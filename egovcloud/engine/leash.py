"""How long a worker may act on the strength of a lease, by its own clock, whether or not it can ask the database.

Whoever cannot reach the database cannot know that the lease was given to somebody else. So the right to call a cloud
ends with the lease on the clock of its holder, which started before the database was asked for the lease and therefore
runs out no later than the one in the database, as long as the clocks of the hosts agree (NTP).
"""

from __future__ import annotations

import time
from contextvars import ContextVar

from egovcloud.engine.claims import Fenced


class Lapsed(Fenced):
    """The lease ran out on this host's own clock; nothing more may be done to the world until it is proved anew."""


def seconds() -> float:
    """The clock of leashes. It never steps, and it counts the time that the host was asleep (CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Leash:
    """The right to act, for ``length`` seconds from ``since`` (of ``seconds()``); safe to use from many threads."""

    def __init__(self, length: float, since: float) -> None:
        self._length = length
        self._end = since + length
        self._cut = False

    def extend(self, since: float) -> None:
        """The lease was proved; ``since`` is when the database was asked, not when it answered."""
        self._end = max(self._end, since + self._length)

    def cut(self) -> None:
        """The lease is over for good: it is somebody else's, or nobody's any more."""
        self._cut = True

    @property
    def left(self) -> float:
        """Seconds that remain; none or less when it is over."""
        return 0.0 if self._cut else self._end - seconds()


current: ContextVar[Leash | None] = ContextVar("egov_leash", default=None)


def check() -> None:
    """``Lapsed`` unless this thread may act; threads that run no operation may."""
    leash = current.get()
    if leash is not None and leash.left <= 0:
        raise Lapsed
