"""What the services' lists say of our things: one list of each kind answers for the whole cloud.

Nothing is asked for that a list does not hold. Neutron names no router in a network's list, so that ``nat`` and
``isolated`` are told apart by the subnet's gateway, which only the former has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from egovcloud.drivers.base import RuleSpec
from egovcloud.drivers.openstack import groups, images, networks, rules, volumes
from egovcloud.drivers.openstack.marker import Marker, display, name_of
from egovcloud.drivers.openstack.service import Json
from egovcloud.drivers.survey import (
    FOREIGN,
    GroupLook,
    InstanceLook,
    NetworkLook,
    NicLook,
    VolumeLook,
    VolumeSnapshotLook,
)


@dataclass
class Lists:
    """What the services listed, and our ids of it by theirs."""

    marker: Marker
    servers: list[Json]
    volumes: list[Json]
    volume_snapshots: list[Json]
    images: list[Json]
    networks: list[Json]
    subnets: list[Json]
    groups: list[Json]
    ports: list[Json]
    floating: list[Json] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.servers:
            self._know(one, self.marker.of_tags(one.get("tags") or ()))
        for one in self.volumes:
            self._know(one, self.marker.of_properties(volumes.KIND, one["metadata"]))
        for one in self.images:
            self._know(one, images.ours(self.marker, images.KIND, one))
        for one in self.networks:
            self._know(one, self.marker.of_description(networks.KIND, one.get("description")))
        for one in self.groups:
            self._know(one, self.marker.of_description(groups.KIND, one.get("description")))
            if self.marker.of_description(groups.OPEN, one.get("description")):
                self.ids[str(one["id"])] = ""

    def _know(self, one: Json, our_id: str | None) -> None:
        if our_id is not None:
            self.ids[str(one["id"])] = our_id

    def ours(self, theirs: object) -> str:
        """Our id of a thing; ``FOREIGN`` for what is not ours."""
        return self.ids.get(str(theirs), FOREIGN)

    def plugged(self) -> Mapping[str, list[Json]]:
        """Ports by the server that has them."""
        found: dict[str, list[Json]] = {}
        for port in self.ports:
            if port.get("device_id"):
                found.setdefault(str(port["device_id"]), []).append(port)
        return found


def instance(lists: Lists, server: Json, plugged: Iterable[Json]) -> InstanceLook:
    """Root disks that are volumes of Nova's own go with their server, and are nobody's foreign disks.

    While Nova holds two sizes of a server it is neither.
    """
    sized = str(server["status"]) not in ("RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE")
    flavor = server["flavor"] if sized else {}
    given = name_of(server["metadata"], "")
    image = server.get("image") or {}
    known = lists.ids.get(str(image.get("id"))) if isinstance(image, dict) else None
    return InstanceLook(
        vcpus=_count(flavor.get("vcpus")),
        memory_mib=_count(flavor.get("ram")),
        disk_gib=_count(flavor.get("disk")) or None,
        image=known or None,
        name=str(server["name"]),
        given_name=display(given, "") or None,
        nics=tuple(_nic(lists, port) for port in plugged),
    )


def _count(value: object) -> int | None:
    return None if value is None else int(str(value))


def _nic(lists: Lists, port: Json) -> NicLook:
    fixed = port.get("fixed_ips") or []
    named = sorted(lists.ours(one) for one in port.get("security_groups") or ())
    return NicLook(
        str(port["mac_address"]).lower(),
        str(fixed[0]["ip_address"]) if fixed else None,
        lists.ours(port["network_id"]),
        tuple(one for one in named if one),  # the group of what no group guards belongs to no row
    )


def volume(lists: Lists, one: Json) -> VolumeLook:
    """What Cinder has in hand is at nobody's for certain."""
    if str(one["status"]) in volumes.PASSING:
        return VolumeLook(_count(one.get("size")))
    held = next((str(each["server_id"]) for each in one.get("attachments") or ()), None)
    return VolumeLook(_count(one.get("size")), "" if held is None else lists.ours(held))


def volume_snapshot(lists: Lists, one: Json) -> VolumeSnapshotLook:
    return VolumeSnapshotLook(lists.ours(one["volume_id"]), _count(one.get("size")))


def network(lists: Lists, one: Json) -> NetworkLook:
    """https://docs.openstack.org/api-ref/network/v2/#show-network-details"""
    subnet = next((each for each in lists.subnets if each["network_id"] == one["id"]), None)
    physical = str(one.get("provider:physical_network") or "")
    vlan = one.get("provider:segmentation_id") if one.get("provider:network_type") == "vlan" else None
    bridged = bool(physical) and subnet is not None and not subnet.get("enable_dhcp")
    bridge = (f"{physical}:{vlan}" if vlan else physical) if bridged else ""
    if subnet is None:
        return NetworkLook(cidr=FOREIGN)
    gateway = subnet.get("gateway_ip")
    mode = "bridged" if bridged else "nat" if gateway else "isolated"
    return NetworkLook(mode, str(subnet["cidr"]), str(gateway) if gateway else None, bridge)


def group(one: Json) -> GroupLook:
    """Without those that Neutron needs for open egress, which no row names."""
    taken_for_granted = rules.wanted(())
    listed = [rules.of_answer(rule) for rule in one.get("security_group_rules") or ()]
    known = [rule for rule in listed if rule is not None]
    if not taken_for_granted <= set(known):
        taken_for_granted = set()
    found = [_spec(rule) for rule in known if rule not in taken_for_granted]
    found += [RuleSpec("ingress", "group", None, None, FOREIGN) for rule in listed if rule is None]
    return GroupLook(tuple(found))


def _spec(rule: rules.Rule) -> RuleSpec:
    return RuleSpec(rule.direction, rule.protocol or "any", rule.port_min, rule.port_max, rule.cidr)
