"""Searches in the simulated cloud: by mark, by place, and the checks that every part shares."""

from __future__ import annotations

import sqlite3
import uuid

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import OwnedKind, Power

_EVER = 1e18  # seconds since the epoch; SQLite has no literal for infinity


def first(
    tx: sqlite3.Connection, kind: OwnedKind, owner: str, our_id: str, scope: str, now: float | None
) -> str | None:
    """The external id of the oldest object with this mark; ``now`` leaves out what is not visible yet."""
    row = tx.execute(
        "SELECT ext FROM objects WHERE id = ? AND kind = ? AND scope = ? AND owner = ? AND visible_at <= ?"
        " ORDER BY seq LIMIT 1",
        (our_id, kind, scope, owner, _until(now)),
    ).fetchone()
    return row[0] if row else None


def every(tx: sqlite3.Connection, kind: OwnedKind, owner: str, our_id: str, scope: str, now: float) -> list[str]:
    """The external ids of all visible objects with this mark: one, unless the cloud let in a duplicate."""
    rows = tx.execute(
        "SELECT ext FROM objects WHERE id = ? AND kind = ? AND scope = ? AND owner = ? AND visible_at <= ?"
        " ORDER BY seq",
        (our_id, kind, scope, owner, _until(now)),
    )
    return [row[0] for row in rows]


def _until(now: float | None) -> float:
    return _EVER if now is None else now


def add_object(
    tx: sqlite3.Connection,
    kind: OwnedKind,
    owner: str | None,
    our_id: str,
    scope: str,
    host: str,
    name: str,
    now: float,
    visible_at: float,
) -> str:
    """Enter a new object; returns its external id."""
    ext = str(uuid.uuid4())
    tx.execute(
        "INSERT INTO objects (ext, kind, owner, id, scope, host, name, created_at, visible_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (ext, kind, owner, our_id, scope, host, name, now, visible_at),
    )
    return ext


def lost(our_id: str, host: str) -> str:
    """What a port refers to when its network or group is gone from the host: one that is made anew is found by it."""
    return f"lost:{host}:{our_id}"


def remove_object(tx: sqlite3.Connection, ext: str) -> None:
    tx.execute("DELETE FROM objects WHERE ext = ?", (ext,))
    tx.execute("DELETE FROM adopted WHERE ext = ?", (ext,))
    tx.execute("DELETE FROM tenancy WHERE ext = ?", (ext,))


def adopted(tx: sqlite3.Connection, ext: str) -> bool:
    """Whether others made it: then it is managed, and never wiped, rebuilt or deleted."""
    return tx.execute("SELECT 1 FROM adopted WHERE ext = ?", (ext,)).fetchone() is not None


def tenant(tx: sqlite3.Connection, ext: str) -> str | None:
    """The cloud's id of the project in which an object lies; ``None`` for the account's own."""
    row = tx.execute("SELECT tenant FROM tenancy WHERE ext = ?", (ext,)).fetchone()
    return row[0] if row else None


def refuse_adopted(tx: sqlite3.Connection, ext: str, our_id: str) -> None:
    """``Conflict("adoption.kept")`` for what others made."""
    if adopted(tx, ext):
        raise Conflict("adoption.kept", id=our_id)


def give_back(tx: sqlite3.Connection, ext: str) -> None:
    """Take our mark off an adopted object: it bears again what it bore before."""
    (before,) = tx.execute("SELECT id FROM adopted WHERE ext = ?", (ext,)).fetchone()
    tx.execute("UPDATE objects SET owner = NULL, id = ? WHERE ext = ?", (before, ext))
    tx.execute("DELETE FROM adopted WHERE ext = ?", (ext,))


def check_host(tx: sqlite3.Connection, host: str) -> None:
    """``NotFound("host.absent")`` for a host that this cloud does not have."""
    if tx.execute("SELECT 1 FROM hosts WHERE name = ?", (host,)).fetchone() is None:
        raise NotFound("host.absent", host=host)


def store_of(tx: sqlite3.Connection, host: str, pool: str) -> str:
    """The store behind a host's pool: the same one on several hosts where the pool is shared."""
    row = tx.execute("SELECT store FROM pools WHERE host = ? AND name = ?", (host, pool)).fetchone()
    if row is None:
        check_host(tx, host)
        raise NotFound("pool.absent", host=host, pool=pool)
    return str(row[0])


def shared(tx: sqlite3.Connection, host: str, pool: str) -> bool:
    """Whether the pool is the same storage on other hosts too."""
    row = tx.execute("SELECT shared FROM pools WHERE host = ? AND name = ?", (host, pool)).fetchone()
    return row is not None and bool(row[0])


def instance_row(tx: sqlite3.Connection, ext: str) -> sqlite3.Row:
    """Object and instance columns together."""
    row: sqlite3.Row = tx.execute(
        "SELECT o.id, o.host, o.name, o.owner, i.* FROM instances i JOIN objects o ON o.ext = i.ext WHERE i.ext = ?",
        (ext,),
    ).fetchone()
    return row


def volume_row(tx: sqlite3.Connection, ext: str) -> sqlite3.Row:
    """Object and volume columns together."""
    row: sqlite3.Row = tx.execute(
        "SELECT o.id, o.host, o.name, o.owner, v.* FROM volumes v JOIN objects o ON o.ext = v.ext WHERE v.ext = ?",
        (ext,),
    ).fetchone()
    return row


def power(row: sqlite3.Row, now: float) -> Power:
    """Power as it is now: a guest that was asked to power off is off once its time has come."""
    if row["stop_at"] is not None and row["stop_at"] <= now:
        return Power.STOPPED
    return Power(row["power"])


def booted(row: sqlite3.Row, now: float) -> bool:
    """Whether the guest's system is up: addresses, agent and console answer only then."""
    return power(row, now) is Power.RUNNING and float(row["ready_at"]) <= now


def attached(row: sqlite3.Row, now: float) -> bool:
    """Whether the volume is still held by an instance."""
    return row["instance"] is not None and (row["detach_at"] is None or row["detach_at"] > now)
