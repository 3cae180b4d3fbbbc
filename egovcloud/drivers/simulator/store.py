"""Object storage of the simulated cloud: in the same file as its machines, with the same faults and the same log."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from egovcloud.domain.errors import Conflict, Invalid, NotFound, Unsupported
from egovcloud.drivers.objects import (
    PAGE,
    AccessKey,
    BucketFacts,
    BucketSpec,
    Names,
    ObjectCapability,
    ObjectFacts,
    ObjectPage,
    OwnedBucket,
    OwnedKey,
    Part,
    StoreAddress,
    UnmanagedBucket,
    Usage,
)
from egovcloud.drivers.simulator import buckets
from egovcloud.drivers.simulator.buckets import PIECE
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.cloudfile import CloudFile

HOST = "objects"  # what fault switches and the log call the endpoint
BATCH = 500


class SimulatorStore:
    """``SimulatorStore(installation, path)`` on a file made by ``create_cloud``; it outlives the control plane.

    It has no address of its own that a browser could reach, so that it gives no temporary ones.
    """

    kind = "simulator"
    capabilities = frozenset(ObjectCapability) - {ObjectCapability.TEMPORARY_URL}
    address: StoreAddress | None = None

    def __init__(self, installation: str, path: Path | str) -> None:
        self._cloud = CloudFile(path)
        self._owner = installation
        self._names = Names(installation)
        self._ready = False

    def _call(self, name: str, our_id: str, within: float, *, mutates: bool = False) -> Call:
        return Call(self._cloud, self._owner, name, (HOST,), our_id, within, mutates)

    @contextmanager
    def _read(self, name: str, bucket_id: str, within: float) -> Iterator[sqlite3.Connection]:
        with self._call(name, bucket_id, within) as call:
            self._prepare()
            if bucket_id:
                self._expire(bucket_id)
            with call.read() as tx:
                yield tx

    @contextmanager
    def _write(self, name: str, bucket_id: str, within: float) -> Iterator[sqlite3.Connection]:
        with self._call(name, bucket_id, within, mutates=True) as call:
            self._prepare()
            call.external_id = self._names.of(bucket_id)
            with call.write() as tx:
                yield tx

    def _prepare(self) -> None:
        if not self._ready:
            with self._cloud.write() as tx:
                buckets.prepare(tx)
            self._ready = True

    def _expire(self, bucket_id: str) -> None:
        with self._cloud.read() as tx:
            row = buckets.row_of(tx, self._names.of(bucket_id))
        if row is not None and row["days"] is not None:
            with self._cloud.write() as tx:
                buckets.expire(tx, row, self._cloud.now())

    # -- buckets ---------------------------------------------------------------------------------------------------
    def create_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        name = self._names.of(spec.id)
        with self._write("create_bucket", spec.id, within) as tx:
            buckets.write(tx, name, spec, self._cloud.now())
            return buckets.facts(spec.id, buckets.require(tx, name))

    def configure_bucket(self, spec: BucketSpec, *, within: float) -> BucketFacts:
        name = self._names.of(spec.id)
        with self._write("configure_bucket", spec.id, within) as tx:
            buckets.require(tx, name)
            buckets.write(tx, name, spec, self._cloud.now())
            return buckets.facts(spec.id, buckets.require(tx, name))

    def observe_bucket(self, bucket_id: str, *, within: float) -> BucketFacts | None:
        with self._read("observe_bucket", bucket_id, within) as tx:
            row = buckets.row_of(tx, self._names.of(bucket_id))
            return buckets.facts(bucket_id, row) if row else None

    def empty_bucket(self, bucket_id: str, *, within: float) -> bool:
        name = self._names.of(bucket_id)
        with self._write("empty_bucket", bucket_id, within) as tx:
            tx.execute(
                "DELETE FROM bucket_parts WHERE upload IN (SELECT id FROM bucket_uploads WHERE bucket = ?)", (name,)
            )
            tx.execute("DELETE FROM bucket_uploads WHERE bucket = ?", (name,))
            found = tx.execute("SELECT seq FROM bucket_objects WHERE bucket = ? LIMIT ?", (name, BATCH)).fetchall()
            buckets.drop(tx, [one[0] for one in found])
            return not buckets.holds(tx, name)

    def delete_bucket(self, bucket_id: str, *, within: float) -> None:
        name = self._names.of(bucket_id)
        with self._write("delete_bucket", bucket_id, within) as tx:
            if buckets.holds(tx, name):
                raise Conflict("bucket.not_empty", id=bucket_id)
            tx.execute("DELETE FROM bucket_keys WHERE bucket = ?", (name,))
            tx.execute("DELETE FROM bucket_uploads WHERE bucket = ?", (name,))
            tx.execute("DELETE FROM buckets WHERE name = ?", (name,))

    def usage(self, bucket_id: str, *, within: float) -> Usage:
        with self._read("usage", bucket_id, within) as tx:
            return buckets.usage(tx, buckets.require(tx, self._names.of(bucket_id))["name"])

    def list_owned(self, *, within: float) -> Sequence[OwnedBucket]:
        return [OwnedBucket(id_, name) for name in self._all(within) if (id_ := self._names.id_of(name))]

    def list_unmanaged(self, *, within: float) -> Sequence[UnmanagedBucket]:
        return [UnmanagedBucket(name) for name in self._all(within) if self._names.id_of(name) is None]

    def _all(self, within: float) -> list[str]:
        with self._read("list_buckets", "", within) as tx:
            return [row[0] for row in tx.execute("SELECT name FROM buckets ORDER BY name")]

    # -- objects ---------------------------------------------------------------------------------------------------
    def list_objects(
        self, bucket_id: str, *, prefix: str, after: str | None, limit: int, deep: bool, within: float
    ) -> ObjectPage:
        """``next`` is the last key or prefix that was told."""
        with self._read("list_objects", bucket_id, within) as tx:
            name = buckets.require(tx, self._names.of(bucket_id))["name"]
            found: list[ObjectFacts] = []
            prefixes: list[str] = []
            # What lies below a prefix that was told is passed over: no character sorts behind this one.
            here = (after + "\U0010ffff" if after.endswith("/") else after) if after else ""
            while len(found) + len(prefixes) < min(limit, PAGE):
                row = tx.execute(
                    "SELECT * FROM bucket_objects WHERE bucket = ? AND current = 1 AND key > ?"
                    " AND substr(key, 1, length(?)) = ? ORDER BY key LIMIT 1",
                    (name, here, prefix, prefix),
                ).fetchone()
                if row is None:
                    return ObjectPage(tuple(found), tuple(prefixes))
                below, slash, _ = row["key"][len(prefix) :].partition("/")
                if slash and not deep:
                    prefixes.append(prefix + below + "/")
                    last, here = prefixes[-1], prefixes[-1] + "\U0010ffff"
                else:
                    found.append(buckets.told(row))
                    last = here = row["key"]
            return ObjectPage(tuple(found), tuple(prefixes), last)

    def stat_object(self, bucket_id: str, key: str, *, within: float) -> ObjectFacts | None:
        with self._read("stat_object", bucket_id, within) as tx:
            row = buckets.current(tx, self._names.of(bucket_id), key)
            return buckets.told(row) if row else None

    def put_object(
        self, bucket_id: str, key: str, data: BinaryIO, size: int, content_type: str, *, within: float
    ) -> None:
        with self._write("put_object", bucket_id, within) as tx:
            row = buckets.require(tx, self._names.of(bucket_id))
            seq = buckets.enter(tx, row, key, size, content_type, self._cloud.now())
            _store(tx, seq, data, size)

    def get_object(
        self, bucket_id: str, key: str, *, start: int = 0, length: int | None = None, within: float
    ) -> Iterator[bytes]:
        with self._read("get_object", bucket_id, within) as tx:
            row = buckets.current(tx, self._names.of(bucket_id), key)
        if row is None:
            raise NotFound("object.absent", key=key)
        end = row["size"] if length is None else min(row["size"], start + length)
        return self._pieces(row["seq"], row["size"], start, end)

    def _pieces(self, seq: int, size: int, start: int, end: int) -> Iterator[bytes]:
        for number in range(start // PIECE, -(-end // PIECE)):
            with self._cloud.read() as tx:
                row = tx.execute("SELECT data FROM bucket_pieces WHERE object = ? AND number = ?", (seq, number))
                found = row.fetchone()
            # What was made without its bytes (a demo's archives) reads as a hole in a file does.
            data: bytes = found[0] if found else bytes(min(PIECE, size - number * PIECE))
            yield data[max(0, start - number * PIECE) : end - number * PIECE]

    def delete_object(self, bucket_id: str, key: str, *, within: float) -> None:
        with self._write("delete_object", bucket_id, within) as tx:
            row = buckets.require(tx, self._names.of(bucket_id))
            buckets.retire(tx, row, buckets.current(tx, row["name"], key))

    # -- uploads in parts --------------------------------------------------------------------------------------------
    def begin_upload(self, bucket_id: str, key: str, content_type: str, *, within: float) -> str:
        upload = str(uuid.uuid4())
        with self._write("begin_upload", bucket_id, within) as tx:
            name = buckets.require(tx, self._names.of(bucket_id))["name"]
            tx.execute(
                "INSERT INTO bucket_uploads (id, bucket, key, type) VALUES (?, ?, ?, ?)",
                (upload, name, key, content_type),
            )
        return upload

    def put_part(
        self, bucket_id: str, key: str, upload: str, number: int, data: BinaryIO, size: int, *, within: float
    ) -> Part:
        content = data.read(size)
        tag = hashlib.sha256(content).hexdigest()[:32]
        with self._write("put_part", bucket_id, within) as tx:
            found = self._upload(tx, bucket_id, key, upload)
            if found is None or found["object"] is not None:
                raise NotFound("upload.absent", key=key)
            tx.execute("INSERT OR REPLACE INTO bucket_parts VALUES (?, ?, ?, ?)", (upload, number, tag, content))
        return Part(number, tag)

    def complete_upload(
        self, bucket_id: str, key: str, upload: str, parts: Sequence[Part], *, within: float
    ) -> ObjectFacts:
        with self._write("complete_upload", bucket_id, within) as tx:
            row = buckets.require(tx, self._names.of(bucket_id))
            found = self._upload(tx, bucket_id, key, upload)
            before = buckets.current(tx, row["name"], key)
            if found is None or (found["object"] is not None and before is None):
                raise NotFound("upload.absent", key=key)
            if found["object"] is None:
                seq = self._join(tx, row, key, found, parts)
                tx.execute("UPDATE bucket_uploads SET object = ? WHERE id = ?", (seq, upload))
                tx.execute("DELETE FROM bucket_parts WHERE upload = ?", (upload,))
            made = buckets.current(tx, row["name"], key)
            assert made is not None
            return buckets.told(made)

    def _join(
        self, tx: sqlite3.Connection, row: sqlite3.Row, key: str, found: sqlite3.Row, parts: Sequence[Part]
    ) -> int:
        sizes = dict(
            tx.execute(
                "SELECT number || tag, length(data) FROM bucket_parts WHERE upload = ?", (found["id"],)
            ).fetchall()
        )
        if not parts or any(f"{part.number}{part.tag}" not in sizes for part in parts):
            raise Invalid("driver.failed", host=HOST, detail="a part is missing")
        total = sum(sizes[f"{part.number}{part.tag}"] for part in parts)
        seq = buckets.enter(tx, row, key, total, found["type"], self._cloud.now())
        rest, piece = b"", 0
        for part in sorted(parts, key=lambda one: one.number):
            statement = "SELECT data FROM bucket_parts WHERE upload = ? AND number = ?"
            rest += tx.execute(statement, (found["id"], part.number)).fetchone()[0]
            while len(rest) >= PIECE:
                tx.execute("INSERT INTO bucket_pieces VALUES (?, ?, ?)", (seq, piece, rest[:PIECE]))
                rest, piece = rest[PIECE:], piece + 1
        if rest:
            tx.execute("INSERT INTO bucket_pieces VALUES (?, ?, ?)", (seq, piece, rest))
        return seq

    def abort_upload(self, bucket_id: str, key: str, upload: str, *, within: float) -> None:
        with self._write("abort_upload", bucket_id, within) as tx:
            if self._upload(tx, bucket_id, key, upload) is not None:
                tx.execute("DELETE FROM bucket_parts WHERE upload = ?", (upload,))
                tx.execute("DELETE FROM bucket_uploads WHERE id = ?", (upload,))

    def _upload(self, tx: sqlite3.Connection, bucket_id: str, key: str, upload: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = tx.execute(
            "SELECT * FROM bucket_uploads WHERE id = ? AND bucket = ? AND key = ?",
            (upload, self._names.of(bucket_id), key),
        ).fetchone()
        return row

    # -- ways around us ----------------------------------------------------------------------------------------------
    def temporary_url(self, bucket_id: str, key: str, method: str, seconds: int, *, within: float) -> str:
        raise Unsupported("driver.unsupported", capability=ObjectCapability.TEMPORARY_URL.value)

    def create_key(self, bucket_id: str, key_id: str, *, writes: bool, within: float) -> AccessKey:
        made = AccessKey(f"SIM{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        with self._write("create_key", bucket_id, within) as tx:
            name = buckets.require(tx, self._names.of(bucket_id))["name"]
            values = (key_id, name, made.id, made.secret, int(writes))
            tx.execute("INSERT OR REPLACE INTO bucket_keys VALUES (?, ?, ?, ?, ?)", values)
        return made

    def delete_key(self, key_id: str, *, within: float) -> None:
        with self._call("delete_key", key_id, within, mutates=True) as call:
            self._prepare()
            with call.write() as tx:
                row = tx.execute("SELECT bucket FROM bucket_keys WHERE id = ?", (key_id,)).fetchone()
                if row is not None and self._names.id_of(row["bucket"]):
                    tx.execute("DELETE FROM bucket_keys WHERE id = ?", (key_id,))

    def list_keys(self, *, within: float) -> Sequence[OwnedKey]:
        with self._read("list_keys", "", within) as tx:
            rows = tx.execute("SELECT id, bucket, access FROM bucket_keys ORDER BY id").fetchall()
        return [OwnedKey(row["id"], row["access"]) for row in rows if self._names.id_of(row["bucket"])]


def _store(tx: sqlite3.Connection, seq: int, data: BinaryIO, size: int) -> None:
    number, left = 0, size
    while left > 0:
        piece = data.read(min(PIECE, left))
        if not piece:
            raise Invalid("driver.failed", host=HOST, detail="the data ended early")
        tx.execute("INSERT INTO bucket_pieces VALUES (?, ?, ?)", (seq, number, piece))
        number, left = number + 1, left - len(piece)
