"""Processes that work and processes that ask, and the hand that kills and stops them while they do."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from egovcloud.engine.worker import Worker
from egovcloud.store.database import Database
from tests.chaos.deeds import People
from tests.chaos.worker import fork
from tests.world import Inside

LEASE = 2.0
THREADS = 5
PATIENCE = 30  # open operations at which people wait before they ask for more
HELD = text(
    "SELECT count(*) FROM operations WHERE worker = :worker AND lease_until IS NOT NULL"
    " AND state IN ('queued', 'running', 'undoing')"
)


def _quietly(log: Path, job: Callable[[], None]) -> Callable[[], None]:
    """The job with its output in a file, ended when the test's own process is gone."""
    parent = os.getpid()

    def run() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        sys.stdout = sys.stderr = os.fdopen(handle, "w", buffering=1)
        assert os.getppid() == parent
        job()

    return run


def _alone(parent: int) -> bool:
    return os.getppid() != parent


@dataclass
class Crew:
    """Workers by name. The count of each thing that was done to them is in ``kills`` and ``stops``.

    ``warm`` is forked with everything that was compiled for it; ``control`` is the parent's own way to the database.
    """

    warm: Inside
    control: Database
    directory: Path
    pids: dict[str, int] = field(default_factory=dict)
    frozen: dict[str, float] = field(default_factory=dict)  # name → when it may go on
    kills: int = 0
    stops: int = 0
    idle: int = 0
    hired: int = 0

    def hire(self) -> None:
        """One more worker."""
        self.hired += 1
        name = f"worker-{self.hired}"
        parent = os.getpid()

        def job() -> None:
            worker = Worker(self.warm.runner, threads=THREADS, poll_seconds=0.05, name=name)
            worker.start()
            while not _alone(parent):
                time.sleep(0.2)

        self.pids[name] = fork(_quietly(self.directory / "workers.log", job))

    def holds(self, name: str) -> int:
        """How many operations a worker has in hand; certain while it is stopped."""
        with self.control.read() as session:
            return int(session.scalar(HELD, {"worker": name}) or 0)

    def strike(self, dice: random.Random, *, kill: bool) -> bool:
        """Stop a worker that has operations in hand, and kill it or leave it stopped for longer than its lease."""
        awake = [name for name in self.pids if name not in self.frozen]
        if len(awake) < 2 and not kill:
            return False
        if not awake:
            return False
        name = dice.choice(awake)
        pid = self.pids[name]
        os.kill(pid, signal.SIGSTOP)
        os.waitpid(pid, os.WUNTRACED)
        if self.holds(name) == 0:
            os.kill(pid, signal.SIGCONT)
            self.idle += 1
            return False
        if kill:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            del self.pids[name]
            self.kills += 1
            self.hire()
        else:
            self.frozen[name] = time.monotonic() + LEASE * dice.uniform(1.3, 2.5)
            self.stops += 1
        return True

    def thaw(self, *, everyone: bool = False) -> None:
        """Let those go on whose time has come."""
        for name, moment in list(self.frozen.items()):
            if everyone or time.monotonic() >= moment:
                os.kill(self.pids[name], signal.SIGCONT)
                del self.frozen[name]

    def dismiss(self) -> None:
        """The end of all of them."""
        for pid in self.pids.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.pids.clear()


def people(warm: Inside, directory: Path, seed: int, pause: float) -> int:
    """A process of users, who act until the file ``evening`` appears; answers with its id."""
    parent = os.getpid()

    def job() -> None:
        users = People(warm, directory / f"diary-{seed}", seed)
        while not (directory / "evening").exists() and not _alone(parent):
            if len(warm.open_operations()) < PATIENCE:
                users.act()
            time.sleep(users.random.uniform(0, 2 * pause))
        (directory / f"refused-{seed}").write_text(repr(dict(users.refused)))

    return fork(_quietly(directory / f"people-{seed}.log", job))
