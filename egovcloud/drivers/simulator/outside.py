"""Hands that reach into the simulated cloud behind the control plane's back, to make drift, strays and duplicates."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from egovcloud.domain.errors import NotFound
from egovcloud.drivers.base import OwnedKind, Power
from egovcloud.drivers.simulator import find, grants
from egovcloud.drivers.simulator.cloudfile import CloudFile
from egovcloud.drivers.simulator.removal import REMOVERS, commit
from egovcloud.drivers.simulator.room import take_host, take_store

_STRAY = json.dumps({"hostname": "stray", "ssh_keys": [], "user_data": None, "firmware": "bios", "cmdline": None})


class Outside:
    """``which`` is our id or the external id; where a mark is doubled, our id means the oldest of them."""

    def __init__(self, path: Path | str) -> None:
        self._cloud = CloudFile(path)

    @staticmethod
    def _find(tx: sqlite3.Connection, which: str) -> sqlite3.Row:
        row: sqlite3.Row | None = tx.execute(
            "SELECT * FROM objects WHERE ext = ? OR id = ? ORDER BY seq LIMIT 1", (which, which)
        ).fetchone()
        if row is None:
            raise NotFound("instance.absent", id=which, host="")
        return row

    def power(self, which: str, power: Power) -> None:
        """Stop, start, pause or crash an instance."""
        with self._cloud.write() as tx:
            stop_at = self._cloud.now() if power is Power.STOPPED else None
            tx.execute(
                "UPDATE instances SET power = ?, stop_at = ? WHERE ext = ?",
                (power, stop_at, self._find(tx, which)["ext"]),
            )

    def stop(self, which: str) -> None:
        self.power(which, Power.STOPPED)

    def crash(self, which: str) -> None:
        self.power(which, Power.CRASHED)

    def resize(self, which: str, vcpus: int, memory_mib: int) -> None:
        """Even while it runs, as an administrator with the right tool could."""
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, which)["ext"])
            commit(tx, row["host"], vcpus - row["vcpus"], memory_mib - row["memory_mib"])
            tx.execute("UPDATE instances SET vcpus = ?, memory_mib = ? WHERE ext = ?", (vcpus, memory_mib, row["ext"]))

    def rename(self, which: str, name: str) -> None:
        with self._cloud.write() as tx:
            tx.execute("UPDATE objects SET name = ? WHERE ext = ?", (name, self._find(tx, which)["ext"]))

    def mark(self, which: str, owner: str | None) -> None:
        """Take our mark away (``None``), or put another installation's in its place."""
        with self._cloud.write() as tx:
            tx.execute("UPDATE objects SET owner = ? WHERE ext = ?", (owner, self._find(tx, which)["ext"]))

    def delete(self, which: str) -> None:
        with self._cloud.write() as tx:
            row = self._find(tx, which)
            REMOVERS[OwnedKind(row["kind"])](tx, row["ext"], self._cloud.now())

    def detach(self, volume: str) -> None:
        with self._cloud.write() as tx:
            tx.execute(
                "UPDATE volumes SET instance = NULL, target = NULL, detach_at = NULL WHERE ext = ?",
                (self._find(tx, volume)["ext"],),
            )

    def exists(self, external_id: str) -> bool:
        with self._cloud.read() as tx:
            return tx.execute("SELECT 1 FROM objects WHERE ext = ?", (external_id,)).fetchone() is not None

    def name(self, which: str) -> str:
        """The name as the cloud keeps it."""
        with self._cloud.read() as tx:
            return str(self._find(tx, which)["name"])

    def add_instance(
        self,
        host: str,
        name: str,
        *,
        vcpus: int = 1,
        memory_mib: int = 1024,
        disk_gib: int = 10,
        owner: str | None = None,
        our_id: str = "",
        tenant: str | None = None,
    ) -> str:
        """An instance that nobody asked us for; returns its external id. ``tenant`` is our id of a project there."""
        with self._cloud.write() as tx:
            find.check_host(tx, host)
            pool, store = tx.execute(
                "SELECT name, store FROM pools WHERE host = ? ORDER BY name LIMIT 1", (host,)
            ).fetchone()
            take_host(tx, host, vcpus, memory_mib)
            take_store(tx, host, pool, store, disk_gib)
            now = self._cloud.now()
            ext = find.add_object(tx, OwnedKind.INSTANCE, owner, our_id, host, host, name, now, now)
            tx.execute(
                "INSERT INTO instances (ext, pool, store, hostname, vcpus, memory_mib, disk_gib, allocated, image,"
                " seed, power, ready_at, starts) VALUES (?, ?, ?, 'stray', ?, ?, ?, 0, NULL, ?, 'running', ?, ?)",
                (ext, pool, store, vcpus, memory_mib, disk_gib, _STRAY, now, json.dumps([[now, 0.0]])),
            )
            if tenant:
                (inside,) = tx.execute("SELECT ext FROM tenants WHERE id = ?", (tenant,)).fetchone()
                grants.settle(tx, ext, inside)
        return ext

    def add_volume(
        self, host: str, pool: str, name: str, size_gib: int = 1, *, owner: str | None = None, our_id: str = ""
    ) -> str:
        """A volume that nobody asked us for; returns its external id."""
        with self._cloud.write() as tx:
            store = find.store_of(tx, host, pool)
            take_store(tx, host, pool, store, size_gib)
            now = self._cloud.now()
            ext = find.add_object(tx, OwnedKind.VOLUME, owner, our_id, store, host, name, now, now)
            tx.execute(
                "INSERT INTO volumes (ext, pool, store, size_gib) VALUES (?, ?, ?, ?)", (ext, pool, store, size_gib)
            )
        return ext

    def add_network(self, host: str, name: str, cidr: str, *, owner: str | None = None, our_id: str = "") -> str:
        """A network that nobody asked us for; returns its external id."""
        with self._cloud.write() as tx:
            find.check_host(tx, host)
            now = self._cloud.now()
            ext = find.add_object(tx, OwnedKind.NETWORK, owner, our_id, host, host, name, now, now)
            tx.execute("INSERT INTO networks VALUES (?, 'isolated', ?, '', NULL)", (ext, cidr))
        return ext

    def dump(self) -> str:
        """Everything that lies in the cloud, as text: two that are equal are the same to the last bit."""
        tables = "hosts stores pools objects adopted instances nics nic_groups networks security_groups images volumes"
        with self._cloud.read() as tx:
            return "\n".join(
                f"{table} {tuple(row)}"
                for table in (
                    *tables.split(),
                    "snapshots",
                    "snapshot_volumes",
                    "volume_snapshots",
                    "floating_addresses",
                    "tenants",
                    "tenancy",
                )
                for row in tx.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 the names above
            )

    def duplicate(self, instance: str) -> str:
        """A second instance with the same mark on the same host, with nothing plugged; returns its external id."""
        with self._cloud.read() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
        return self.add_instance(
            row["host"],
            row["name"],
            vcpus=row["vcpus"],
            memory_mib=row["memory_mib"],
            disk_gib=row["disk_gib"],
            owner=row["owner"],
            our_id=row["id"],
        )

    def write(self, which: str, text: str) -> None:
        """Let the guest write ``text`` to its root disk, or to a volume."""
        with self._cloud.write() as tx:
            ext = self._find(tx, which)["ext"]
            tx.execute("UPDATE instances SET content = ? WHERE ext = ?", (text, ext))
            tx.execute("UPDATE volumes SET content = ? WHERE ext = ?", (text, ext))

    def read(self, which: str) -> str:
        """What was last written to the root disk or volume."""
        with self._cloud.read() as tx:
            ext = self._find(tx, which)["ext"]
            return str(
                tx.execute(
                    "SELECT content FROM instances WHERE ext = ? UNION ALL SELECT content FROM volumes WHERE ext = ?",
                    (ext, ext),
                ).fetchone()[0]
            )

    def seed(self, instance: str) -> dict[str, object]:
        """What the guest was given to read at its first start: host name, keys, user data."""
        with self._cloud.read() as tx:
            seed: dict[str, object] = json.loads(find.instance_row(tx, self._find(tx, instance)["ext"])["seed"])
        return seed
