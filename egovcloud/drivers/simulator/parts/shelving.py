"""Shelving: the instance lies in storage alone, and comes back on the same host or another one."""

from __future__ import annotations

import json
import sqlite3

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import OwnedKind, Power, Ref
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.copies import bring_snapshots
from egovcloud.drivers.simulator.parts.instances import InstancesPart
from egovcloud.drivers.simulator.ports import move_ports
from egovcloud.drivers.simulator.removal import charge, leave
from egovcloud.drivers.simulator.room import keep_apart, take_host, take_store

_MARKED = (
    "SELECT ext FROM objects WHERE id = ? AND kind = ? AND owner = ? AND visible_at <= ?"
    " ORDER BY host = ? DESC, seq LIMIT 1"
)


class ShelvingPart(InstancesPart):
    """What is shelved keeps its ports, volumes and snapshots; its host is the one that it was meant for last."""

    def shelve_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self.change("shelve_instance", host, our_id=instance_id, within=within) as call, call.write() as tx:
            row = self._anywhere(tx, call, host, instance_id)
            find.refuse_adopted(tx, row["ext"], instance_id)
            if find.power(row, call.now) is not Power.SHELVED:
                leave(tx, row)
                tx.execute("UPDATE instances SET power = 'shelved', stop_at = NULL WHERE ext = ?", (row["ext"],))
                if row["host"] != host:
                    self._take_along(tx, row, host)

    def unshelve_instance(self, host: str, instance_id: str, *, within: float) -> Ref:
        with self.change("unshelve_instance", host, our_id=instance_id, within=within) as call:
            with call.write() as tx:
                row = self._anywhere(tx, call, host, instance_id)
                state = find.power(row, call.now)
                if state is Power.RUNNING:
                    return Ref(row["ext"], row["host"])
                if state is not Power.SHELVED:
                    raise Conflict("instance.not_shelved", id=instance_id)
                take_host(tx, host, row["vcpus"], row["memory_mib"])
                keep_apart(tx, self.installation, instance_id, json.loads(row["seed"]).get("apart"), host)
                if row["host"] != host:
                    self._take_along(tx, row, host)
                    row = find.instance_row(tx, row["ext"])
                if not find.shared(tx, host, row["pool"]):
                    take_store(tx, host, row["pool"], row["store"], row["disk_gib"], row["allocated"])
                self._boot(tx, call, row)
            return Ref(row["ext"], host)

    def _anywhere(self, tx: sqlite3.Connection, call: Call, host: str, instance_id: str) -> sqlite3.Row:
        """The instance, on whatever host the cloud has it; the one on ``host`` first."""
        find.check_host(tx, host)
        mark = (instance_id, OwnedKind.INSTANCE, self.installation, call.now, host)
        found = tx.execute(_MARKED, mark).fetchone()
        if found is None:
            raise NotFound("instance.absent", id=instance_id, host=host)
        call.external_id = found["ext"]
        return find.instance_row(tx, found["ext"])

    def _take_along(self, tx: sqlite3.Connection, row: sqlite3.Row, host: str) -> None:
        """To where the cloud shall list it; what it has in storage that is not shared stays behind, and is refused."""
        ext, store = row["ext"], find.store_of(tx, host, row["pool"])
        for volume in tx.execute("SELECT ext, pool, store FROM volumes WHERE instance = ?", (ext,)).fetchall():
            if find.store_of(tx, host, volume["pool"]) != volume["store"]:
                detail = f"pool {volume['pool']} is not shared with {row['host']}"
                raise Permanent("driver.failed", host=host, detail=detail)
            tx.execute("UPDATE objects SET host = ? WHERE ext = ?", (host, volume["ext"]))
            bring_snapshots(tx, volume["ext"], volume["store"], volume["store"], host)
        for snapshot in tx.execute("SELECT ext, allocated FROM snapshots WHERE instance = ?", (ext,)).fetchall():
            charge(tx, row["store"], 0, -snapshot["allocated"])
            charge(tx, store, 0, snapshot["allocated"])
            tx.execute("UPDATE objects SET host = ? WHERE ext = ?", (host, snapshot["ext"]))
        move_ports(tx, self.installation, ext, host)
        image = self._image_in(tx, row["image"], store)
        tx.execute("UPDATE instances SET store = ?, image = ? WHERE ext = ?", (store, image, ext))
        tx.execute("UPDATE objects SET host = ?, scope = ? WHERE ext = ?", (host, host, ext))

    def _image_in(self, tx: sqlite3.Connection, image: str | None, store: str) -> str | None:
        """The same image in another store, where it may be missing."""
        row = tx.execute("SELECT id FROM objects WHERE ext = ?", (image,)).fetchone()
        return find.first(tx, OwnedKind.IMAGE, self.installation, row[0], store, None) if row else None
