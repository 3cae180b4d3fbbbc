"""Ports of an instance: network, reserved address and security groups are checked as a network service would."""

from __future__ import annotations

import ipaddress
import sqlite3
from collections.abc import Sequence
from functools import lru_cache

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import InstanceSpec, NicSpec, OwnedKind
from egovcloud.drivers.simulator import find


def plug(tx: sqlite3.Connection, owner: str, ext: str, spec: InstanceSpec) -> None:
    """Give the instance its ports; ``NotFound`` for a network or group that nobody ensured on the host."""
    for position, nic in enumerate(spec.nics):
        network = find.first(tx, OwnedKind.NETWORK, owner, nic.network.id, spec.host, None)
        if network is None:
            raise NotFound("network.absent", id=nic.network.id, host=spec.host)
        _check_address(tx, network, spec, nic)
        tx.execute("INSERT INTO nics VALUES (?, ?, ?, ?, ?)", (ext, position, network, nic.mac, nic.address))
    guard(tx, owner, ext, spec.host, spec.nics)


def guard(tx: sqlite3.Connection, owner: str, ext: str, host: str, nics: Sequence[NicSpec]) -> None:
    """Let these groups, and no others, guard the ports that have these MACs."""
    ports = {row[0]: row[1] for row in tx.execute("SELECT mac, position FROM nics WHERE instance = ?", (ext,))}
    for nic in nics:
        if nic.mac not in ports:
            raise Permanent("driver.failed", host=host, detail=f"the instance has no port {nic.mac}")
        wanted: set[str] = set()
        for group in nic.security_groups:
            held = find.first(tx, OwnedKind.SECURITY_GROUP, owner, group.id, host, None)
            if held is None:
                raise NotFound("security_group.absent", id=group.id, host=host)
            wanted.add(held)
        port = (ext, ports[nic.mac])
        now = {
            row[0]
            for row in tx.execute("SELECT security_group FROM nic_groups WHERE instance = ? AND position = ?", port)
        }
        for held in now - wanted:
            tx.execute(
                "DELETE FROM nic_groups WHERE instance = ? AND position = ? AND security_group = ?", (*port, held)
            )
        for held in wanted - now:
            tx.execute("INSERT INTO nic_groups VALUES (?, ?, ?)", (*port, held))


def _check_address(tx: sqlite3.Connection, network: str, spec: InstanceSpec, nic: NicSpec) -> None:
    """An address belongs to one instance; a duplicate of the same mark may share it, as duplicates do."""
    (cidr,) = tx.execute("SELECT cidr FROM networks WHERE ext = ?", (network,)).fetchone()
    if not _inside(nic.address, cidr):
        raise Permanent("driver.failed", host=spec.host, detail=f"address {nic.address} is not in {cidr}")
    taken = tx.execute(
        "SELECT o.id FROM nics n JOIN objects o ON o.ext = n.instance"
        " WHERE n.network = ? AND n.address = ? AND o.id <> ? LIMIT 1",
        (network, nic.address, spec.id),
    ).fetchone()
    if taken is not None:
        raise Conflict("address.in_use", address=nic.address, network=nic.network.id, host=spec.host, instance=taken[0])


@lru_cache(maxsize=1024)
def _network(cidr: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(cidr)


def _inside(address: str, cidr: str) -> bool:
    try:
        return ipaddress.IPv4Address(address) in _network(cidr)
    except ValueError:
        return False


def move_ports(tx: sqlite3.Connection, owner: str, ext: str, target: str) -> None:
    """Re-plug a migrating instance into the networks and groups of the same mark on the target host."""
    for nic in tx.execute(
        "SELECT n.position, o.id FROM nics n JOIN objects o ON o.ext = n.network WHERE n.instance = ?", (ext,)
    ).fetchall():
        network = find.first(tx, OwnedKind.NETWORK, owner, nic["id"], target, None)
        if network is None:
            raise NotFound("network.absent", id=nic["id"], host=target)
        tx.execute("UPDATE nics SET network = ? WHERE instance = ? AND position = ?", (network, ext, nic["position"]))
    for guard in tx.execute(
        "SELECT g.position, g.security_group, o.id FROM nic_groups g JOIN objects o ON o.ext = g.security_group"
        " WHERE g.instance = ?",
        (ext,),
    ).fetchall():
        group = find.first(tx, OwnedKind.SECURITY_GROUP, owner, guard["id"], target, None)
        if group is None:
            raise NotFound("security_group.absent", id=guard["id"], host=target)
        tx.execute(
            "UPDATE nic_groups SET security_group = ? WHERE instance = ? AND position = ? AND security_group = ?",
            (group, ext, guard["position"], guard["security_group"]),
        )
