"""Finding an instance's domain, reading it, and changing its definition."""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.drivers.base import InstanceFacts, Power, Ref
from egovcloud.drivers.libvirt import disk_xml
from egovcloud.drivers.libvirt.domain_xml import AGENT
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, Marker, ours, parse, read_mark, render

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG
INACTIVE = libvirt.VIR_DOMAIN_XML_INACTIVE
SECURE = libvirt.VIR_DOMAIN_XML_SECURE
ADOPTED = "adopted"  # attribute of the marker of what others made
UNIT_KIB = {"KiB": 1, "MiB": 1024, "GiB": 1024 * 1024}

_POWER = {
    libvirt.VIR_DOMAIN_RUNNING: Power.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: Power.RUNNING,
    libvirt.VIR_DOMAIN_SHUTDOWN: Power.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: Power.PAUSED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: Power.PAUSED,
    libvirt.VIR_DOMAIN_SHUTOFF: Power.STOPPED,
    libvirt.VIR_DOMAIN_CRASHED: Power.CRASHED,
}


def find(session: Session, instance_id: str) -> libvirt.virDomain | None:
    """Our domain of that id; ``None`` when the host answers that there is none, or none of ours."""
    try:
        domain = session.conn.lookupByUUIDString(instance_id)
        marker = marker_of(domain)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise
    return domain if is_ours(session, marker, instance_id) else None


def refuse_foreign(session: Session, uuid: str, our_id: str) -> None:
    """``Forbidden("driver.foreign")`` when a domain of that UUID exists and is not our instance ``our_id``."""
    try:
        marker = marker_of(session.conn.lookupByUUIDString(uuid))
    except libvirt.libvirtError as error:
        if is_absent(error) or code(error) == libvirt.VIR_ERR_INVALID_ARG:
            return
        raise
    if uuid != our_id or not is_ours(session, marker, our_id):
        raise Forbidden("driver.foreign", external_id=uuid, host=session.host)


def get(session: Session, instance_id: str) -> libvirt.virDomain:
    """Our domain; ``NotFound("instance.absent")`` when there is none."""
    domain = find(session, instance_id)
    if domain is None:
        raise NotFound("instance.absent", id=instance_id, host=session.host)
    return domain


def marker_of(domain: libvirt.virDomain) -> Marker | None:
    return read_mark(parse(domain.XMLDesc(INACTIVE if domain.isPersistent() else 0)))


def is_adopted(domain: libvirt.virDomain) -> bool:
    """Whether our domain was made by others, so that its disks are not ours to remove."""
    marker = marker_of(domain)
    return marker is not None and marker.get(ADOPTED) == "yes"


def refuse_adopted(domain: libvirt.virDomain | None) -> None:
    """``Conflict("adoption.kept")`` for what others made."""
    if domain is not None and is_adopted(domain):
        raise Conflict("adoption.kept", id=domain.UUIDString())


def is_ours(session: Session, marker: Marker | None, instance_id: str) -> bool:
    if marker is None:
        return False
    return (marker.installation, marker.kind, marker.id) == (session.names.installation, "instance", instance_id)


def read(domain: libvirt.virDomain, *, live: bool) -> Element:
    """The definition, or with ``live`` what runs now."""
    return parse(domain.XMLDesc(0 if live else INACTIVE))


def is_active(domain: libvirt.virDomain) -> bool:
    return bool(domain.isActive())


def disks(document: Element) -> list[Element]:
    return list(document.iterfind("devices/disk"))


def writable(document: Element) -> list[Element]:
    """Root disk and data volumes, without the seed."""
    return [node for node in disks(document) if node.find("readonly") is None]


def disk_of_volume(document: Element, volume_id: str) -> Element | None:
    return next((node for node in disks(document) if disk_xml.volume_of(node) == volume_id), None)


def ports(document: Element) -> list[dict[str, str]]:
    """``network``, ``mac``, ``address`` and ``mode`` of each port, as our metadata holds them."""
    return [dict(node.attrib) for node in document.iterfind(f"metadata/{ours('object')}/{ours('port')}")]


def mark_attribute(domain: libvirt.virDomain, session: Session, key: str, value: str | None) -> None:
    """Set or drop one attribute of our marker in the definition."""
    document = read(domain, live=False)
    node = document.find(f"metadata/{ours('object')}")
    if node is None or node.get(key) == value:
        return
    if value is None:
        node.attrib.pop(key, None)
    else:
        node.set(key, value)
    redefine(session, document)


def redefine(session: Session, document: Element) -> libvirt.virDomain:
    """Replace the definition; what runs goes on as it is."""
    return session.conn.defineXML(render(document))


def point(session: Session, domain: libvirt.virDomain, tops: dict[str, str]) -> None:
    """Let the definition's disks read from other files, in one write."""
    document = read(domain, live=False)
    for node in disks(document):
        path = tops.get(disk_xml.target_of(node))
        source = node.find("source")
        driver = node.find("driver")
        if path is None or source is None or driver is None:
            continue
        for stale in node.findall("backingStore"):
            node.remove(stale)
        source.attrib.clear()
        source.set("file", path)
        driver.set("type", "qcow2")
    redefine(session, document)


def power(domain: libvirt.virDomain) -> Power:
    state = domain.state()[0]
    return _POWER.get(state, Power.STOPPED)


def facts(session: Session, domain: libvirt.virDomain, instance_id: str) -> InstanceFacts:
    """What the host says of the instance now. Paused for our own work on its disks counts as stopped."""
    active = is_active(domain)
    document = read(domain, live=active)
    marker = read_mark(document)
    seen = power(domain)
    if marker is not None and marker.get("work") and seen is Power.PAUSED:
        seen = Power.STOPPED
    volumes = [(disk_xml.volume_of(node), disk_xml.target_of(node)) for node in disks(document)]
    channel = document.find(f"devices/channel/target[@name='{AGENT}']")
    return InstanceFacts(
        instance_id,
        Ref(domain.UUIDString(), session.host),
        seen,
        int(document.findtext("vcpu") or 0),
        memory_mib(document),
        tuple(port["address"] for port in ports(document)),
        tuple((volume, target) for volume, target in volumes if volume),
        channel is not None and channel.get("state") == "connected",
    )


def memory_mib(document: Element) -> int:
    node = document.find("memory")
    if node is None:
        return 0
    return int(node.text or 0) * UNIT_KIB.get(node.get("unit", "KiB"), 1) // 1024


def observe(session: Session, instance_id: str) -> InstanceFacts | None:
    """Facts, or ``None`` once the host has answered that there is no such domain."""
    try:
        domain = find(session, instance_id)
        return None if domain is None else facts(session, domain, instance_id)
    except libvirt.libvirtError as error:
        if is_absent(error):  # it went away between two questions
            return None
        raise
