"""Domains and volumes that others made: looked at, marked, and given back as they were.

A domain is addressed by its UUID, so that this is the id under which it can be adopted. The mark is metadata, which
libvirt sets while the domain runs (https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainSetMetadata).
"""

from __future__ import annotations

from contextlib import suppress

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, NotFound, Unsupported
from egovcloud.drivers.adoption import Found, FoundDisk, FoundNic
from egovcloud.drivers.base import OwnedKind, Ref
from egovcloud.drivers.libvirt import (
    adopted_volumes,
    disk_xml,
    domains,
    internal_snapshots,
    layers,
    networks,
    pool_xml,
    storage,
    volumes,
)
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, el, legal, parse, render
from egovcloud.drivers.libvirt.naming import NAMESPACE

FORMATS = frozenset({"raw", "qcow2"})
_KEY = "egov"
_SOURCES = (
    libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
    libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
    libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
)


# -- domains ---------------------------------------------------------------------------------------------------------
def inspect_instance(session: Session, external_id: str) -> Found | None:
    """``None`` once the host has answered that there is no such domain."""
    domain = _lookup(session, external_id)
    if domain is None:
        return None
    document = domains.read(domain, live=not domain.isPersistent())
    owner = _owner(session, domain)
    disks = _disks(session, domain, document)
    return Found(
        OwnedKind.INSTANCE,
        external_id,
        session.host,
        str(domain.name()),
        id=external_id,
        owner=owner,
        our_id=external_id if owner == "ours" else None,
        power=domains.power(domain),
        vcpus=_vcpus(document),
        memory_mib=domains.memory_mib(document),
        size_gib=sum(disk.size_gib for disk in disks),
        pool=disks[0].pool if disks else None,
        disks=disks,
        nics=_nics(session, domain, document),
        obstacle=None if domain.isPersistent() else Conflict("adoption.transient", name=str(domain.name())),
    )


def _vcpus(document: Element) -> int:
    """Those that are on; a definition may allow for more."""
    node = document.find("vcpu")
    return 0 if node is None else int(node.get("current") or node.text or 0)


def _lookup(session: Session, external_id: str) -> libvirt.virDomain | None:
    try:
        return session.conn.lookupByUUIDString(external_id)
    except libvirt.libvirtError as error:
        if is_absent(error) or code(error) == libvirt.VIR_ERR_INVALID_ARG:
            return None
        raise


def _owner(session: Session, domain: libvirt.virDomain) -> str:
    """A clone brings the mark of what it was cloned from: with another id it means nothing."""
    marker = domains.marker_of(domain)
    if marker is None:
        return ""
    if domains.is_ours(session, marker, domain.UUIDString()):
        return "ours"
    return "" if marker.installation == session.names.installation else "other"


def _disks(session: Session, domain: libvirt.virDomain, document: Element) -> tuple[FoundDisk, ...]:
    """Those that the guest can write to, with the pool of ours that each lies in."""
    for name, config in session.config.pools.items():
        if config.files:
            storage.refresh(storage.open_pool(session, name))
    return tuple(_disk(session, domain, node) for node in domains.writable(document))


def _disk(session: Session, domain: libvirt.virDomain, node: Element) -> FoundDisk:
    target, path = disk_xml.target_of(node), disk_xml.source_of(node)
    if (layer := storage.layer(session, path) if path else None) is not None:
        pool = storage.name_of(session, session.conn.storageVolLookupByPath(path))
        return FoundDisk(target, layer.capacity / pool_xml.GIB, pool if pool in session.config.pools else None)
    size = 0
    with suppress(libvirt.libvirtError):  # of a disk in no pool only the hypervisor may know
        size = int(domain.blockInfo(target)[0])
    return FoundDisk(target, size / pool_xml.GIB)


def _nics(session: Session, domain: libvirt.virDomain, document: Element) -> tuple[FoundNic, ...]:
    seen = _addresses(domain)
    found = []
    for node in document.iterfind("devices/interface"):
        hardware, source = node.find("mac"), node.find("source")
        mac = "" if hardware is None else hardware.get("address", "").lower()
        if not mac:
            continue
        name = "" if source is None else next((source.get(key, "") for key in _SOURCE_KEYS if source.get(key)), "")
        network_id, reserved = _network(session, name, mac) if node.get("type") == "network" else (None, None)
        found.append(FoundNic(mac, seen.get(mac) or reserved, name, network_id))
    return tuple(found)


_SOURCE_KEYS = ("network", "bridge", "dev", "portgroup")


def _addresses(domain: libvirt.virDomain) -> dict[str, str]:
    """MAC → the first IPv4 address that a lease, the guest's agent or the host's own table tells."""
    found: dict[str, str] = {}
    if not domains.is_active(domain):
        return found
    for source in _SOURCES:
        with suppress(libvirt.libvirtError):  # no lease, no agent: the next source may know
            for interface in domain.interfaceAddresses(source, 0).values():
                for one in interface["addrs"] or ():
                    if one["type"] == libvirt.VIR_IP_ADDR_TYPE_IPV4 and interface["hwaddr"]:
                        found.setdefault(interface["hwaddr"].lower(), one["addr"])
    return found


def _network(session: Session, name: str, mac: str) -> tuple[str | None, str | None]:
    """Our id of the network of that name, where it is ours, and the address that it reserves for the card."""
    try:
        network = session.conn.networkLookupByName(name)
        uuid = network.UUIDString()
        document = parse(network.XMLDesc(0))
        ours = networks.is_ours(session, network, uuid)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None, None
        raise
    reserved = next((h.get("ip") for h in document.iterfind("ip/dhcp/host") if h.get("mac", "").lower() == mac), None)
    return (uuid if ours else None), reserved


def adopt_instance(session: Session, external_id: str, instance_id: str) -> Ref:
    """Metadata, live where it runs and in its definition; nothing else is touched."""
    domain = _lookup(session, external_id)
    if domain is None:
        raise NotFound("adoption.absent", external_id=external_id, host=session.host)
    owner = _owner(session, domain)
    if owner == "other":
        raise Forbidden("driver.foreign", external_id=external_id, host=session.host)
    if external_id != instance_id:
        raise Conflict("adoption.taken", name=str(domain.name()), id=external_id)
    if owner != "ours":
        if not domain.isPersistent():
            raise Conflict("adoption.transient", name=str(domain.name()))
        mark = el(
            "object",
            installation=session.names.installation,
            kind="instance",
            id=instance_id,
            name=legal(str(domain.name())),
            **{domains.ADOPTED: "yes"},
        )
        _set_mark(domain, render(mark))
        session.step("adopt.marked")
    return Ref(external_id, session.host)


def _set_mark(domain: libvirt.virDomain, xml: str | None) -> None:
    flags = domains.CONFIG | (domains.LIVE if domains.is_active(domain) else 0)
    domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, xml, _KEY, NAMESPACE, flags)


def release_instance(session: Session, instance_id: str) -> None:
    """Absent or unmarked succeeds."""
    domain = domains.find(session, instance_id)
    if domain is None:
        return
    if not domains.is_adopted(domain):
        raise Conflict("release.own", id=instance_id)
    taken = len(internal_snapshots.names(session, domain)) + len(layers.snapshots(session, domain))
    if taken:
        raise Conflict("release.snapshots", id=instance_id, count=taken)
    _set_mark(domain, None)


# -- volumes ---------------------------------------------------------------------------------------------------------
def inspect_volume(session: Session, external_id: str) -> Found | None:
    """By its path; ``None`` when no configured pool holds it."""
    for name in session.config.pools:
        storage.refresh(storage.open_pool(session, name))
    layer = storage.layer(session, external_id)
    pool = None if layer is None else storage.name_of(session, session.conn.storageVolLookupByPath(external_id))
    if layer is None or pool not in session.config.pools:
        return None
    digest = session.names.digest(external_id)
    adopted = next((id_ for id_, known in adopted_volumes.marks(session).items() if known == digest), None)
    parsed = session.names.parse_file(layer.name)
    our_id = adopted or (parsed.id if parsed is not None and parsed.role == "vol" else None)
    holder = _holder(session, external_id)
    return Found(
        OwnedKind.VOLUME,
        external_id,
        session.host,
        layer.name,
        owner="ours" if our_id or parsed else ("other" if session.names.is_a_mark(layer.name) else ""),
        our_id=our_id,
        size_gib=layer.capacity / pool_xml.GIB,
        pool=pool,
        instance=holder[0] if holder else None,
        device=holder[1] if holder else None,
        obstacle=None if layer.format in FORMATS else Unsupported("adoption.format", format=layer.format),
    )


def _holder(session: Session, path: str) -> tuple[str, str] | None:
    """UUID of the domain that has the file among its disks, and the guest's device."""
    for domain in session.conn.listAllDomains(0):
        try:
            for node in domains.disks(domains.read(domain, live=domains.is_active(domain))):
                if disk_xml.source_of(node) == path:
                    return domain.UUIDString(), disk_xml.target_of(node)
        except libvirt.libvirtError as error:
            if not is_absent(error):
                raise
    return None


def adopt_volume(session: Session, pool_name: str, external_id: str, volume_id: str) -> Ref:
    storage.config_of(session, pool_name)
    found = inspect_volume(session, external_id)
    if found is None or found.pool != pool_name:
        raise NotFound("adoption.absent", external_id=external_id, host=session.host)
    if found.owner == "other":
        raise Forbidden("driver.foreign", external_id=external_id, host=session.host)
    if found.owner == "ours" and found.our_id != volume_id:
        raise Conflict("adoption.taken", name=found.name, id=found.our_id or "-")
    if found.our_id is None:
        if found.obstacle is not None:
            raise found.obstacle
        adopted_volumes.put(session, volume_id, external_id)
        session.step("adopt.marked")
    return Ref(external_id, session.host)


def release_volume(session: Session, pool_name: str, volume_id: str) -> None:
    """Absent or unmarked succeeds."""
    storage.config_of(session, pool_name)
    if volume_id not in adopted_volumes.marks(session):
        if volumes.find(session, pool_name, volume_id) is not None:
            raise Conflict("release.own", id=volume_id)
        return
    user = volumes.user_of(session, volume_id)
    if user is not None:
        raise Conflict("volume.in_use", id=volume_id, instance=user[0].UUIDString())
    adopted_volumes.remove(session, volume_id)
