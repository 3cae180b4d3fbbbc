"""One hypervisor as the driver sees it: its lanes, its connections, and its back-off when it does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import libvirt

from egovcloud.domain.errors import Problem, Transient
from egovcloud.drivers.libvirt import errors
from egovcloud.drivers.libvirt.config import HostConfig
from egovcloud.drivers.libvirt.connection import Line
from egovcloud.drivers.libvirt.lanes import Deadline, Job, Late, NarrowLane, Turns, WideLane
from egovcloud.drivers.libvirt.naming import Naming

T = TypeVar("T")
PROBE_LIMIT = 2.0
GRACE = 0.5
PROBE_AGE = 60.0
BACKOFF_FIRST = 0.5
BACKOFF_MOST = 15.0


@dataclass
class Session:
    """What a piece of work gets: a connection, the host's settings, and the limit that it works under."""

    host: str
    config: HostConfig
    names: Naming
    conn: libvirt.virConnect
    deadline: Deadline
    hook: Callable[[str], None] | None = None
    ready: set[str] = field(default_factory=set)

    def step(self, name: str) -> None:
        """A point between two effects: stops work whose caller has gone; tests kill the work here."""
        if self.hook is not None:
            self.hook(name)
        if self.deadline.passed():
            raise Transient("driver.timeout", host=self.host, limit=self.deadline.limit)

    def until(self, condition: Callable[[], bool], every: float = 0.05) -> bool:
        """Ask again and again until ``condition`` holds; false when the limit passes first."""
        while not condition():
            if self.deadline.passed():
                return False
            time.sleep(min(every, self.deadline.left()))
        return True


class Host:
    """Runs work against one libvirtd and knows whether that is worth trying."""

    def __init__(self, name: str, config: HostConfig, names: Naming, hook: Callable[[str], None] | None) -> None:
        self.name = name
        self.config = config
        self.names = names
        self._hook = hook
        self._narrow = NarrowLane(f"libvirt-{name}")
        self._wide = WideLane(f"libvirt-{name}-long")
        self._lines = {False: Line(config.uri), True: Line(config.uri)}
        self._lock = threading.Lock()
        self._turns = Turns()
        self._wait = 0.0
        self._closed_until = 0.0
        self._probe: Job[None] | None = None

    def call(self, work: Callable[[Session], T], within: float, *, long: bool = False, alone: str = "") -> T:
        """Run ``work`` on a lane. ``Transient`` when it is late or the host is known not to answer.

        Of the calls that name the same object in ``alone``, one runs at a time; they must be long ones.
        """
        return self.wait(self.begin(work, within, long=long, alone=alone), long=long)

    def begin(self, work: Callable[[Session], T], within: float, *, long: bool = False, alone: str = "") -> Job[T]:
        """Put ``work`` on a lane without waiting for it; ``wait`` gives its result."""
        deadline = Deadline(within)
        self._admit(deadline)
        lane = self._wide if long else self._narrow
        return lane.submit(lambda limit: self._run_alone(work, limit, long, alone), deadline)

    def _run_alone(self, work: Callable[[Session], T], deadline: Deadline, long: bool, alone: str) -> T:
        if not alone:
            return self._run(work, deadline, long)
        if not self._turns.take(alone, deadline.left()):
            raise self._late(deadline)
        try:
            return self._run(work, deadline, long)
        finally:
            self._turns.give(alone)

    def wait(self, job: Job[T], *, long: bool = False) -> T:
        """The job's result with libvirt's errors translated."""
        try:
            return job.result()
        except Late as late:
            if late.started:
                self._suspect(stuck=not long)
            raise self._late(job.deadline) from None
        except libvirt.libvirtError as error:
            raise errors.translate(error, self.name) from error

    def _run(self, work: Callable[[Session], T], deadline: Deadline, long: bool) -> T:
        line = self._lines[long]
        try:
            conn = line.get()
        except libvirt.libvirtError as error:
            self._suspect(stuck=False)
            raise _as_unreachable(error, self.name) from error
        return work(Session(self.name, self.config, self.names, conn, deadline, self._hook, line.ready))

    def _suspect(self, *, stuck: bool) -> None:
        """From now on a probe comes before any call; a stuck thread and its connection are left to themselves."""
        with self._lock:
            self._wait = self._wait or BACKOFF_FIRST
        if stuck:
            self._narrow.abandon()
            for line in self._lines.values():
                line.leave_behind()

    def _admit(self, deadline: Deadline) -> None:
        """Let the call through unless the host is suspect, fails its probe or is on back-off since it did.

        The back-off doubles with each failed probe; a call within it fails at once, or after a moment where the last
        probe has no answer yet, for that answer may be just arriving.
        """
        with self._lock:
            if not self._wait:
                return
            closed = time.monotonic() < self._closed_until
            if self._probe is not None and self._probe.deadline.passed():
                self._probe = None  # it may hang on a connection that will never answer again
            if self._probe is None and closed:
                raise self._closed()
            if self._probe is None:
                self._probe = self._wide.submit(self._ask, Deadline(PROBE_AGE))
            probe = self._probe
        answered = probe.wait(min(GRACE if closed else PROBE_LIMIT, deadline.left()))
        with self._lock:
            if answered and self._probe is probe:
                self._probe = None
            if answered and probe.succeeded():
                self._wait = self._closed_until = 0.0
                return
            if not closed:
                self._closed_until = time.monotonic() + self._wait
                self._wait = min(BACKOFF_MOST, self._wait * 2)
            raise self._closed() if answered or closed else self._late(deadline)

    def _ask(self, _deadline: Deadline) -> None:
        conn = self._lines[False].get()
        conn.getLibVersion()

    def _late(self, deadline: Deadline) -> Problem:
        retry = max(BACKOFF_FIRST, self._closed_until - time.monotonic())
        return Transient("driver.timeout", host=self.name, limit=deadline.limit, retry_after=round(retry, 1))

    def _closed(self) -> Problem:
        return Transient(
            "driver.unreachable",
            host=self.name,
            detail="it did not answer the last call",
            retry_after=round(max(0.5, self._closed_until - time.monotonic()), 1),
        )


def _as_unreachable(error: libvirt.libvirtError, host: str) -> Problem:
    problem = errors.translate(error, host)
    if isinstance(problem, Transient) or errors.code(error) in {
        libvirt.VIR_ERR_AUTH_FAILED,
        libvirt.VIR_ERR_ACCESS_DENIED,
        libvirt.VIR_ERR_NO_SUPPORT,
    }:
        return problem
    return Transient("driver.unreachable", host=host, detail=str(problem.params.get("detail", "")), retry_after=2.0)
