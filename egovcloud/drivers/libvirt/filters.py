"""Security groups of a host, and the filter of each port that refers to them."""

from __future__ import annotations

from collections.abc import Sequence

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, NotFound, Unsupported
from egovcloud.drivers.base import Capability, InstanceSpec, NicSpec, Ref, SecurityGroupSpec
from egovcloud.drivers.libvirt import domains, nwfilter_xml
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, el, parse, render


def find(session: Session, name: str) -> libvirt.virNWFilter | None:
    try:
        return session.conn.nwfilterLookupByName(name)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise


def refuse_foreign(session: Session, uuid: str, group_id: str) -> None:
    """``Forbidden("driver.foreign")`` when a filter of that UUID exists and is not our group ``group_id``."""
    try:
        known = session.conn.nwfilterLookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if is_absent(error) or code(error) == libvirt.VIR_ERR_INVALID_ARG:
            return
        raise
    if session.names.parse_filter(known.name()) != ("sg", group_id):
        raise Forbidden("driver.foreign", external_id=uuid, host=session.host)


def define(session: Session, document: Element) -> None:
    """Define or replace by name; the UUID of an existing filter is kept, as libvirt demands.

    libvirt applies the change to every running port before the call returns.
    """
    known = find(session, document.get("name", ""))
    if known is not None:
        uuid = document.find("uuid")
        if uuid is None:
            uuid = el("uuid")
            document.insert(0, uuid)
        uuid.text = known.UUIDString()
    session.conn.nwfilterDefineXML(render(document))


def ensure_group(session: Session, spec: SecurityGroupSpec) -> Ref:
    """The group with exactly these rules. Where a rule list opens or closes egress, the ports follow."""
    define(session, nwfilter_xml.group(spec, session.names))
    session.step("group.defined")
    _follow_egress(session, spec)
    return Ref(spec.id, session.host)


def delete_group(session: Session, group_id: str) -> None:
    """Absent succeeds; ``Conflict("security_group.in_use")`` while a port refers to the group."""
    name = session.names.group(group_id)
    users = 0
    for other in session.conn.listNWFilters():
        if (session.names.parse_filter(other) or ("", ""))[0] == "nic":
            known = find(session, other)
            users += known is not None and name in _references(known)
    if users:
        raise Conflict("security_group.in_use", id=group_id, host=session.host, count=users)
    drop(session, name)


def drop(session: Session, name: str) -> None:
    known = find(session, name)
    if known is None:
        return
    try:
        known.undefine()
    except libvirt.libvirtError as error:
        if not is_absent(error):
            raise


def ensure_port(session: Session, instance_id: str, index: int, nic: NicSpec) -> str:
    """The filter of one port; ``NotFound("security_group.absent")`` for a group that was not ensured."""
    names = [session.names.group(group.id) for group in nic.security_groups]
    for group, known in zip(nic.security_groups, names, strict=True):
        if find(session, known) is None:
            raise NotFound("security_group.absent", id=group.id, host=session.host)
    name = session.names.nic(instance_id, index)
    closed = any(_lists_egress(session, group) for group in names)
    define(session, nwfilter_xml.port(name, names, closed_egress=closed))
    return name


def apply(session: Session, instance_id: str, nics: Sequence[NicSpec]) -> None:
    """Point the ports' filters at other groups, by MAC; what runs follows at once.

    ``Unsupported`` on a host without filters.
    """
    if session.config.simulated:
        raise Unsupported("driver.unsupported", capability=Capability.SECURITY_GROUP)
    domain = domains.get(session, instance_id)
    if domains.is_adopted(domain):
        raise Conflict("adoption.guards", id=instance_id)
    wanted = {nic.mac.lower(): nic for nic in nics}
    for index, port in enumerate(domains.ports(domains.read(domain, live=False))):
        nic = wanted.get(port["mac"])
        if nic is not None:
            ensure_port(session, instance_id, index, nic)
        session.step("port.applied")


def ensure_ports(session: Session, spec: InstanceSpec) -> list[str | None]:
    """Filters of all ports in order; ``None`` where the host has no filters at all."""
    if session.config.simulated:
        return [None for _ in spec.nics]
    return [ensure_port(session, spec.id, index, nic) for index, nic in enumerate(spec.nics)]


def ports_of(session: Session, instance_id: str) -> list[str]:
    """Names of the port filters that exist for the instance."""
    if session.config.simulated:
        return []
    wanted = ("nic", instance_id)
    return [name for name in session.conn.listNWFilters() if session.names.parse_filter(name) == wanted]


def drop_ports(session: Session, instance_id: str) -> None:
    for name in ports_of(session, instance_id):
        drop(session, name)


def _follow_egress(session: Session, spec: SecurityGroupSpec) -> None:
    """Rewrite the filters of ports whose egress this change opened or closed."""
    changed = session.names.group(spec.id)
    for name in session.conn.listNWFilters():
        parsed = session.names.parse_filter(name)
        if parsed is None or parsed[0] != "nic":
            continue
        known = find(session, name)
        groups = [] if known is None else _references(known)
        if changed not in groups:
            continue
        closed = any(_lists_egress(session, group) for group in groups)
        if known is not None and closed != _is_closed(known):
            define(session, nwfilter_xml.port(name, groups, closed_egress=closed))


def _references(known: libvirt.virNWFilter) -> list[str]:
    document = parse(known.XMLDesc(0))
    return [node.get("filter", "") for node in document.iterfind("filterref")]


def _is_closed(known: libvirt.virNWFilter) -> bool:
    rules = parse(known.XMLDesc(0)).iterfind("rule[@direction='out']")
    return any(rule.get("action") == "drop" and rule.find("all") is not None for rule in rules)


def _lists_egress(session: Session, group: str) -> bool:
    known = find(session, group)
    if known is None:
        return False
    return any(rule.get("direction") == "out" for rule in parse(known.XMLDesc(0)).iterfind("rule"))
