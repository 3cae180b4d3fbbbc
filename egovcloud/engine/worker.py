"""A worker: claims what is due, runs it on a pool of threads, and keeps its leases alive while it lives."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from egovcloud.domain.ids import new_id
from egovcloud.engine.claims import Claim, claim, due, renew
from egovcloud.engine.leash import Leash, seconds
from egovcloud.engine.runner import AWAY_SECONDS, Runner
from egovcloud.store.database import unavailable

log = structlog.get_logger()


def worker_name() -> str:
    """Unique for every start of every process, so that a restarted worker is not taken for the one that died."""
    return f"{socket.gethostname()[:20]}/{os.getpid()}/{new_id()[-8:]}"


@dataclass
class Worker:
    """Run with ``start`` and ``stop``; ``wake`` makes it look for work at once instead of at the next poll."""

    runner: Runner
    threads: int = 16
    poll_seconds: float = 0.1
    name: str = field(default_factory=worker_name)

    def __post_init__(self) -> None:
        self.renewal_seconds = self.runner.lease_seconds / 3
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Claim, Leash]] = {}
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="operation")
        self._loops = [
            threading.Thread(target=self._claim_loop, name="claims", daemon=True),
            threading.Thread(target=self._lease_loop, name="leases", daemon=True),
        ]

    def start(self) -> None:
        """Begin to claim; returns at once."""
        for loop in self._loops:
            loop.start()

    def wake(self) -> None:
        """There may be work now."""
        self._wake.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Claim nothing more, let running steps end, and return; leases that remain expire by themselves."""
        self._stop.set()
        self._wake.set()
        for loop in self._loops:
            loop.join(timeout)
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def busy(self) -> int:
        """Operations in hand."""
        with self._lock:
            return len(self._held)

    def _claim_loop(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                found = self._claim_some()
            except SQLAlchemyError as error:
                if unavailable(error):
                    log.warning("claiming failed", error=type(error).__name__)
                else:
                    log.exception("claiming failed")
                self._stop.wait(AWAY_SECONDS)
                continue
            if not found:
                self._wake.wait(self.poll_seconds)

    def _claim_some(self) -> int:
        with self._lock:
            free = self.threads - len(self._held)
            mine = list(self._held)
        if free <= 0:
            return 0
        since, now = seconds(), self.runner.clock()
        if not due(self.runner.database, now=now, exclude=mine):
            return 0
        claims = claim(
            self.runner.database,
            self.name,
            free,
            now=now,
            lease_seconds=self.runner.lease_seconds,
            exclude=mine,
        )
        for held in claims:
            leash = Leash(self.runner.lease_seconds, since)
            with self._lock:
                self._held[held.operation_id] = held, leash
            self._pool.submit(self.runner.run, held, leash, self._pause).add_done_callback(self._done(held))
        return len(claims)

    def _done(self, held: Claim) -> Callable[[Future[None]], None]:
        def forget(future: Future[None]) -> None:
            with self._lock:
                self._held.pop(held.operation_id, None)
            problem = future.exception() if not future.cancelled() else None
            if problem is not None:
                # The lease runs out and the operation is claimed again; nothing is lost but time.
                log.error("operation left to its lease", operation=held.operation_id, exc_info=problem)
            self._wake.set()

        return forget

    def _pause(self, duration: float) -> bool:
        """Wait; false when the process wants to end."""
        return not self._stop.wait(duration)

    def _lease_loop(self) -> None:
        while not self._stop.wait(self.renewal_seconds):
            with self._lock:
                held = list(self._held.values())
            if not held:
                continue
            claims, since = [mine for mine, _ in held], seconds()
            try:
                lost = renew(
                    self.runner.database, claims, now=self.runner.clock(), lease_seconds=self.runner.lease_seconds
                )
            except SQLAlchemyError as error:
                # Each leash runs out by itself.
                log.warning("renewing leases failed", error=type(error).__name__)
                continue
            for mine, leash in held:
                if mine in lost:
                    leash.cut()
                else:
                    leash.extend(since)
