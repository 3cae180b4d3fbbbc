"""The one door to the database: SQLite (WAL) on one machine, PostgreSQL in a centre."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

IDLE = 1.0  # seconds after which a pooled connection is asked whether it still lives
PATIENCE = 8.0  # seconds


class Database:
    """Sessions on one database. ``url`` is an SQLAlchemy URL; safe to use from many threads.

    ``patience`` (seconds, at least 2) is how long a silent network is waited for before a connection counts as lost,
    at either end, and how long a thread waits for a free connection.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 32, patience: float = PATIENCE) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 16}
        if self.sqlite:
            _own_file(self.url.database)
            options["connect_args"] = {"timeout": 30, "check_same_thread": False}
        else:
            options["connect_args"] = _watched(patience)
            options["pool_timeout"] = patience
        self.engine = create_engine(self.url, **options)
        # SQLite has one writer: waiting in line here costs less than its busy loop.
        self._line = threading.Lock() if self.sqlite else None
        if self.sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "checkin", _rested)
            event.listen(self.engine, "checkout", partial(_awake, self.engine))
        self._writers = sessionmaker(self.engine, expire_on_commit=False)
        # On PostgreSQL every statement of a transaction sees what is committed by then, so that a reader gains nothing
        # from one: without it a read saves two round trips. On SQLite it is what gives a reader its snapshot.
        reading = {"egov_read": True} if self.sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._readers = sessionmaker(self.engine.execution_options(**reading), expire_on_commit=False, autoflush=False)

    @contextmanager
    def unit(self) -> Iterator[Session]:
        """One unit of work: commits when the block ends, changes nothing when it raises."""
        with self._line or nullcontext(), self._writers() as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """For reading alone: nothing that is changed through it is ever flushed."""
        with self._readers() as session:
            yield session

    def analyze(self) -> None:
        """Let SQLite sample how its tables have grown, which its plans depend on; PostgreSQL does so by itself."""
        if self.sqlite:
            with self.unit() as session:
                session.execute(text("PRAGMA analysis_limit = 400"))
                session.execute(text("ANALYZE"))

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def unavailable(error: BaseException) -> bool:
    """Whether ``error`` says that the database could not be reached or broke off, so that the same may work later."""
    if isinstance(error, DBAPIError):
        return isinstance(error, OperationalError) or error.connection_invalidated
    return isinstance(error, PoolTimeout)


def _watched(patience: float) -> dict[str, Any]:
    """Connections that both ends give up when the network between them falls silent.

    A host that loses its network or its power closes nothing. TCP would wait a quarter of an hour for what it has sent
    and two hours where it has nothing to send; meanwhile the client hangs, and the server keeps the row locks of a
    transaction whose owner is gone, and with them the event stream, which waits for every transaction to settle.
    """
    probes = {"keepalives_idle": max(1, round(patience / 4)), "keepalives_interval": max(1, round(patience / 4))}
    silence = round(patience * 1000)  # TCP_USER_TIMEOUT (RFC 5482) ends waiting for an answer to data and to probes
    server: dict[str, Any] = {f"tcp_{name}": value for name, value in probes.items()} | {"tcp_user_timeout": silence}
    # A process that was stopped is not silent: its kernel answers probes. It must not hold row locks for long either.
    server |= {"idle_in_transaction_session_timeout": 15000, "timezone": "UTC"}
    return {
        **probes,
        "keepalives_count": 3,
        "tcp_user_timeout": silence,
        "connect_timeout": max(2, round(patience / 2)),  # seconds; libpq takes no less than 2
        "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
    }


def _own_file(path: str | None) -> None:
    """A database file is its owner's alone; SQLite gives its side files the same mode."""
    if path and path != ":memory:" and not os.path.exists(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _rested(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["rested"] = time.monotonic()


def _awake(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that lay idle whether it still lives; when it does not, the pool makes all of them anew."""
    if time.monotonic() - record.info.get("rested", time.monotonic()) < IDLE:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error  # what ended this one ended the others: nobody needs to wait for each


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # this module says when a transaction begins
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read = connection.get_execution_options().get("egov_read")
    # A writer takes its lock at once: a reader that turns writer half-way would fail with "database is locked".
    connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")
