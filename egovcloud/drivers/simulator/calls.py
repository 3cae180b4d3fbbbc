"""A call on its way to the simulated cloud and back: limits, faults, latency, and the log of what changed."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from egovcloud.domain.errors import KINDS, Problem, Transient
from egovcloud.drivers.base import OwnedKind
from egovcloud.drivers.simulator import faults
from egovcloud.drivers.simulator.cloudfile import CloudFile, pause
from egovcloud.drivers.simulator.find import first

_POLL = 0.02
_LOG_LIMIT = 0.2  # a caller whose limit has passed waits no longer than this for its entry in the log
_LOG = "INSERT INTO calls (at, pid, call, host, our_id, external_id, answer, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class Call:
    """One call. Entering it passes the host's faults; ``read`` and ``write`` reach the cloud; leaving is the answer.

    Half of the latency lies before the effect and half after it, so that a process which is killed in between leaves
    the effect behind without having seen the answer.
    """

    def __init__(
        self, cloud: CloudFile, owner: str, name: str, hosts: tuple[str, ...], our_id: str, within: float, mutates: bool
    ) -> None:
        self.cloud = cloud
        self.owner = owner
        self.name = name
        self.hosts = hosts
        self.our_id = our_id
        self.within = within
        self.mutates = mutates
        self.external_id = ""
        self.now = 0.0
        self._deadline = time.monotonic() + within
        self._half: float | None = None
        self._logged: int | None = None
        self._seen: str | None = None

    @property
    def host(self) -> str:
        return self.hosts[0] if self.hosts else ""

    def __enter__(self) -> Self:
        try:
            self.faults = self._reach()
            self._inject()
        except Problem as problem:
            self._log_failure(problem)
            raise
        self._half = self.faults.delay(self.name) / 2
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            if isinstance(error, Problem):
                self._log_failure(error)
            return
        try:
            if self._way:
                self._wait(self._way)
                self._reach()
            self._lose()
        except Transient:
            if self._logged is not None:
                with suppress(Problem), self.cloud.write(self.host, _LOG_LIMIT) as tx:
                    tx.execute("UPDATE calls SET answer = 'lost' WHERE seq = ?", (self._logged,))
            raise

    _way = 0.0

    def left(self) -> float:
        """Seconds until the limit passes."""
        return self._deadline - time.monotonic()

    def _travel(self) -> None:
        """The way there, once a call."""
        if self._half:
            self._way, self._half = self._half, None
            self._wait(self._way)
        if time.monotonic() >= self._deadline:
            raise self._timeout()

    def _timeout(self) -> Transient:
        return Transient("driver.timeout", host=self.host, limit=self.within)

    def _wait(self, seconds: float) -> None:
        left = self._deadline - time.monotonic()
        pause(min(seconds, max(0.0, left)))
        if seconds >= left:
            raise self._timeout()

    def _reach(self) -> faults.FaultState:
        """Wait while a host hangs; the switches as they stand when it answers."""
        while True:
            state = faults.current(self.cloud)
            for host in self.hosts:
                if host in state.unreachable:
                    raise Transient("driver.unreachable", host=host, detail="connection refused")
            if not any(host in state.hung for host in self.hosts):
                return state
            self._wait(_POLL)

    def _strikes(self, rule: faults.Rule) -> bool:
        """Whether this rule meets this call, by its rate and the times that it has left."""
        if not rule.fits(self.name, self.hosts) or random.random() >= rule.rate:  # noqa: S311 no secret
            return False
        return rule.times is None or faults.Faults(self.cloud.path).take(rule)

    def _inject(self) -> None:
        for rule in self.faults.rules:
            if rule.kind != faults.LOST and self._strikes(rule):
                raise KINDS[rule.kind]("driver.failed", host=self.host, detail="injected by a fault switch")

    def _lose(self) -> None:
        for rule in self.faults.rules:
            if rule.kind == faults.LOST and self.mutates and self._strikes(rule):
                raise Transient("driver.unreachable", host=self.host, detail="the connection broke")

    def look(self, kind: OwnedKind, our_id: str, scope: Callable[[sqlite3.Connection], str]) -> None:
        """Search for our mark before a creation, where the cloud itself would take a second object of that mark.

        The answer is as old as the way to the cloud is long: two creations at once make two objects, as with Nova.
        """
        if self.faults.duplicate_creation:
            with self.cloud.read() as tx:
                self._seen = first(tx, kind, self.owner, our_id, scope(tx), self.cloud.now())

    def known(self, tx: sqlite3.Connection, kind: OwnedKind, our_id: str, scope: str) -> str | None:
        """The external id of the object that already bears our mark, at the moment of a creation."""
        if self.faults.duplicate_creation:
            return self._seen
        return first(tx, kind, self.owner, our_id, scope, None)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Ask the cloud."""
        self._travel()
        self.now = self.cloud.now()
        with self.cloud.read() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Change the cloud; the log entry is part of the same transaction."""
        self._travel()
        with self.cloud.write(self.host, self._deadline - time.monotonic()) as tx:
            before = tx.total_changes
            self.now = self.cloud.now()
            yield tx
            logged = self._log(tx, "ok", tx.total_changes > before)
        self._logged = logged

    def _log(self, tx: sqlite3.Connection, answer: str, changed: bool) -> int | None:
        entry = (
            self.cloud.now(),
            os.getpid(),
            self.name,
            self.host,
            self.our_id,
            self.external_id,
            answer,
            int(changed),
        )
        return tx.execute(_LOG, entry).lastrowid

    def _log_failure(self, problem: Problem) -> None:
        """Best effort, since a cloud that does not answer cannot log either."""
        if self.mutates and self._logged is None:
            with suppress(Problem), self.cloud.write(self.host, _LOG_LIMIT) as tx:
                self._log(tx, f"{problem.kind} {problem.code}", False)
