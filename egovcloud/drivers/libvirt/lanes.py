"""Threads that may get stuck so that nobody else does.

libvirt's calls cannot be interrupted: a daemon that hangs holds its caller for ever. Each host therefore has a
narrow lane (one thread, short calls, in order) and a wide one (a thread for each long call). A call that outlives
its limit is left behind with its thread; the caller goes on.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Late(Exception):
    """The limit has passed; ``started`` tells a stuck call from one that only waited its turn."""

    def __init__(self, started: bool) -> None:
        self.started = started
        super().__init__("late")


class Deadline:
    """A moment on the monotonic clock, and whether the caller still waits for it."""

    def __init__(self, within: float) -> None:
        self.limit = within
        self._end = time.monotonic() + within
        self.given_up = False

    def left(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        """True from the moment on which nothing more may be changed for the caller."""
        return self.given_up or self.left() <= 0.0


class Job(Generic[T]):
    """One call on its way through a lane."""

    def __init__(self, work: Callable[[Deadline], T], deadline: Deadline) -> None:
        self._work = work
        self.deadline = deadline
        self._done = threading.Event()
        self._begun = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do the work unless its caller has gone meanwhile; every outcome is kept for ``result``."""
        if self.deadline.passed():
            return
        self._begun.set()
        try:
            self._value = self._work(self.deadline)
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def wait(self, seconds: float) -> bool:
        """Whether the work has ended, by itself or by an exception, within ``seconds``."""
        return self._done.wait(seconds)

    def succeeded(self) -> bool:
        return self._done.is_set() and self._error is None

    def result(self) -> T:
        """The value or the work's own exception; ``Late`` when the limit passes first."""
        if not self._done.wait(self.deadline.left()):
            self.deadline.given_up = True
            raise Late(self._begun.is_set())
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set whenever _error is not


class NarrowLane:
    """One thread that takes calls in order; ``abandon`` leaves a stuck one to itself and starts afresh."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[Deadline], T], deadline: Deadline) -> Job[T]:
        job = Job(work, deadline)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=_serve, args=(self._jobs,), name=self._name, daemon=True)
                self._thread.start()
            self._jobs.put(job)
        return job

    def abandon(self) -> None:
        """Forget the thread; it ends by itself once the stuck call returns."""
        with self._lock:
            self._jobs.put(None)
            self._jobs = queue.SimpleQueue()
            self._thread = None


class WideLane:
    """A thread for each call: migrations, wipes and copies must not wait for one another."""

    def __init__(self, name: str) -> None:
        self._name = name

    def submit(self, work: Callable[[Deadline], T], deadline: Deadline) -> Job[T]:
        job = Job(work, deadline)
        threading.Thread(target=job.run, name=self._name, daemon=True).start()
        return job


class Turns:
    """One at a time for each name; names that nobody holds or awaits take no room."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: set[str] = set()

    def take(self, name: str, seconds: float) -> bool:
        """Wait until nobody holds ``name``, and hold it; false when ``seconds`` pass first."""
        with self._changed:
            if not self._changed.wait_for(lambda: name not in self._held, seconds):
                return False
            self._held.add(name)
            return True

    def give(self, name: str) -> None:
        with self._changed:
            self._held.discard(name)
            self._changed.notify_all()


def _serve(jobs: queue.SimpleQueue[Job[Any] | None]) -> None:
    while (job := jobs.get()) is not None:
        job.run()
