"""Data volumes: thin, held by one instance at a time, grown while in use."""

from __future__ import annotations

import sqlite3

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import OwnedKind, Power, Ref, VolumeFacts, VolumeSpec, WipeRecord
from egovcloud.drivers.simulator import find, grants
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.copies import source_of
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.removal import charge, remove_volume, wipe_volume
from egovcloud.drivers.simulator.room import take_store, written

_TARGETS = [f"vd{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"]


class VolumesPart(Part):
    """A volume in a shared pool is found from every host of that pool."""

    def create_volume(self, spec: VolumeSpec, *, within: float) -> Ref:
        with self.change("create_volume", spec.host, our_id=spec.id, within=within) as call:
            call.look(OwnedKind.VOLUME, spec.id, lambda tx: find.store_of(tx, spec.host, spec.pool))
            with call.write() as tx:
                store = find.store_of(tx, spec.host, spec.pool)
                ext = call.known(tx, OwnedKind.VOLUME, spec.id, store)
                if ext is None:
                    tenant = grants.tenant_of(tx, self.installation, spec.tenant if self.tenancy else None, spec.host)
                    origin = source_of(tx, self.installation, spec, call.now)
                    grants.take(tx, spec.host, tenant, volume_gib=spec.size_gib)
                    take_store(tx, spec.host, spec.pool, store, spec.size_gib, origin.allocated)
                    ext = find.add_object(
                        tx,
                        OwnedKind.VOLUME,
                        self.installation,
                        spec.id,
                        store,
                        spec.host,
                        spec.name,
                        call.now,
                        call.now + call.faults.visibility,
                    )
                    tx.execute(
                        "INSERT INTO volumes (ext, pool, store, size_gib, allocated, content)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        (ext, spec.pool, store, spec.size_gib, origin.allocated, origin.content),
                    )
                    grants.settle(tx, ext, tenant)
                call.external_id = ext
        return Ref(ext, spec.host)

    def observe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> VolumeFacts | None:
        with self.ask("observe_volume", host, within=within) as call, call.read() as tx:
            store = find.store_of(tx, host, pool)
            ext = find.first(tx, OwnedKind.VOLUME, self.installation, volume_id, store, call.now)
            if ext is None:
                return None
            row = find.volume_row(tx, ext)
        return VolumeFacts(volume_id, Ref(ext, host), row["size_gib"], row["allocated"])

    def _volume(self, tx: sqlite3.Connection, call: Call, host: str, pool: str, volume_id: str) -> sqlite3.Row:
        """The volume, or ``NotFound``; its external id goes to the log."""
        store = find.store_of(tx, host, pool)
        ext = find.first(tx, OwnedKind.VOLUME, self.installation, volume_id, store, call.now)
        if ext is None:
            raise NotFound("volume.absent", id=volume_id, host=host, pool=pool)
        call.external_id = ext
        return find.volume_row(tx, ext)

    def attach_volume(self, host: str, instance_id: str, pool: str, volume_id: str, *, within: float) -> str:
        """``Conflict("volume.in_use")`` when another instance holds it."""
        with self.change("attach_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            instance = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if instance is None:
                raise NotFound("instance.absent", id=instance_id, host=host)
            row = self._volume(tx, call, host, pool, volume_id)
            if find.attached(row, call.now):
                if row["instance"] == instance:
                    return str(row["target"])
                (holder,) = tx.execute("SELECT id FROM objects WHERE ext = ?", (row["instance"],)).fetchone()
                raise Conflict("volume.in_use", id=volume_id, instance=holder)
            target = self._free_target(tx, call, host, instance)
            allocated = row["allocated"] or written(volume_id, row["size_gib"], 2, 60)
            tx.execute(
                "UPDATE volumes SET instance = ?, target = ?, detach_at = NULL, allocated = ? WHERE ext = ?",
                (instance, target, allocated, row["ext"]),
            )
            charge(tx, row["store"], 0, allocated - row["allocated"])
        return target

    @staticmethod
    def _free_target(tx: sqlite3.Connection, call: Call, host: str, instance: str) -> str:
        held = tx.execute("SELECT target, instance, detach_at FROM volumes WHERE instance = ?", (instance,)).fetchall()
        taken = {row["target"] for row in held if find.attached(row, call.now)}
        for target in _TARGETS:
            if target not in taken:
                return target
        raise Permanent("driver.failed", host=host, detail=f"no free slot for another disk (limit {len(_TARGETS)})")

    def detach_volume(self, host: str, instance_id: str, volume_id: str, *, within: float) -> bool:
        """True also when the instance does not hold the volume or does not exist.

        ``Conflict("volume.has_snapshots")`` while an external snapshot layers it.
        """
        with self.change("detach_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            row = tx.execute(
                "SELECT v.ext, v.instance, v.detach_at, i.power, i.stop_at, i.ready_at FROM volumes v"
                " JOIN objects o ON o.ext = v.ext JOIN instances i ON i.ext = v.instance"
                " JOIN objects h ON h.ext = v.instance"
                " WHERE o.id = ? AND o.owner = ? AND h.id = ? AND h.owner = ? AND h.host = ?",
                (volume_id, self.installation, instance_id, self.installation, host),
            ).fetchone()
            if row is None or not find.attached(row, call.now):
                return True
            call.external_id = row["ext"]
            layered = tx.execute(
                "SELECT 1 FROM snapshot_volumes v JOIN snapshots s ON s.ext = v.snapshot"
                " WHERE v.volume = ? AND s.external LIMIT 1",
                (row["ext"],),
            ).fetchone()
            if layered is not None:
                raise Conflict("volume.has_snapshots", id=volume_id, instance=instance_id)
            detach_at = row["detach_at"] or max(call.now, row["ready_at"]) + call.faults.detach
            if find.power(row, call.now) is Power.STOPPED:
                detach_at = call.now
            tx.execute("UPDATE volumes SET detach_at = ? WHERE ext = ?", (detach_at, row["ext"]))
            return bool(detach_at <= call.now)

    def grow_volume(self, host: str, pool: str, volume_id: str, size_gib: int, *, within: float) -> None:
        with self.change("grow_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            row = self._volume(tx, call, host, pool, volume_id)
            find.refuse_adopted(tx, row["ext"], volume_id)
            if row["size_gib"] < size_gib:
                grants.take(tx, host, find.tenant(tx, row["ext"]), volume_gib=size_gib - row["size_gib"])
                take_store(tx, host, pool, row["store"], size_gib - row["size_gib"])
                tx.execute("UPDATE volumes SET size_gib = ? WHERE ext = ?", (size_gib, row["ext"]))

    def wipe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> WipeRecord | None:
        size, disks = 0, list[str]()
        with self.change("wipe_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            store = find.store_of(tx, host, pool)
            for ext in find.every(tx, OwnedKind.VOLUME, self.installation, volume_id, store, call.now):
                call.external_id = ext
                find.refuse_adopted(tx, ext, volume_id)
                more, name = wipe_volume(tx, ext, call.now)
                size, disks = size + more, [*disks, name]
        return WipeRecord("zero", size, tuple(disks)) if disks else None

    def delete_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        with self.change("delete_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            store = find.store_of(tx, host, pool)
            for ext in find.every(tx, OwnedKind.VOLUME, self.installation, volume_id, store, call.now):
                call.external_id = ext
                find.refuse_adopted(tx, ext, volume_id)
                remove_volume(tx, ext, call.now)
