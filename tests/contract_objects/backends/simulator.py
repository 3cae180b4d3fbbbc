"""The simulated endpoint under the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from egovcloud.drivers.objects import ObjectCapability, ObjectStore
from egovcloud.drivers.simulator import Faults, SimHost, SimulatorStore, create_cloud
from tests.contract_objects.adapter import Endpoint

CAPABILITIES = frozenset(ObjectCapability) - {ObjectCapability.TEMPORARY_URL}


class Simulated(Endpoint):
    """Behind the store's back through the file itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store: ObjectStore = SimulatorStore("contract", path)

    def other(self) -> ObjectStore:
        return SimulatorStore("another installation", self.path)

    def _do(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            for statement, values in statements:
                connection.execute(statement, values)

    def plant(self, name: str) -> None:
        self._do(
            ("INSERT INTO buckets VALUES (?, 'stray', NULL, 0, NULL, '', 0)", (name,)),
            ("INSERT INTO bucket_objects VALUES (NULL, ?, 'kept', 4, 0, '', 1)", (name,)),
            ("INSERT INTO bucket_pieces SELECT seq, 0, 'kept' FROM bucket_objects WHERE bucket = ?", (name,)),
        )

    def planted(self, name: str) -> bytes | None:
        with closing(sqlite3.connect(self.path, timeout=10)) as connection:
            row = connection.execute(
                "SELECT data FROM bucket_pieces JOIN bucket_objects ON seq = object WHERE bucket = ?", (name,)
            ).fetchone()
        return str(row[0]).encode() if row else None

    def uproot(self, name: str) -> None:
        doomed = "SELECT seq FROM bucket_objects WHERE bucket = ?"
        self._do(
            (f"DELETE FROM bucket_pieces WHERE object IN ({doomed})", (name,)),
            ("DELETE FROM bucket_objects WHERE bucket = ?", (name,)),
            ("DELETE FROM buckets WHERE name = ?", (name,)),
        )

    @contextmanager
    def hanging(self) -> Iterator[None]:
        faults = Faults(self.path)
        faults.hang("objects")
        try:
            yield
        finally:
            faults.release("objects")

    def reads(self, access: str, secret: str, bucket: str, key: str) -> bytes | None:
        with closing(sqlite3.connect(self.path, timeout=10)) as connection:
            row = connection.execute(
                "SELECT 1 FROM bucket_keys JOIN buckets ON name = bucket WHERE access = ? AND secret = ? AND name = ?",
                (access, secret, bucket),
            ).fetchone()
        found = next((one for one in self.store.list_owned(within=5) if one.external_id == bucket), None)
        return self.get(found.id, key) if row and found else None


@contextmanager
def open_endpoint(directory: Path) -> Iterator[Endpoint]:
    """A fresh file in ``directory``."""
    path = directory / "cloud.sqlite"
    create_cloud(path, [SimHost("sim-a")])
    yield Simulated(path)
