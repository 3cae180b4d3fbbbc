"""What a simulated volume starts with, nothing or what its source holds, and what goes where it goes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from egovcloud.domain.errors import Conflict, Invalid, NotFound
from egovcloud.drivers.base import OwnedKind, VolumeSpec
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.removal import charge
from egovcloud.drivers.volume_copies import VOLUME_SNAPSHOT


@dataclass(frozen=True)
class Origin:
    """What is written, in bytes and as the text that tests look at."""

    allocated: int = 0
    content: str = ""


def source_of(tx: sqlite3.Connection, owner: str, spec: VolumeSpec, now: float) -> Origin:
    """``Conflict`` while an instance has the source, ``Invalid`` when it is larger, ``NotFound`` when it is gone."""
    source = spec.source
    if source is None:
        return Origin()
    if source.kind == VOLUME_SNAPSHOT:
        return _of_snapshot(tx, owner, spec, source.id, now)
    store = find.store_of(tx, spec.host, source.pool)
    ext = find.first(tx, OwnedKind.VOLUME, owner, source.id, store, now)
    if ext is None:
        raise NotFound("volume.absent", id=source.id, host=spec.host, pool=source.pool)
    row = find.volume_row(tx, ext)
    if find.attached(row, now):
        (holder,) = tx.execute("SELECT id FROM objects WHERE ext = ?", (row["instance"],)).fetchone()
        raise Conflict("volume.source_in_use", id=source.id, instance=holder)
    return _held(spec, source.id, row)


def _of_snapshot(tx: sqlite3.Connection, owner: str, spec: VolumeSpec, id_: str, now: float) -> Origin:
    row = tx.execute(
        "SELECT s.* FROM objects o JOIN volume_snapshots s ON s.ext = o.ext"
        " WHERE o.id = ? AND o.kind = ? AND o.owner = ? AND o.visible_at <= ? ORDER BY o.seq LIMIT 1",
        (id_, OwnedKind.VOLUME_SNAPSHOT, owner, now),
    ).fetchone()
    if row is None:
        raise NotFound("volume_snapshot.absent", id=id_, host=spec.host)
    return _held(spec, id_, row)


def _held(spec: VolumeSpec, id_: str, row: sqlite3.Row) -> Origin:
    if spec.size_gib < row["size_gib"]:
        needed = row["size_gib"]
        raise Invalid("volume.source_size", field="size_gib", id=id_, size_gib=spec.size_gib, source_gib=needed)
    return Origin(row["allocated"], row["content"])


def bring_snapshots(tx: sqlite3.Connection, volume: str, source: str, target: str, host: str) -> None:
    """Those of a volume that goes from one store to another, or to another host on the same one, go with it."""
    snapshots = tx.execute("SELECT ext, allocated FROM volume_snapshots WHERE volume = ?", (volume,)).fetchall()
    for snapshot in snapshots:
        charge(tx, source, 0, -snapshot["allocated"])
        charge(tx, target, 0, snapshot["allocated"])
        tx.execute("UPDATE objects SET host = ? WHERE ext = ?", (host, snapshot["ext"]))
