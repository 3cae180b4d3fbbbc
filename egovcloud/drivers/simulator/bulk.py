"""Many objects at once, as if they had been made long ago: a city of 1,500 machines in one transaction.

The rows are those that the driver's own calls would have left, so that every later call finds its work; only the log
of calls has no entries for them. Times are seconds since the epoch, sizes are bytes where they are not in GiB.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from egovcloud.drivers.base import ImageSpec, InstanceSpec, NetworkSpec, OwnedKind, Power, SecurityGroupSpec, VolumeSpec
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.cloudfile import CloudFile
from egovcloud.drivers.simulator.parts.instances import _seed as seed_of
from egovcloud.drivers.simulator.removal import charge, commit

BOOT_SECONDS = 3.0


@dataclass(frozen=True)
class There:
    """What every object has: the cloud's name for it, and when it was made."""

    external_id: str
    at: float


@dataclass(frozen=True)
class ImageThere(There):
    host: str
    pool: str
    spec: ImageSpec
    allocated: int


@dataclass(frozen=True)
class NetworkThere(There):
    host: str
    spec: NetworkSpec


@dataclass(frozen=True)
class GroupThere(There):
    host: str
    spec: SecurityGroupSpec


@dataclass(frozen=True)
class InstanceThere(There):
    """``since`` is when it last started or stopped."""

    spec: InstanceSpec
    power: Power
    since: float
    allocated: int


@dataclass(frozen=True)
class VolumeThere(There):
    """``instance`` is the external id of the instance that holds it as ``target``."""

    spec: VolumeSpec
    allocated: int
    instance: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class SnapshotThere(There):
    """``instance`` is the external id of the instance whose disks it keeps."""

    id: str
    host: str
    instance: str
    external: bool
    quiesced: bool
    allocated: int


def fill(path: Path | str, owner: str, things: Iterable[There]) -> None:
    """Enter all of them, marked as ``owner``'s. What an instance refers to must be among them, on its host."""
    ordered = sorted(things, key=lambda thing: (thing.at, thing.external_id))
    with CloudFile(path).write() as tx:
        stores = {(host, pool): store for host, pool, store in tx.execute("SELECT host, name, store FROM pools")}
        filler = _Filler(tx, owner, stores)
        filler.images([t for t in ordered if isinstance(t, ImageThere)])
        filler.networks([t for t in ordered if isinstance(t, NetworkThere)])
        filler.groups([t for t in ordered if isinstance(t, GroupThere)])
        filler.instances([t for t in ordered if isinstance(t, InstanceThere)])
        filler.volumes([t for t in ordered if isinstance(t, VolumeThere)])
        filler.snapshots([t for t in ordered if isinstance(t, SnapshotThere)])


@dataclass(frozen=True)
class _Filler:
    tx: sqlite3.Connection
    owner: str
    stores: dict[tuple[str, str], str]

    def _objects(self, rows: Iterable[tuple[There, OwnedKind, str, str, str, str]]) -> None:
        """(thing, kind, our id, scope, host, name)."""
        self.tx.executemany(
            "INSERT INTO objects (ext, kind, owner, id, scope, host, name, created_at, visible_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(t.external_id, kind, self.owner, *rest, t.at, t.at) for t, kind, *rest in rows],
        )

    def images(self, things: Sequence[ImageThere]) -> None:
        self._objects((t, OwnedKind.IMAGE, t.spec.id, self.stores[t.host, t.pool], t.host, t.spec.name) for t in things)
        for t in things:
            store = self.stores[t.host, t.pool]
            values = (t.external_id, store, t.spec.sha256, t.spec.min_disk_gib, t.allocated)
            self.tx.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?)", values)
            charge(self.tx, store, 0, t.allocated)

    def networks(self, things: Sequence[NetworkThere]) -> None:
        self._objects((t, OwnedKind.NETWORK, t.spec.id, t.host, t.host, t.spec.name) for t in things)
        self.tx.executemany(
            "INSERT INTO networks VALUES (?, ?, ?, ?, ?)",
            [(t.external_id, t.spec.mode, t.spec.cidr, t.spec.gateway, t.spec.bridge) for t in things],
        )

    def groups(self, things: Sequence[GroupThere]) -> None:
        specs = {t.spec.id: t.spec for t in things}  # a group is on many hosts
        rules = {id_: json.dumps([asdict(rule) for rule in spec.rules]) for id_, spec in specs.items()}
        self._objects((t, OwnedKind.SECURITY_GROUP, t.spec.id, t.host, t.host, t.spec.name) for t in things)
        self.tx.executemany(
            "INSERT INTO security_groups VALUES (?, ?)",
            [(t.external_id, rules[t.spec.id]) for t in things],
        )

    def instances(self, things: Sequence[InstanceThere]) -> None:
        self._objects((t, OwnedKind.INSTANCE, t.spec.id, t.spec.host, t.spec.host, t.spec.name) for t in things)
        held = {
            (kind, id_, scope): ext
            for kind, id_, scope, ext in self.tx.execute("SELECT kind, id, scope, ext FROM objects")
        }
        for t in things:
            spec, stopped = t.spec, t.power is Power.STOPPED
            store = self.stores[spec.host, spec.pool]
            started = t.at if stopped else t.since
            self.tx.execute(
                "INSERT INTO instances (ext, pool, store, hostname, vcpus, memory_mib, disk_gib, allocated, image,"
                " seed, power, ready_at, stop_at, starts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    t.external_id,
                    spec.pool,
                    store,
                    spec.hostname,
                    spec.vcpus,
                    spec.memory_mib,
                    spec.disk_gib,
                    t.allocated,
                    held[OwnedKind.IMAGE, spec.image.id, store],
                    seed_of(spec),
                    t.power,
                    started + BOOT_SECONDS,
                    t.since if stopped else None,
                    json.dumps([[started, BOOT_SECONDS]]),
                ),
            )
            charge(self.tx, store, spec.disk_gib, t.allocated)
            commit(self.tx, spec.host, spec.vcpus, spec.memory_mib)
            for position, nic in enumerate(spec.nics):
                network = held[OwnedKind.NETWORK, nic.network.id, spec.host]
                self.tx.execute(
                    "INSERT INTO nics VALUES (?, ?, ?, ?, ?)", (t.external_id, position, network, nic.mac, nic.address)
                )
                guards = [held[OwnedKind.SECURITY_GROUP, group.id, spec.host] for group in nic.security_groups]
                self.tx.executemany(
                    "INSERT INTO nic_groups VALUES (?, ?, ?)", [(t.external_id, position, guard) for guard in guards]
                )

    def volumes(self, things: Sequence[VolumeThere]) -> None:
        self._objects(
            (t, OwnedKind.VOLUME, t.spec.id, self.stores[t.spec.host, t.spec.pool], t.spec.host, t.spec.name)
            for t in things
        )
        for t in things:
            store = self.stores[t.spec.host, t.spec.pool]
            values = (t.external_id, t.spec.pool, store, t.spec.size_gib, t.allocated, t.instance, t.target)
            self.tx.execute(
                "INSERT INTO volumes (ext, pool, store, size_gib, allocated, instance, target)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            charge(self.tx, store, t.spec.size_gib, t.allocated)

    def snapshots(self, things: Sequence[SnapshotThere]) -> None:
        """Those volumes belong to it that the instance held when it was taken."""
        self._objects((t, OwnedKind.SNAPSHOT, t.id, t.instance, t.host, "") for t in things)
        for t in things:
            values = (t.external_id, t.instance, int(t.external), int(t.quiesced), t.allocated, "")
            self.tx.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?)", values)
            charge(self.tx, find.instance_row(self.tx, t.instance)["store"], 0, t.allocated)
            self.tx.execute(
                "INSERT INTO snapshot_volumes SELECT ?, v.ext, '' FROM volumes v JOIN objects o ON o.ext = v.ext"
                " WHERE v.instance = ? AND o.created_at <= ?",
                (t.external_id, t.instance, t.at),
            )
