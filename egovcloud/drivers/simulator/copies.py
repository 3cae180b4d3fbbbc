"""What a simulated volume starts with: nothing, or what its source holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from egovcloud.domain.errors import Conflict, Invalid, NotFound
from egovcloud.drivers.base import OwnedKind, VolumeSpec
from egovcloud.drivers.simulator import find


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
    store = find.store_of(tx, spec.host, source.pool)
    ext = find.first(tx, OwnedKind.VOLUME, owner, source.id, store, now)
    if ext is None:
        raise NotFound("volume.absent", id=source.id, host=spec.host, pool=source.pool)
    row = find.volume_row(tx, ext)
    if find.attached(row, now):
        (holder,) = tx.execute("SELECT id FROM objects WHERE ext = ?", (row["instance"],)).fetchone()
        raise Conflict("volume.source_in_use", id=source.id, instance=holder)
    if spec.size_gib < row["size_gib"]:
        raise Invalid(
            "volume.source_size",
            field="size_gib",
            id=source.id,
            size_gib=spec.size_gib,
            source_gib=row["size_gib"],
        )
    return Origin(row["allocated"], row["content"])
