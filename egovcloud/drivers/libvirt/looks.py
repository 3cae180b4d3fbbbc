"""What a host's own documents say of our things, read once for each object that libvirt lists.

libvirt lists objects in bulk and hands out their documents one by one; nothing here asks for a document twice, nor for
anything that no document holds: that stays ``None``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

import libvirt

from egovcloud.drivers.libvirt import disk_xml, domains, internal_snapshots, nwfilter_xml
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, parse
from egovcloud.drivers.survey import FOREIGN, GroupLook, InstanceLook, NetworkLook, NicLook, VolumeLook

_MODES = {"nat": "nat", "bridge": "bridged", "": "isolated"}


@dataclass
class Plugged:
    """What the host's domains have in hand: holders of volumes, and where a layer lies above one."""

    holders: dict[str, str] = field(default_factory=dict)
    layered: set[str] = field(default_factory=set)

    def note(self, session: Session, document: Element, holder: str) -> None:
        """The data volumes of ours in this domain, whoever's domain it is."""
        for node in domains.disks(document):
            path = disk_xml.source_of(node)
            parsed = session.names.parse_file(path.rpartition("/")[2])
            volume = disk_xml.volume_of(node) or (parsed.id if parsed is not None and parsed.role == "vol" else None)
            if volume is None:
                continue
            self.holders[volume] = holder
            if parsed is None or parsed.role != "vol":
                self.layered.add(volume)


def instance(
    session: Session, domain: libvirt.virDomain, document: Element, guards: Mapping[str, tuple[str, ...]]
) -> InstanceLook:
    """``document`` is what runs where it runs; ``guards`` maps the filter of a port to the groups that it names.

    The root disk's size is told by its pool, and the image only by our own mark, which proves nothing.
    """
    mine = domain.UUIDString()
    marker = domains.marker_of(domain)
    adopted = marker is not None and marker.get(domains.ADOPTED) == "yes"
    vcpu = document.find("vcpu")
    count = "0" if vcpu is None else vcpu.get("current") or vcpu.text or "0"
    snapshots = None if session.config.simulated else _foreign_snapshots(domain)
    return InstanceLook(
        vcpus=int(count),
        memory_mib=domains.memory_mib(document),
        name=domain.name(),
        given_name=marker.get("name") if marker and adopted else session.names.domain(mine),
        nics=tuple(_nic(session, node, guards) for node in document.iterfind("devices/interface")),
        foreign_disks=tuple(_foreign_disks(session, document)),
        foreign_snapshots=snapshots,
    )


def _nic(session: Session, node: Element, guards: Mapping[str, tuple[str, ...]]) -> NicLook:
    mac, source, filter_ = node.find("mac"), node.find("source"), node.find("filterref")
    name = "" if source is None else source.get("network", "")
    network = name.removeprefix("egov-") if name.startswith("egov-") else FOREIGN
    address, groups = None, None
    if filter_ is not None:
        address = next((p.get("value") for p in filter_.iterfind("parameter") if p.get("name") == "IP"), None)
        groups = guards.get(filter_.get("filter", ""), (FOREIGN,))
    elif not session.config.simulated:
        groups = ()  # nothing guards it, not even against spoofing
    return NicLook("" if mac is None else mac.get("address", "").lower(), address, network, groups)


def _foreign_disks(session: Session, document: Element) -> list[str]:
    found = []
    for node in domains.disks(document):
        path = disk_xml.source_of(node)
        if path and disk_xml.volume_of(node) is None and session.names.parse_file(path.rpartition("/")[2]) is None:
            found.append(path)
    return found


def _foreign_snapshots(domain: libvirt.virDomain) -> tuple[str, ...]:
    return tuple(name for name in domain.snapshotListNames(0) if not name.startswith(internal_snapshots.PREFIX))


def network(session: Session, one: libvirt.virNetwork, network_id: str) -> NetworkLook:
    """A bridged network has no range of its own; any other's bridge is ours to name."""
    document = parse(one.XMLDesc(0))
    forward, bridge, ip = document.find("forward"), document.find("bridge"), document.find("ip")
    word = "" if forward is None else forward.get("mode", "nat")
    mode = _MODES.get(word, word)
    name = "" if bridge is None else bridge.get("name", "")
    if mode == "bridged":
        return NetworkLook(mode, bridge=name)
    own = session.names.bridge(network_id)
    if ip is None:
        return NetworkLook(mode, cidr=FOREIGN, bridge="" if name == own else name)
    mask = ip.get("prefix") or ip.get("netmask") or "32"
    cidr = str(ipaddress.ip_network(f"{ip.get('address')}/{mask}", strict=False))
    return NetworkLook(mode, cidr, ip.get("address"), "" if name == own else name)


def filters(session: Session) -> tuple[dict[str, tuple[str, ...]], dict[str, GroupLook]]:
    """The groups that each port's filter names, and the rules of each group's filter, both by the filter's name."""
    guards: dict[str, tuple[str, ...]] = {}
    groups: dict[str, GroupLook] = {}
    if session.config.simulated:
        return guards, groups
    for one in session.conn.listAllNWFilters(0):
        role, _ = session.names.parse_filter(one.name()) or ("", "")
        if role == "nic":
            named = parse(one.XMLDesc(0)).iterfind("filterref")
            guards[one.name()] = tuple(sorted(_group(session, node.get("filter", "")) for node in named))
        elif role == "sg":
            groups[one.name()] = GroupLook(nwfilter_xml.rules_of(parse(one.XMLDesc(0))))
    return guards, groups


def _group(session: Session, name: str) -> str:
    role, our_id = session.names.parse_filter(name) or ("", "")
    return our_id if role == "sg" else FOREIGN


def volume(size_gib: int | None, our_id: str, plugged: Plugged, *, seen_elsewhere: bool) -> VolumeLook:
    """Under a snapshot's layer the guest's size is the layer's; in shared storage another host may be the holder."""
    holder = plugged.holders.get(our_id)
    if holder is None and not seen_elsewhere:
        holder = ""
    return VolumeLook(None if our_id in plugged.layered else size_gib, holder)
