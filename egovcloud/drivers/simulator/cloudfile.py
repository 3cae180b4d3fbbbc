"""The file of the simulated cloud as threads and processes share it: one connection a thread, short transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from egovcloud.domain.errors import Transient
from egovcloud.drivers.simulator.schema import LATER

_LOCKS: dict[str, threading.Lock] = {}


def pause(seconds: float) -> None:
    """Let simulated time pass: the only place where this cloud makes its callers wait."""
    if seconds > 0:
        time.sleep(seconds)


class CloudFile:
    """Transactions on the cloud's file. A missing file is a cloud that does not answer, never an empty cloud."""

    def __init__(self, path: Path | str, now: Callable[[], float] = time.time) -> None:
        self.path = Path(path).absolute()
        self.now = now
        self._uri = self.path.as_uri() + "?mode=rw"
        self._local = threading.local()
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = _LOCKS.setdefault(f"{self._pid}:{self.path}", threading.Lock())

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, made anew after a fork and when another file took the place of this one."""
        if self._pid != os.getpid():
            self._reset()
        try:
            inode = os.stat(self.path).st_ino
        except OSError as error:
            raise self._unreachable(error.strerror or str(error)) from None
        mine: tuple[int, int, sqlite3.Connection] | None = getattr(self._local, "mine", None)
        if mine is None or mine[0] != self._pid or mine[1] != inode:
            try:
                connection = sqlite3.connect(self._uri, uri=True, isolation_level=None, cached_statements=256)
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA synchronous=OFF")  # outlives a killed process; power loss is not simulated
                for statement in LATER:
                    connection.execute(statement)
                connection.execute("PRAGMA wal_autocheckpoint=4000")  # rarely, since each one stops a writer
            except sqlite3.Error as error:
                raise self._unreachable(str(error)) from None
            self._local.mine = mine = (self._pid, inode, connection)
        return mine[2]

    def _unreachable(self, detail: str) -> Transient:
        return Transient("driver.unreachable", host=self.path.name, detail=detail)

    def value(self, key: str) -> str:
        """One value of the cloud's own settings."""
        try:
            return str(self.connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])
        except (sqlite3.Error, TypeError) as error:
            raise self._unreachable(str(error)) from None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view; writers do not hold it up."""
        connection = self.connection()
        try:
            connection.execute("BEGIN")
            yield connection
        except sqlite3.Error as error:
            raise self._unreachable(str(error)) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self, host: str = "", limit: float = 30.0) -> Iterator[sqlite3.Connection]:
        """All or nothing, one writer at a time; ``Transient`` when the turn does not come within ``limit`` seconds.

        Threads queue on a lock of their process, because SQLite's own waiting between connections is a slow poll.
        """
        connection = self.connection()
        start = time.monotonic()
        lock = self._lock
        if not lock.acquire(timeout=max(0.0, limit)):
            raise Transient("driver.timeout", host=host, limit=limit)
        try:
            left = max(0.0, limit - (time.monotonic() - start))
            connection.execute("PRAGMA busy_timeout=" + str(int(left * 1000)))
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise Transient("driver.timeout", host=host, limit=limit) from None
            raise self._unreachable(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise self._unreachable(str(error)) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            lock.release()
