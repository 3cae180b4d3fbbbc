"""Where machines go, and which addresses they get; the sums stay with the hosts and pools."""

from __future__ import annotations

from heapq import heappop, heappush
from ipaddress import IPv4Address
from typing import Any

from egovcloud.cli.local.demo.city import City, HostRoom, Machine, Row
from egovcloud.cli.local.demo.places import DISK_RATIO
from egovcloud.domain.ids import derived_id, mac_address
from egovcloud.scheduler import Ask, HostView, StorageView, place

# Where each kind of flavor belongs, by its first letter; in other zones there is one pool for all.
_POOLS = {"m": "database", "x": "domestic"}


def fits(host: HostRoom, vcpus: int, memory_mib: int, disk_gib: int) -> bool:
    """Whether placement would let it in."""
    promised = host.pool["allocated_gib"] + disk_gib
    return bool(
        host.row["state"] == "enabled"
        and host.row["health"] == "up"
        and host.row["vcpus_allocated"] + vcpus <= host.row["vcpus"] * host.vcpu_ratio
        and memory_mib <= host.free_memory
        and promised <= host.pool["capacity_gib"] * DISK_RATIO
    )


def choose(
    city: City, zone: str, flavor_key: str, flavor: Row, disk_gib: int, avoid: frozenset[str] = frozenset()
) -> HostRoom | None:
    """The host that is liked best for what it has free, or ``None`` when the zone is full."""
    want = (flavor["vcpus"], flavor["memory_mib"], disk_gib)
    found = [h for h in city.hosts.values() if h.zone == zone and h.row["name"] not in avoid and fits(h, *want)]
    proper = [h for h in found if h.pool_key == _POOLS.get(flavor_key[0], "general")]
    if zone == "gov" and proper:
        found = proper
    return max(found, key=lambda h: (h.likes * h.free_memory / h.row["memory_mib"], h.row["name"]), default=None)


def claim(host: HostRoom, vcpus: int, memory_mib: int, disk_gib: int) -> None:
    """Take capacity; negative counts give it back."""
    host.row["vcpus_allocated"] += vcpus
    host.row["memory_allocated_mib"] += memory_mib
    host.row["generation"] += 1
    host.pool["allocated_gib"] += disk_gib


def view(city: City, host: HostRoom) -> HostView:
    """The host as placement sees it."""
    storage = StorageView(
        host.pool["id"], host.pool["name"], host.pool["capacity_gib"], host.pool["allocated_gib"], DISK_RATIO
    )
    row = host.row
    return HostView(
        id=row["id"],
        name=row["name"],
        zone_id=city.zones[host.zone]["id"],
        state=row["state"],
        health=row["health"],
        vcpus=row["vcpus"],
        memory_mib=row["memory_mib"],
        vcpus_allocated=row["vcpus_allocated"],
        memory_allocated_mib=row["memory_allocated_mib"],
        generation=row["generation"],
        vcpu_ratio=host.vcpu_ratio,
        reserved_memory_mib=row["reserved_memory_mib"],
        storage=(storage,),
    )


def because(city: City, host: HostRoom, instance: Row, disk_gib: int) -> dict[str, Any]:
    """Why this host, in placement's own words."""
    ask = Ask(instance["id"], instance["vcpus"], instance["memory_mib"], disk_gib, zone_id=instance["zone_id"])
    verdict = place(ask, [view(city, host)])[0]
    elsewhere = sum(1 for other in city.hosts.values() if other.zone != host.zone)
    return {
        "host": verdict.host_name,
        "score": verdict.score,
        "reasons": [{"name": r.name, "code": r.code, "params": dict(r.params)} for r in verdict.reasons],
        "considered": len(city.hosts),
        "refused": f"zone {elsewhere}",
    }


def plug(city: City, instance: Row, network: Row) -> Row:
    """A port with the lowest free address."""
    port_id = derived_id(instance["id"], network["id"])
    mac, turn = mac_address(port_id), 0
    while mac in city.macs:
        turn += 1
        mac = mac_address(f"{port_id}/{turn}")
    city.macs.add(mac)
    return {
        "id": port_id,
        "instance_id": instance["id"],
        "network_id": network["id"],
        "position": 0,
        "mac": mac,
        "address": str(IPv4Address(heappop(city.addresses[network["id"]]))),
    }


def unplug(city: City, machine: Machine) -> None:
    """The addresses are free again."""
    for port in machine.ports:
        heappush(city.addresses[port["network_id"]], int(IPv4Address(port["address"])))
        city.macs.discard(port["mac"])
    machine.ports = []
