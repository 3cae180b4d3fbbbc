"""One limit for all requests of one call: each gets what is left of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SHORTEST = 0.01  # seconds; a socket takes no time-out of nothing


class Deadline:
    """A moment on the monotonic clock, ``limit`` seconds from now."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._end = time.monotonic() + limit

    def left(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return self.left() <= 0.0


_current: ContextVar[Deadline | None] = ContextVar("openstack_deadline", default=None)


@contextmanager
def holding(deadline: Deadline) -> Iterator[None]:
    """Requests of this thread end with ``deadline``, those for tokens and discovery too, which nobody hands it to."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def current_timeout(otherwise: float) -> float:
    """Seconds that a request of this thread may take now."""
    deadline = _current.get()
    return otherwise if deadline is None else max(SHORTEST, deadline.left())
