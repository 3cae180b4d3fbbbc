"""What others made, looked at, marked as adopted, and given back as it was."""

from __future__ import annotations

import sqlite3

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.drivers.adoption import Found, FoundDisk, FoundNic
from egovcloud.drivers.base import OwnedKind, Ref
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.parts.base import Part


class AdoptionPart(Part):
    """The mark is the object's owner and id; that it was adopted stands in a table of its own."""

    def inspect_unmanaged(self, host: str, kind: OwnedKind, external_id: str, *, within: float) -> Found | None:
        with self.ask("inspect_unmanaged", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            row = tx.execute(
                "SELECT * FROM objects WHERE ext = ? AND kind = ? AND host = ?", (external_id, kind, host)
            ).fetchone()
            if row is None:
                return None
            return (
                self._found_instance(tx, row, call.now)
                if kind is OwnedKind.INSTANCE
                else self._found_volume(tx, row, call.now)
            )

    def _borne(self, row: sqlite3.Row) -> tuple[str, str | None]:
        if row["owner"] is None:
            return "", None
        return ("ours", row["id"]) if row["owner"] == self.installation else ("other", None)

    def _found_instance(self, tx: sqlite3.Connection, thing: sqlite3.Row, now: float) -> Found:
        row = find.instance_row(tx, thing["ext"])
        owner, our_id = self._borne(thing)
        nics = tx.execute(
            "SELECT n.mac, n.address, o.name, o.id, o.owner FROM nics n JOIN objects o ON o.ext = n.network"
            " WHERE n.instance = ? ORDER BY n.position",
            (thing["ext"],),
        ).fetchall()
        volumes = tx.execute("SELECT * FROM volumes WHERE instance = ? ORDER BY target", (thing["ext"],)).fetchall()
        mine = [nic["id"] if nic["owner"] == self.installation else None for nic in nics]
        return Found(
            OwnedKind.INSTANCE,
            thing["ext"],
            thing["host"],
            thing["name"],
            owner=owner,
            our_id=our_id,
            power=find.power(row, now),
            vcpus=row["vcpus"],
            memory_mib=row["memory_mib"],
            size_gib=row["disk_gib"],
            pool=row["pool"],
            disks=(FoundDisk("vda", row["disk_gib"], row["pool"]),),
            nics=tuple(
                FoundNic(nic["mac"], nic["address"], nic["name"], id_) for nic, id_ in zip(nics, mine, strict=True)
            ),
            volumes=tuple(volume["ext"] for volume in volumes if find.attached(volume, now)),
        )

    def _found_volume(self, tx: sqlite3.Connection, thing: sqlite3.Row, now: float) -> Found:
        row = find.volume_row(tx, thing["ext"])
        owner, our_id = self._borne(thing)
        held = find.attached(row, now)
        return Found(
            OwnedKind.VOLUME,
            thing["ext"],
            thing["host"],
            thing["name"],
            owner=owner,
            our_id=our_id,
            size_gib=row["size_gib"],
            pool=row["pool"],
            instance=row["instance"] if held else None,
            device=row["target"] if held else None,
        )

    def adopt_instance(self, host: str, external_id: str, instance_id: str, *, within: float) -> Ref:
        with self.change("adopt_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            self._adopt(tx, call, OwnedKind.INSTANCE, host, external_id, instance_id)
        return Ref(external_id, host)

    def adopt_volume(self, host: str, pool: str, external_id: str, volume_id: str, *, within: float) -> Ref:
        with self.change("adopt_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            find.store_of(tx, host, pool)
            self._adopt(tx, call, OwnedKind.VOLUME, host, external_id, volume_id)
        return Ref(external_id, host)

    def _adopt(
        self, tx: sqlite3.Connection, call: Call, kind: OwnedKind, host: str, external_id: str, our_id: str
    ) -> None:
        call.external_id = external_id
        row = tx.execute("SELECT * FROM objects WHERE ext = ? AND kind = ?", (external_id, kind)).fetchone()
        if row is None or row["host"] != host:
            raise NotFound("adoption.absent", external_id=external_id, host=host)
        owner, known = self._borne(row)
        if owner == "other":
            raise Forbidden("driver.foreign", external_id=external_id, host=host)
        if known is not None and known != our_id:
            raise Conflict("adoption.taken", name=row["name"], id=known)
        if known is None:
            tx.execute("UPDATE objects SET owner = ?, id = ? WHERE ext = ?", (self.installation, our_id, external_id))
            tx.execute("INSERT INTO adopted VALUES (?, ?)", (external_id, row["id"]))

    def release_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self.change("release_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, None)
            if ext is not None:
                taken = tx.execute("SELECT count(*) FROM snapshots WHERE instance = ?", (ext,)).fetchone()[0]
                if taken:
                    raise Conflict("release.snapshots", id=instance_id, count=taken)
                self._give_back(tx, call, ext, instance_id)

    def release_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        with self.change("release_volume", host, our_id=volume_id, within=within) as call, call.write() as tx:
            store = find.store_of(tx, host, pool)
            ext = find.first(tx, OwnedKind.VOLUME, self.installation, volume_id, store, None)
            if ext is not None:
                self._give_back(tx, call, ext, volume_id)

    @staticmethod
    def _give_back(tx: sqlite3.Connection, call: Call, ext: str, our_id: str) -> None:
        call.external_id = ext
        if not find.adopted(tx, ext):
            raise Conflict("release.own", id=our_id)
        find.give_back(tx, ext)
