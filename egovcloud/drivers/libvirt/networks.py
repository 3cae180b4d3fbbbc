"""Networks of a host and the address reservations in them."""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.drivers.base import NetworkSpec, Ref
from egovcloud.drivers.libvirt import domains, network_xml
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import parse, read_mark, render

_ADD = libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST
_DELETE = libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE
_HOST = libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST
_LIVE = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE
_CONFIG = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG


def find(session: Session, network_id: str) -> libvirt.virNetwork | None:
    """Our network of that id; ``None`` when there is none or it does not bear our marker."""
    try:
        network = session.conn.networkLookupByUUIDString(network_id)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise
    return network if is_ours(session, network, network_id) else None


def get(session: Session, network_id: str) -> libvirt.virNetwork:
    """Our network; ``NotFound("network.absent")`` when the host does not have it."""
    network = find(session, network_id)
    if network is None:
        raise NotFound("network.absent", id=network_id, host=session.host)
    return network


def is_ours(session: Session, network: libvirt.virNetwork, network_id: str) -> bool:
    marker = read_mark(parse(network.XMLDesc(0)))
    if marker is None and session.config.simulated:  # the test driver drops a network's metadata
        return bool(network.name() == session.names.network(network_id))
    return marker is not None and (marker.installation, marker.kind, marker.id) == (
        session.names.installation,
        "network",
        network_id,
    )


def refuse_foreign(session: Session, uuid: str, our_id: str) -> None:
    """``Forbidden("driver.foreign")`` when a network of that UUID exists and is not our network ``our_id``."""
    try:
        network = session.conn.networkLookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if is_absent(error) or code(error) == libvirt.VIR_ERR_INVALID_ARG:
            return
        raise
    if uuid != our_id or not is_ours(session, network, our_id):
        raise Forbidden("driver.foreign", external_id=uuid, host=session.host)


def ensure(session: Session, spec: NetworkSpec) -> Ref:
    """Defined, started, and started again with the host."""
    mark = f"network/{spec.id}"
    network = find(session, spec.id)
    if network is None:
        network = session.conn.networkDefineXML(render(network_xml.network(spec, session.names)))
        session.step("network.defined")
    if not network.isActive():
        try:
            network.create()
        except libvirt.libvirtError as error:
            if code(error) != libvirt.VIR_ERR_OPERATION_INVALID:  # another worker was faster
                raise
    if mark not in session.ready:
        network.setAutostart(1)
        session.ready.add(mark)
    return Ref(spec.id, session.host)


def delete(session: Session, network_id: str) -> None:
    """``Conflict`` while a port of it is in use; a network without our marker is left alone."""
    network = find(session, network_id)
    if network is None:
        return
    users = users_of(session, network_id)
    if users:
        raise Conflict("network.in_use", id=network_id, host=session.host, count=users)
    try:
        if network.isActive():
            network.destroy()
        session.step("network.stopped")
        network.undefine()
    except libvirt.libvirtError as error:
        if not is_absent(error):
            raise
    session.ready.discard(f"network/{network_id}")


def users_of(session: Session, network_id: str) -> int:
    """How many domains, running or not, have a port on the network."""
    name = session.names.network(network_id)
    count = 0
    for domain in session.conn.listAllDomains(0):
        try:
            document = parse(domain.XMLDesc(0))
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        count += any(node.get("network") == name for node in document.iterfind("devices/interface/source"))
    return count


def reserve(session: Session, instance_id: str, network_id: str, mac: str, address: str) -> None:
    """Give ``address`` to ``mac``, now and after a restart; an older reservation of the same port is replaced.

    ``Conflict("address.in_use")`` when another instance holds the address. An entry that no instance holds is what an
    interrupted deletion left.
    """
    network = find(session, network_id)
    if network is None:
        return
    entry = render(network_xml.reservation(mac, address))
    if parse(network.XMLDesc(0)).find("ip") is None:  # bridged: whoever runs that network gives the addresses
        return
    for live in (True, False):
        known = _reserved(session, network, live)
        if known is None or known.get(mac.lower()) == address:
            continue
        flag = _LIVE if live else _CONFIG
        if address in known.values():
            _refuse_held(session, instance_id, network_id, address)
        for stale in [m for m, a in known.items() if m == mac.lower() or a == address]:
            network.update(_DELETE, _HOST, -1, render(network_xml.reservation(stale, known[stale])), flag)
        _add(network, entry, flag)


def _refuse_held(session: Session, instance_id: str, network_id: str, address: str) -> None:
    """``Conflict`` when a domain of another id has a port with the address."""
    for domain in session.conn.listAllDomains(0):
        try:
            document = domains.read(domain, live=False)
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        holder = domain.UUIDString()
        taken = any((port["network"], port["address"]) == (network_id, address) for port in domains.ports(document))
        if taken and holder != instance_id:
            raise Conflict("address.in_use", address=address, network=network_id, host=session.host, instance=holder)


def _add(network: libvirt.virNetwork, entry: str, flag: int) -> None:
    try:
        network.update(_ADD, _HOST, -1, entry, flag)
    except libvirt.libvirtError as error:
        if "existing dhcp host entry" not in (error.get_error_message() or ""):  # two workers, one entry
            raise


def release(session: Session, network_id: str, mac: str) -> None:
    """Forget the reservation of ``mac``; absent succeeds."""
    network = find(session, network_id)
    if network is None:
        return
    for live in (True, False):
        known = _reserved(session, network, live) or {}
        if mac.lower() in known:
            entry = render(network_xml.reservation(mac, known[mac.lower()]))
            network.update(_DELETE, _HOST, -1, entry, _LIVE if live else _CONFIG)


def _reserved(session: Session, network: libvirt.virNetwork, live: bool) -> dict[str, str] | None:
    """The entries of the running network or of its definition; ``None`` for what there is not."""
    if live and not network.isActive():
        return None
    if not live and session.config.simulated:  # the test driver has only what runs
        return None
    flags = 0 if live else libvirt.VIR_NETWORK_XML_INACTIVE
    return network_xml.reservations(parse(network.XMLDesc(flags)))
