"""A PostgreSQL of the tests' own: started in a temporary directory by an unprivileged user, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

BIN = Path("/usr/lib/postgresql/15/bin")
USER = "egov"
MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30  # bytes: the log alone may grow to one of them


class Cluster:
    """One cluster that listens on a unix socket alone. Durability is off: it dies with the tests.

    For hosts of the tests' own it runs ``within`` their network (a command that puts another one there, as root), and
    listens there at the address ``listen`` too; whoever reaches that address comes in.
    """

    def __init__(self, *, within: Sequence[str] = (), listen: str = "") -> None:
        missing = [name for name in ("initdb", "pg_ctl", "postgres") if not (BIN / name).exists()]
        if missing:
            raise RuntimeError(f"{BIN} lacks {', '.join(missing)}; install Debian's postgresql-15")
        self._in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
        home = MEMORY if self._in_memory else Path("/tmp")  # a socket's path is short
        self.directory = Path(tempfile.mkdtemp(prefix="egov-pg-", dir=home))
        self._as: dict[str, object] = {}
        self._within: list[str] = []
        self._listen = listen
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            if within:
                become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
                self._as, self._within = {}, [*within, *become]
        self._count = 0

    def __enter__(self) -> Self:
        data = self.directory / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        if self._listen:
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")
        options = (
            f"-c listen_addresses={self._listen} -c unix_socket_directories={self.directory} "
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off "
            "-c max_connections=200 -c shared_buffers=64MB"
        )
        log = str(self.directory / "log")
        self._run("pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", log, "-o", options, "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database in this cluster."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.directory}"

    def url_from_afar(self, database: str) -> str:
        """The same for hosts that reach the address at which it listens."""
        return f"postgresql+psycopg://{USER}@{self._listen}/{database}"

    def create(self, template: str | None = None) -> str:
        """A new database, as a copy of ``template`` where given; returns its name."""
        self._count += 1
        name = f"egov_{self._count}"
        if template:
            self._create(name, template)
        else:
            self._execute(f'CREATE DATABASE "{name}"')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def restore(self, name: str, template: str) -> None:
        """Make ``name`` a copy of ``template`` again."""
        self.drop(name)
        self._create(name, template)

    def _create(self, name: str, template: str) -> None:
        # To copy the files is the slow way on a disk, where it ends with a checkpoint, and the fast one in memory.
        how = "FILE_COPY" if self._in_memory else "WAL_LOG"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {how}')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.directory), user=USER, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file: the server inherits it, and a pipe would never close.
        with (self.directory / f"{program}.out").open("wb") as output:
            subprocess.run(  # type: ignore[call-overload]
                [*self._within, str(BIN / program), *arguments],
                check=True,
                cwd=self.directory,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                **self._as,
            )
