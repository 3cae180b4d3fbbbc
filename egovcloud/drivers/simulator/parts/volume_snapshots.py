"""Snapshots of volumes: what a volume held at one moment, kept beside it."""

from __future__ import annotations

import sqlite3

from egovcloud.domain.errors import NotFound
from egovcloud.drivers.base import OwnedKind, Ref
from egovcloud.drivers.simulator import find, grants
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.removal import charge, remove_volume_snapshot
from egovcloud.drivers.volume_copies import VolumeSnapshotFacts, VolumeSnapshotSpec


class VolumeSnapshotsPart(Part):
    """The cloud's own quota counts them by the size of their volume, as Cinder does."""

    def create_volume_snapshot(self, spec: VolumeSnapshotSpec, *, within: float) -> VolumeSnapshotFacts:
        with self.change("create_volume_snapshot", spec.host, our_id=spec.id, within=within) as call:
            kind = OwnedKind.VOLUME_SNAPSHOT
            call.look(kind, spec.id, lambda tx: self._volume_of(tx, spec, self.cloud.now()))
            with call.write() as tx:
                volume = self._volume_of(tx, spec, call.now)
                ext = call.known(tx, kind, spec.id, volume)
                if ext is None:
                    row = find.volume_row(tx, volume)
                    tenant = grants.tenant_of(tx, self.installation, spec.tenant if self.tenancy else None, spec.host)
                    grants.take(tx, spec.host, tenant, volume_gib=row["size_gib"])
                    ext = find.add_object(
                        tx,
                        kind,
                        self.installation,
                        spec.id,
                        volume,
                        row["host"],
                        spec.name,
                        call.now,
                        call.now + call.faults.visibility,
                    )
                    tx.execute(
                        "INSERT INTO volume_snapshots VALUES (?, ?, ?, ?, ?)",
                        (ext, volume, row["size_gib"], row["allocated"], row["content"]),
                    )
                    grants.settle(tx, ext, tenant)
                    charge(tx, row["store"], 0, row["allocated"])
                call.external_id = ext
                return _facts(tx, spec.host, spec.volume_id, spec.id, ext)

    def _volume_of(self, tx: sqlite3.Connection, spec: VolumeSnapshotSpec, now: float) -> str:
        store = find.store_of(tx, spec.host, spec.pool)
        ext = find.first(tx, OwnedKind.VOLUME, self.installation, spec.volume_id, store, now)
        if ext is None:
            raise NotFound("volume.absent", id=spec.volume_id, host=spec.host, pool=spec.pool)
        return ext

    def _every(
        self, tx: sqlite3.Connection, host: str, pool: str, volume_id: str, snapshot_id: str, now: float
    ) -> list[str]:
        """External ids of the snapshot, on whichever copy of the volume."""
        store, owner = find.store_of(tx, host, pool), self.installation
        volumes = find.every(tx, OwnedKind.VOLUME, owner, volume_id, store, now)
        return [
            ext
            for volume in volumes
            for ext in find.every(tx, OwnedKind.VOLUME_SNAPSHOT, owner, snapshot_id, volume, now)
        ]

    def observe_volume_snapshot(
        self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float
    ) -> VolumeSnapshotFacts | None:
        with self.ask("observe_volume_snapshot", host, within=within) as call, call.read() as tx:
            found = self._every(tx, host, pool, volume_id, snapshot_id, call.now)
            return _facts(tx, host, volume_id, snapshot_id, found[0]) if found else None

    def delete_volume_snapshot(self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float) -> None:
        with self.change("delete_volume_snapshot", host, our_id=snapshot_id, within=within) as call, call.write() as tx:
            for ext in self._every(tx, host, pool, volume_id, snapshot_id, call.now):
                call.external_id = ext
                remove_volume_snapshot(tx, ext, call.now)


def _facts(tx: sqlite3.Connection, host: str, volume_id: str, snapshot_id: str, ext: str) -> VolumeSnapshotFacts:
    (size,) = tx.execute("SELECT size_gib FROM volume_snapshots WHERE ext = ?", (ext,)).fetchone()
    return VolumeSnapshotFacts(snapshot_id, Ref(ext, host), volume_id, size)
