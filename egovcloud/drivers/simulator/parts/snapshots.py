"""Snapshots of an instance's disks, inside the image or as overlays, frozen where the guest's agent answers."""

from __future__ import annotations

import json
import sqlite3

from egovcloud.domain.errors import Conflict, NotFound, Unsupported
from egovcloud.drivers.base import OwnedKind, Power, Ref, SnapshotFacts
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.removal import charge, remove_snapshot


class SnapshotsPart(Part):
    """A snapshot keeps what the guest had written, so that a revert can be seen."""

    def create_snapshot(
        self, host: str, instance_id: str, snapshot_id: str, *, external: bool, quiesce: bool, within: float
    ) -> SnapshotFacts:
        with self.change("create_snapshot", host, our_id=snapshot_id, within=within) as call:
            call.look(
                OwnedKind.SNAPSHOT, snapshot_id, lambda tx: self._instance(tx, host, instance_id, self.cloud.now())
            )
            with call.write() as tx:
                instance = self._instance(tx, host, instance_id, call.now)
                ext = call.known(tx, OwnedKind.SNAPSHOT, snapshot_id, instance)
                if ext is None:
                    row = find.instance_row(tx, instance)
                    self._check_form(tx, row, snapshot_id, external)
                    frozen = quiesce and find.booted(row, call.now) and call.faults.has_agent(instance_id)
                    ext = find.add_object(
                        tx,
                        OwnedKind.SNAPSHOT,
                        self.installation,
                        snapshot_id,
                        instance,
                        host,
                        "",
                        call.now,
                        call.now + call.faults.visibility,
                    )
                    tx.execute(
                        "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?)",
                        (ext, instance, int(external), int(frozen), row["allocated"], row["content"]),
                    )
                    charge(tx, row["store"], 0, row["allocated"])
                    tx.execute(
                        "INSERT INTO snapshot_volumes SELECT ?, ext, content FROM volumes"
                        " WHERE instance = ? AND (detach_at IS NULL OR detach_at > ?)",
                        (ext, instance, call.now),
                    )
                call.external_id = ext
                return self._facts(tx, host, instance_id, snapshot_id, ext)

    def _instance(self, tx: sqlite3.Connection, host: str, instance_id: str, now: float) -> str:
        ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, now)
        if ext is None:
            find.check_host(tx, host)
            raise NotFound("instance.absent", id=instance_id, host=host)
        return ext

    @staticmethod
    def _check_form(tx: sqlite3.Connection, row: sqlite3.Row, snapshot_id: str, external: bool) -> None:
        """What QEMU cannot do: both forms on one disk, and UEFI variables inside a disk."""
        other = tx.execute(
            "SELECT 1 FROM snapshots WHERE instance = ? AND external <> ? LIMIT 1", (row["ext"], int(external))
        ).fetchone()
        if other is not None:
            raise Conflict("snapshot.mixed", id=snapshot_id, instance=row["id"])
        if not external and json.loads(row["seed"])["firmware"] == "uefi":
            raise Unsupported("snapshot.firmware", id=snapshot_id, instance=row["id"])

    @staticmethod
    def _facts(tx: sqlite3.Connection, host: str, instance_id: str, snapshot_id: str, ext: str) -> SnapshotFacts:
        (quiesced,) = tx.execute("SELECT quiesced FROM snapshots WHERE ext = ?", (ext,)).fetchone()
        return SnapshotFacts(snapshot_id, Ref(ext, host), instance_id, bool(quiesced))

    def observe_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> SnapshotFacts | None:
        with self.ask("observe_snapshot", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            instance = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if instance is None:
                return None
            ext = find.first(tx, OwnedKind.SNAPSHOT, self.installation, snapshot_id, instance, call.now)
            return None if ext is None else self._facts(tx, host, instance_id, snapshot_id, ext)

    def revert_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        with self.change("revert_snapshot", host, our_id=snapshot_id, within=within) as call, call.write() as tx:
            instance = self._instance(tx, host, instance_id, call.now)
            row = find.instance_row(tx, instance)
            ext = find.first(tx, OwnedKind.SNAPSHOT, self.installation, snapshot_id, instance, call.now)
            if ext is None:
                raise NotFound("snapshot.absent", id=snapshot_id, instance=instance_id)
            if find.power(row, call.now) is not Power.STOPPED:
                raise Conflict("instance.running", id=instance_id)
            newest = tx.execute(
                "SELECT s.ext, s.external FROM snapshots s JOIN objects o ON o.ext = s.ext WHERE s.instance = ?"
                " ORDER BY o.seq DESC LIMIT 1",
                (instance,),
            ).fetchone()
            if newest["external"] and newest["ext"] != ext:
                raise Conflict("snapshot.newer", id=snapshot_id, instance=instance_id)
            call.external_id = ext
            tx.execute(
                "UPDATE volumes SET content = v.content FROM snapshot_volumes v"
                " WHERE v.snapshot = ? AND volumes.ext = v.volume",
                (ext,),
            )
            tx.execute(
                "UPDATE instances SET content = (SELECT content FROM snapshots WHERE ext = ?) WHERE ext = ?",
                (ext, instance),
            )

    def delete_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        with self.change("delete_snapshot", host, our_id=snapshot_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            instance = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if instance is None:
                return
            for ext in find.every(tx, OwnedKind.SNAPSHOT, self.installation, snapshot_id, instance, call.now):
                call.external_id = ext
                remove_snapshot(tx, ext, call.now)
