"""Buckets of the simulated cloud as they lie in its file, and what every call about them shares.

Old versions of an object stay as rows that are not current. Expiry happens when somebody looks: nothing here runs by
itself, and nobody can tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from egovcloud.domain.errors import NotFound, QuotaExceeded
from egovcloud.drivers.objects import BucketFacts, BucketSpec, ObjectFacts, Usage

DAY = 86_400
PIECE = 256 * 1024

SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, quota INTEGER, versioning INTEGER NOT NULL, days INTEGER,
    prefix TEXT NOT NULL, created_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_objects (
    seq INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, modified REAL NOT NULL,
    type TEXT NOT NULL, current INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS bucket_objects_by_key ON bucket_objects (bucket, key) WHERE current = 1;
CREATE INDEX IF NOT EXISTS bucket_objects_by_bucket ON bucket_objects (bucket, current);
CREATE TABLE IF NOT EXISTS bucket_pieces (
    object INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (object, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, object INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, tag TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (upload, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_keys (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, access TEXT NOT NULL, secret TEXT NOT NULL, writes INTEGER NOT NULL
) WITHOUT ROWID;
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Add the tables to a cloud that was made before there were buckets."""
    for statement in SCHEMA.split(";"):
        connection.execute(statement)


def row_of(tx: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = tx.execute("SELECT * FROM buckets WHERE name = ?", (name,)).fetchone()
    return row


def require(tx: sqlite3.Connection, name: str) -> sqlite3.Row:
    """``NotFound("bucket.absent")`` without the bucket."""
    row = row_of(tx, name)
    if row is None:
        raise NotFound("bucket.absent", id=name)
    return row


def facts(bucket_id: str, row: sqlite3.Row) -> BucketFacts:
    return BucketFacts(bucket_id, row["name"], row["quota"], bool(row["versioning"]), row["days"], row["prefix"])


def write(tx: sqlite3.Connection, name: str, spec: BucketSpec, now: float) -> None:
    """Make it, or let it be as the specification says."""
    tx.execute(
        "INSERT INTO buckets (name, title, quota, versioning, days, prefix, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET title = excluded.title, quota = excluded.quota,"
        " versioning = excluded.versioning, days = excluded.days, prefix = excluded.prefix",
        (
            name,
            spec.name,
            spec.quota_bytes,
            int(spec.versioning),
            spec.expire_days,
            spec.expire_prefix if spec.expire_days else "",
            now,
        ),
    )


def holds(tx: sqlite3.Connection, name: str) -> bool:
    """Whether anything would keep it from going: objects, old versions, unfinished uploads."""
    for table in ("bucket_objects", "bucket_uploads"):
        extra = " AND object IS NULL" if table == "bucket_uploads" else ""
        if tx.execute(f"SELECT 1 FROM {table} WHERE bucket = ?{extra} LIMIT 1", (name,)).fetchone():  # noqa: S608
            return True
    return False


def usage(tx: sqlite3.Connection, name: str) -> Usage:
    row = tx.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM bucket_objects WHERE bucket = ? AND current = 1", (name,)
    ).fetchone()
    return Usage(row[0], row[1])


def expire(tx: sqlite3.Connection, row: sqlite3.Row, now: float) -> None:
    """Delete what has had its days."""
    if row["days"] is None:
        return
    found = tx.execute(
        "SELECT seq FROM bucket_objects WHERE bucket = ? AND modified <= ? AND substr(key, 1, length(?)) = ?",
        (row["name"], now - row["days"] * DAY, row["prefix"], row["prefix"]),
    ).fetchall()
    drop(tx, [one[0] for one in found])


def drop(tx: sqlite3.Connection, objects: Sequence[int]) -> None:
    """Remove these rows with their bytes."""
    for seq in objects:
        tx.execute("DELETE FROM bucket_pieces WHERE object = ?", (seq,))
        tx.execute("DELETE FROM bucket_objects WHERE seq = ?", (seq,))


def current(tx: sqlite3.Connection, name: str, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = tx.execute(
        "SELECT * FROM bucket_objects WHERE bucket = ? AND key = ? AND current = 1", (name, key)
    ).fetchone()
    return row


def enter(tx: sqlite3.Connection, row: sqlite3.Row, key: str, size: int, type_: str, now: float) -> int:
    """A new current object, in the place of what had the key; ``QuotaExceeded`` when the bucket's own quota is full."""
    before = current(tx, row["name"], key)
    held = usage(tx, row["name"]).bytes - (before["size"] if before else 0)
    if row["quota"] is not None and held + size > row["quota"]:
        raise QuotaExceeded("bucket.full", id=row["name"], limit=row["quota"], used=held, asked=size)
    retire(tx, row, before)
    made = tx.execute(
        "INSERT INTO bucket_objects (bucket, key, size, modified, type, current) VALUES (?, ?, ?, ?, ?, 1)",
        (row["name"], key, size, now, type_),
    )
    return int(made.lastrowid or 0)


def retire(tx: sqlite3.Connection, row: sqlite3.Row, before: sqlite3.Row | None) -> None:
    """What was current becomes a version of the past where they are kept."""
    if before is None:
        return
    if row["versioning"]:
        tx.execute("UPDATE bucket_objects SET current = 0 WHERE seq = ?", (before["seq"],))
    else:
        drop(tx, [before["seq"]])


def told(row: sqlite3.Row) -> ObjectFacts:
    return ObjectFacts(row["key"], row["size"], datetime.fromtimestamp(row["modified"], UTC), row["type"])
