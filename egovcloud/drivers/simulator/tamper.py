"""Hands that change what is there behind the control plane's back: shape, plugs, rules, images, hosts and pools.

``Outside`` makes and removes things; this changes them. Each call is one that an administrator with the hypervisor's
own tools could make.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from egovcloud.drivers.base import OwnedKind, RuleSpec
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.outside import Outside
from egovcloud.drivers.simulator.removal import charge


class Tamper(Outside):
    """As in ``Outside``, ``which`` is our id or the external id."""

    def _on(self, tx: sqlite3.Connection, which: str, host: str) -> str:
        """The external id of the thing that lies on this host, by our id, for what is on many, or by its own."""
        statement = "SELECT ext FROM objects WHERE (id = ? OR ext = ?) AND host = ? ORDER BY seq"
        row = tx.execute(statement, (which, which, host)).fetchone()
        return str(row[0])

    # -- instances -------------------------------------------------------------------------------------------------
    def resize_disk(self, instance: str, disk_gib: int) -> None:
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
            charge(tx, row["store"], disk_gib - row["disk_gib"], 0)
            tx.execute("UPDATE instances SET disk_gib = ? WHERE ext = ?", (disk_gib, row["ext"]))

    def reimage(self, instance: str, image: str) -> None:
        """Let its disk come from another image of ours on the same host."""
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
            tx.execute("UPDATE instances SET image = ? WHERE ext = ?", (self._on(tx, image, row["host"]), row["ext"]))

    def unplug(self, instance: str, mac: str) -> None:
        with self._cloud.write() as tx:
            ext = self._find(tx, instance)["ext"]
            tx.execute("DELETE FROM nics WHERE instance = ? AND mac = ?", (ext, mac))

    def plug(self, instance: str, network: str, mac: str, address: str) -> None:
        """Another port, in a network on the instance's host."""
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
            (position,) = tx.execute(
                "SELECT coalesce(max(position), -1) + 1 FROM nics WHERE instance = ?", (row["ext"],)
            ).fetchone()
            values = (row["ext"], position, self._on(tx, network, row["host"]), mac, address)
            tx.execute("INSERT INTO nics VALUES (?, ?, ?, ?, ?)", values)

    def rewire(self, instance: str, mac: str, network: str) -> None:
        """Its port into another network on its host."""
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
            tx.execute(
                "UPDATE nics SET network = ? WHERE instance = ? AND mac = ?",
                (self._on(tx, network, row["host"]), row["ext"], mac),
            )

    def readdress(self, instance: str, mac: str, address: str) -> None:
        with self._cloud.write() as tx:
            ext = self._find(tx, instance)["ext"]
            tx.execute("UPDATE nics SET address = ? WHERE instance = ? AND mac = ?", (address, ext, mac))

    def regroup(self, instance: str, groups: Sequence[str]) -> None:
        """Let these groups, which are on its host, guard all of its ports."""
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
            tx.execute("DELETE FROM nic_groups WHERE instance = ?", (row["ext"],))
            ports = tx.execute("SELECT position FROM nics WHERE instance = ?", (row["ext"],)).fetchall()
            guards = [self._on(tx, group, row["host"]) for group in groups]
            tx.executemany(
                "INSERT INTO nic_groups VALUES (?, ?, ?)",
                [(row["ext"], port[0], guard) for port in ports for guard in guards],
            )

    def snapshot(self, instance: str, name: str) -> str:
        """A snapshot that nobody asked us for; returns its external id."""
        with self._cloud.write() as tx:
            row = find.instance_row(tx, self._find(tx, instance)["ext"])
            now = self._cloud.now()
            ext = find.add_object(tx, OwnedKind.SNAPSHOT, None, "", row["ext"], row["host"], name, now, now)
            tx.execute("INSERT INTO snapshots VALUES (?, ?, 0, 0, 0, '')", (ext, row["ext"]))
        return ext

    def duplicate_snapshot(self, snapshot: str) -> str:
        """A second one with the same mark; returns its external id."""
        with self._cloud.write() as tx:
            row = self._find(tx, snapshot)
            values = (row["owner"], row["id"], row["scope"], row["host"], row["name"])
            now = self._cloud.now()
            ext = find.add_object(tx, OwnedKind.SNAPSHOT, *values, now, now)
            tx.execute(
                "INSERT INTO snapshots SELECT ?, instance, external, quiesced, 0, content FROM snapshots WHERE ext = ?",
                (ext, row["ext"]),
            )
        return ext

    def duplicate_volume_snapshot(self, snapshot: str) -> str:
        """A second one with the same mark; returns its external id."""
        with self._cloud.write() as tx:
            row = self._find(tx, snapshot)
            values = (row["owner"], row["id"], row["scope"], row["host"], row["name"])
            now = self._cloud.now()
            ext = find.add_object(tx, OwnedKind.VOLUME_SNAPSHOT, *values, now, now)
            tx.execute(
                "INSERT INTO volume_snapshots SELECT ?, volume, size_gib, 0, content FROM volume_snapshots"
                " WHERE ext = ?",
                (ext, row["ext"]),
            )
        return ext

    # -- volumes ---------------------------------------------------------------------------------------------------
    def attach(self, volume: str, instance: str) -> None:
        """Let the instance hold it, whoever held it before."""
        with self._cloud.write() as tx:
            ext, holder = self._find(tx, volume)["ext"], self._find(tx, instance)["ext"]
            tx.execute("UPDATE volumes SET instance = ?, target = 'vdz', detach_at = NULL WHERE ext = ?", (holder, ext))

    def resize_volume(self, volume: str, size_gib: int) -> None:
        with self._cloud.write() as tx:
            row = find.volume_row(tx, self._find(tx, volume)["ext"])
            charge(tx, row["store"], size_gib - row["size_gib"], 0)
            tx.execute("UPDATE volumes SET size_gib = ? WHERE ext = ?", (size_gib, row["ext"]))

    # -- floating addresses ----------------------------------------------------------------------------------------
    def point(self, floating_address: str, instance: str | None) -> None:
        """Let it lead to the instance, or to nobody."""
        with self._cloud.write() as tx:
            holder = self._find(tx, instance)["ext"] if instance else None
            ext = self._find(tx, floating_address)["ext"]
            tx.execute("UPDATE floating_addresses SET instance = ? WHERE ext = ?", (holder, ext))

    # -- what instances need ---------------------------------------------------------------------------------------
    def change_network(self, network: str, host: str, **changes: str | None) -> None:
        """Another ``mode``, ``cidr``, ``gateway`` or ``bridge``."""
        with self._cloud.write() as tx:
            ext = self._on(tx, network, host)
            for column in ("mode", "cidr", "gateway", "bridge"):
                if column in changes:
                    statement = f"UPDATE networks SET {column} = ? WHERE ext = ?"  # noqa: S608 one of four
                    tx.execute(statement, (changes[column], ext))

    def rules(self, group: str, host: str, rules: Sequence[RuleSpec]) -> None:
        """Exactly these."""
        with self._cloud.write() as tx:
            text = json.dumps([asdict(rule) for rule in rules])
            tx.execute("UPDATE security_groups SET rules = ? WHERE ext = ?", (text, self._on(tx, group, host)))

    def lose(self, which: str, host: str) -> None:
        """A network, group or image is gone from a host, though something there still refers to it by its name."""
        with self._cloud.write() as tx:
            ext, lost = self._on(tx, which, host), find.lost(which, host)
            tx.execute("UPDATE nics SET network = ? WHERE network = ?", (lost, ext))
            tx.execute("UPDATE nic_groups SET security_group = ? WHERE security_group = ?", (lost, ext))
            for table in ("networks", "security_groups", "images"):
                tx.execute(f"DELETE FROM {table} WHERE ext = ?", (ext,))  # noqa: S608 one of three
            find.remove_object(tx, ext)

    def alter_image(self, image: str, host: str) -> None:
        """Its content is another one now."""
        with self._cloud.write() as tx:
            tx.execute("UPDATE images SET sha256 = ? WHERE ext = ?", ("f" * 64, self._on(tx, image, host)))

    # -- hosts and pools -------------------------------------------------------------------------------------------
    def resize_host(self, host: str, vcpus: int, memory_mib: int) -> None:
        with self._cloud.write() as tx:
            tx.execute("UPDATE hosts SET vcpus = ?, memory_mib = ? WHERE name = ?", (vcpus, memory_mib, host))

    def remove_host(self, host: str) -> None:
        """The cloud names it no more."""
        with self._cloud.write() as tx:
            tx.execute("DELETE FROM hosts WHERE name = ?", (host,))

    def resize_pool(self, host: str, pool: str, capacity_gib: float) -> None:
        with self._cloud.write() as tx:
            tx.execute(
                "UPDATE stores SET capacity_gib = ? WHERE name = ?", (capacity_gib, find.store_of(tx, host, pool))
            )

    def remove_pool(self, host: str, pool: str) -> None:
        """The host lists it no more; what lies in it stays."""
        with self._cloud.write() as tx:
            tx.execute("DELETE FROM pools WHERE host = ? AND name = ?", (host, pool))
