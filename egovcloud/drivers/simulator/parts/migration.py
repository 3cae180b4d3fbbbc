"""Live migration between hosts of the simulated cloud, over shared storage or with a copy of the disks."""

from __future__ import annotations

import json
import sqlite3

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import OwnedKind, Power, Ref
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.copies import bring_snapshots
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.ports import move_ports
from egovcloud.drivers.simulator.removal import charge, commit
from egovcloud.drivers.simulator.room import keep_apart, take_host, take_store


class MigrationPart(Part):
    """A move is one transaction: the instance is on the source or on the target, never on both."""

    def live_migrate(self, instance_id: str, source: str, target: str, *, shared: bool, within: float) -> Ref:
        """Networks and groups were ensured on the target; ``Conflict`` when stopped or when it has snapshots."""
        with self.change("live_migrate", source, target, our_id=instance_id, within=within) as call:
            with call.write() as tx:
                find.check_host(tx, source)
                find.check_host(tx, target)
                ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, target, call.now)
                if ext is None:
                    ext = self._move(tx, call, instance_id, source, target, shared)
                call.external_id = ext
            return Ref(ext, target)

    def _move(
        self, tx: sqlite3.Connection, call: Call, instance_id: str, source: str, target: str, shared: bool
    ) -> str:
        ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, source, call.now)
        if ext is None:
            raise NotFound("instance.absent", id=instance_id, host=source)
        row = find.instance_row(tx, ext)
        if find.adopted(tx, ext):
            raise Conflict("adoption.stays", id=instance_id)
        if find.power(row, call.now) is not Power.RUNNING:
            raise Conflict("instance.stopped", id=instance_id)
        (count,) = tx.execute("SELECT count(*) FROM snapshots WHERE instance = ?", (ext,)).fetchone()
        if count:
            raise Conflict("instance.has_snapshots", id=instance_id, count=count)
        take_host(tx, target, row["vcpus"], row["memory_mib"])
        keep_apart(tx, self.installation, instance_id, json.loads(row["seed"]).get("apart"), target)
        commit(tx, source, -row["vcpus"], -row["memory_mib"])
        store = self._destination(tx, row, target, shared)
        if store != row["store"]:
            take_store(tx, target, row["pool"], store, row["disk_gib"], row["allocated"])
            charge(tx, row["store"], -row["disk_gib"], -row["allocated"])
        image = self._image_there(tx, row["image"], store)
        tx.execute("UPDATE instances SET store = ?, image = ? WHERE ext = ?", (store, image, ext))
        for volume in tx.execute("SELECT ext FROM volumes WHERE instance = ?", (ext,)).fetchall():
            held = find.volume_row(tx, volume[0])
            if find.attached(held, call.now):  # one that it has let go stays where it is
                self._move_volume(tx, held, target, shared)
            else:
                tx.execute("UPDATE volumes SET instance = NULL, target = NULL WHERE ext = ?", (volume[0],))
        move_ports(tx, self.installation, ext, target)
        tx.execute("UPDATE objects SET host = ?, scope = ? WHERE ext = ?", (target, target, ext))
        return ext

    def _move_volume(self, tx: sqlite3.Connection, row: sqlite3.Row, target: str, shared: bool) -> None:
        store = self._destination(tx, row, target, shared)
        if store != row["store"]:
            take_store(tx, target, row["pool"], store, row["size_gib"], row["allocated"])
            charge(tx, row["store"], -row["size_gib"], -row["allocated"])
        tx.execute("UPDATE volumes SET store = ? WHERE ext = ?", (store, row["ext"]))
        tx.execute("UPDATE objects SET host = ?, scope = ? WHERE ext = ?", (target, store, row["ext"]))
        bring_snapshots(tx, row["ext"], row["store"], store, target)

    def _destination(self, tx: sqlite3.Connection, row: sqlite3.Row, target: str, shared: bool) -> str:
        """The store behind the pool of the same name on the target."""
        store = find.store_of(tx, target, row["pool"])
        if not shared and store == row["store"]:
            raise Conflict("migration.same_storage", pool=row["pool"], host=target)
        if shared and store != row["store"]:
            raise Permanent("driver.failed", host=target, detail=f"pool {row['pool']} is not shared with {row['host']}")
        return store

    def _image_there(self, tx: sqlite3.Connection, image: str | None, store: str) -> str | None:
        """The same image in the target store; where it is missing, the copy has no base any more."""
        row = tx.execute("SELECT id FROM objects WHERE ext = ?", (image,)).fetchone()
        return find.first(tx, OwnedKind.IMAGE, self.installation, row[0], store, None) if row else None
