"""One look at everything of ours on a host: a handful of queries in one view of the cloud, however much there is."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from egovcloud.drivers.base import Owned, OwnedKind, RuleSpec
from egovcloud.drivers.floating import FloatingLook
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.survey import (
    FOREIGN,
    GroupLook,
    ImageLook,
    InstanceLook,
    Look,
    NetworkLook,
    NicLook,
    SnapshotLook,
    Survey,
    Thing,
    VolumeLook,
    VolumeSnapshotLook,
)

_OWNED = (
    "SELECT o.kind, o.id, o.ext, o.host, o.name, i.power, i.stop_at FROM objects o"
    " LEFT JOIN instances i ON i.ext = o.ext"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ? ORDER BY o.seq"
)
_INSTANCES = (
    "SELECT i.ext, i.vcpus, i.memory_mib, i.disk_gib, i.seed, o.name, g.id AS image, g.owner AS image_owner"
    " FROM objects o JOIN instances i ON i.ext = o.ext LEFT JOIN objects g ON g.ext = i.image"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_NICS = (
    "SELECT n.instance, n.position, n.mac, n.address, t.id AS network, t.owner FROM objects o"
    " JOIN nics n ON n.instance = o.ext LEFT JOIN objects t ON t.ext = n.network"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ? ORDER BY n.position"
)
_GUARDS = (
    "SELECT g.instance, g.position, s.id, s.owner FROM objects o JOIN nic_groups g ON g.instance = o.ext"
    " LEFT JOIN objects s ON s.ext = g.security_group WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_FOREIGN_DISKS = (
    "SELECT v.instance, d.ext, d.owner, v.detach_at FROM objects o JOIN volumes v ON v.instance = o.ext"
    " JOIN objects d ON d.ext = v.ext"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ? AND d.owner IS NOT o.owner ORDER BY d.seq"
)
_FOREIGN_SNAPSHOTS = (
    "SELECT s.instance, d.ext FROM objects o JOIN snapshots s ON s.instance = o.ext"
    " JOIN objects d ON d.ext = s.ext"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ? AND d.owner IS NOT o.owner ORDER BY d.seq"
)
_VOLUMES = (
    "SELECT v.ext, v.size_gib, v.instance, v.detach_at, h.id AS holder, h.owner FROM objects o"
    " JOIN volumes v ON v.ext = o.ext LEFT JOIN objects h ON h.ext = v.instance"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_SNAPSHOTS = (
    "SELECT s.ext, h.id FROM objects o JOIN snapshots s ON s.ext = o.ext"
    " JOIN objects h ON h.ext = s.instance WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_VOLUME_SNAPSHOTS = (
    "SELECT s.ext, h.id, s.size_gib FROM objects o JOIN volume_snapshots s ON s.ext = o.ext"
    " JOIN objects h ON h.ext = s.volume WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_NETWORKS = (
    "SELECT n.ext, n.mode, n.cidr, n.gateway, n.bridge FROM objects o JOIN networks n ON n.ext = o.ext"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_GROUPS = (
    "SELECT g.ext, g.rules FROM objects o JOIN security_groups g ON g.ext = o.ext"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)
_IMAGES = (
    "SELECT i.ext, i.sha256, p.name AS pool FROM objects o JOIN images i ON i.ext = o.ext"
    " LEFT JOIN pools p ON p.store = i.store AND p.host = o.host"
    " WHERE o.host = ? AND o.owner = ? AND o.visible_at <= ?"
)

_TENANTS = "SELECT id, ext, name FROM tenants WHERE owner = ? ORDER BY ext"
_FLOATING = (
    "SELECT f.ext, o.id, f.address, f.instance, h.id AS holder, h.owner FROM objects o"
    " JOIN floating_addresses f ON f.ext = o.ext LEFT JOIN objects h ON h.ext = f.instance"
    " WHERE o.host = '' AND o.owner = ? AND o.visible_at <= ? ORDER BY o.seq"
)


class SurveyPart(Part):
    """``list_owned`` is the same look."""

    def survey(self, host: str, *, within: float) -> Survey:
        return self._survey("survey", host, within)

    def list_owned(self, host: str, *, within: float) -> Sequence[Owned]:
        return self._survey("list_owned", host, within).owned

    def _survey(self, name: str, host: str, within: float) -> Survey:
        with self.ask(name, host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            mine = (host, self.installation, call.now)
            rows = tx.execute(_OWNED, mine).fetchall()
            looks = _looks(tx, mine)
            tenants = tx.execute(_TENANTS, (self.installation,)).fetchall() if self.tenancy else []
            floating = tuple(_floating(tx, mine))
        return Survey(
            host,
            tuple(
                Thing(
                    Owned(
                        OwnedKind(row[0]), row[1], row[2], row[3], row[4], find.power(row, call.now) if row[5] else None
                    ),
                    looks.get(row[2]),
                )
                for row in rows
            )
            + tuple(Thing(Owned(OwnedKind.TENANT, row["id"], row["ext"], host, row["name"])) for row in tenants)
            + floating,
        )


def _looks(tx: sqlite3.Connection, mine: tuple[str, str, float]) -> Mapping[str, Look]:
    """By external id."""
    owner, now = mine[1], mine[2]
    looks: dict[str, Look] = dict(_instances(tx, mine))
    for row in tx.execute(_VOLUMES, mine):
        holder = _ours(row["holder"], row["owner"], owner) if find.attached(row, now) else ""
        looks[row["ext"]] = VolumeLook(row["size_gib"], holder)
    for row in tx.execute(_SNAPSHOTS, mine):
        looks[row[0]] = SnapshotLook(row[1])
    for row in tx.execute(_VOLUME_SNAPSHOTS, mine):
        looks[row[0]] = VolumeSnapshotLook(row[1], row[2])
    for row in tx.execute(_NETWORKS, mine):
        looks[row[0]] = NetworkLook(row[1], row[2], row[3], row[4] or "")
    for row in tx.execute(_GROUPS, mine):
        looks[row[0]] = GroupLook(tuple(RuleSpec(**rule) for rule in json.loads(row[1])))
    for row in tx.execute(_IMAGES, mine):
        looks[row[0]] = ImageLook(row["pool"], row["sha256"])
    return looks


def _floating(tx: sqlite3.Connection, mine: tuple[str, str, float]) -> Iterator[Thing]:
    """Those of the whole cloud, on whichever host one asks."""
    host, owner, now = mine
    for row in tx.execute(_FLOATING, (owner, now)):
        holder = _ours(row["holder"], row["owner"], owner) if row["instance"] is not None else ""
        owned = Owned(OwnedKind.FLOATING_ADDRESS, row["id"], row["ext"], host, row["address"])
        yield Thing(owned, FloatingLook(row["address"], holder))


def _instances(tx: sqlite3.Connection, mine: tuple[str, str, float]) -> dict[str, InstanceLook]:
    owner, now = mine[1], mine[2]
    guards: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in tx.execute(_GUARDS, mine):
        guards[row[0], row[1]].append(_ours(row[2], row[3], owner))
    nics: dict[str, list[NicLook]] = defaultdict(list)
    for row in tx.execute(_NICS, mine):
        network = _ours(row["network"], row["owner"], owner)
        groups = tuple(sorted(guards[row["instance"], row["position"]]))
        nics[row["instance"]].append(NicLook(row["mac"], row["address"], network, groups))
    disks: dict[str, list[str]] = defaultdict(list)
    for row in tx.execute(_FOREIGN_DISKS, mine):
        if find.attached(row, now):
            disks[row[0]].append(row[1])
    snapshots: dict[str, list[str]] = defaultdict(list)
    for row in tx.execute(_FOREIGN_SNAPSHOTS, mine):
        snapshots[row[0]].append(row[1])
    return {
        row["ext"]: InstanceLook(
            vcpus=row["vcpus"],
            memory_mib=row["memory_mib"],
            disk_gib=row["disk_gib"],
            image=row["image"] if row["image_owner"] == owner else None,
            name=row["name"],
            given_name=json.loads(row["seed"]).get("name"),
            nics=tuple(nics[row["ext"]]),
            foreign_disks=tuple(disks[row["ext"]]),
            foreign_snapshots=tuple(snapshots[row["ext"]]),
        )
        for row in tx.execute(_INSTANCES, mine)
    }


def _ours(our_id: str | None, marked: str | None, owner: str) -> str:
    """Our id of a thing, or the word for what is not ours."""
    return our_id if our_id and marked == owner else FOREIGN
