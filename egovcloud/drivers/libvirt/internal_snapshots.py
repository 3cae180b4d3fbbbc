"""Snapshots inside the qcow2 files, kept by libvirt and QEMU.

One that is taken of a running guest also holds its memory. libvirt would resume that on a revert; the contract
reverts disks of a stopped instance, so libvirt's record of it is rewritten to that of a stopped one.
"""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Unsupported
from egovcloud.drivers.libvirt import disk_xml, domains, images, running, storage
from egovcloud.drivers.libvirt.errors import is_absent
from egovcloud.drivers.libvirt.freeze import frozen
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, el, parse, render

PREFIX = "egov-"
_QUIESCED = "quiesced"
_METADATA_ONLY = libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY
_REDEFINE = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE


def names(session: Session, domain: libvirt.virDomain) -> dict[str, bool]:
    """Our snapshot id → whether it was quiesced; one that is still being recorded does not count yet."""
    found = {}
    for snapshot in domain.listAllSnapshots(0):
        name = snapshot.getName()
        if not name.startswith(PREFIX):
            continue
        try:
            document = parse(snapshot.getXMLDesc(0))
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        if session.config.simulated or document.findtext("state") == "shutoff":
            found[name.removeprefix(PREFIX)] = document.findtext("description") == _QUIESCED
    return found


def create(session: Session, domain: libvirt.virDomain, snapshot_id: str, *, quiesce: bool) -> None:
    """``Unsupported("snapshot.firmware")`` for UEFI, whose variables QEMU cannot keep inside."""
    definition = domains.read(domain, live=False)
    loader = definition.find("os/loader")
    if loader is not None or definition.find("os[@firmware='efi']") is not None:
        raise Unsupported("snapshot.firmware", id=snapshot_id, instance=domain.UUIDString())
    name = PREFIX + snapshot_id
    disks = el("disks", *[_disk(node) for node in domains.disks(definition)])
    active = domains.is_active(domain)
    with frozen(domain, wanted=quiesce and active) as done:
        document = el("domainsnapshot", el("name", text=name), _description(done), disks)
        snapshot = _find(domain, name) or domain.snapshotCreateXML(render(document), 0)
    session.step("snapshot.taken")
    record = parse(snapshot.getXMLDesc(domains.SECURE))
    if session.config.simulated:  # the test driver cannot rewrite its records
        return
    if record.findtext("state") != "shutoff":
        _as_stopped(domain, snapshot, record)


def _description(done: bool) -> Element | None:
    return el("description", text=_QUIESCED) if done else None


def _disk(node: Element) -> Element:
    kept = node.find("readonly") is None
    return el("disk", name=disk_xml.target_of(node), snapshot="internal" if kept else "no")


def _find(domain: libvirt.virDomain, name: str) -> libvirt.virDomainSnapshot | None:
    try:
        return domain.snapshotLookupByName(name, 0)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise


def _as_stopped(domain: libvirt.virDomain, snapshot: libvirt.virDomainSnapshot, record: Element) -> None:
    state = record.find("state")
    if state is not None:
        state.text = "shutoff"
    memory = record.find("memory")
    if memory is not None:
        memory.attrib.clear()
        memory.set("snapshot", "no")
    snapshot.delete(_METADATA_ONLY)
    domain.snapshotCreateXML(render(record), _REDEFINE)


def revert(session: Session, domain: libvirt.virDomain, snapshot_id: str) -> None:
    """Disks alone: what libvirt restores of the definition of that time is put back to that of today.

    Today's is kept in a file meanwhile, so that an interrupted revert, when it is run again, still knows it.
    """
    state = storage.open_pool(session, session.names.state_pool)
    kept = session.names.keep(domain.UUIDString())
    definition = _kept(session, state, kept) or render(domains.read(domain, live=False))
    images.put(session, state, kept, definition.encode())
    session.step("snapshot.kept")
    snapshot = domain.snapshotLookupByName(PREFIX + snapshot_id, 0)
    domain.revertToSnapshot(snapshot, 0)
    session.step("snapshot.reverted")
    running.cut_power(domain)
    session.conn.defineXML(definition)
    session.step("snapshot.defined")
    storage.remove(state, kept)


def _kept(session: Session, state: libvirt.virStoragePool, name: str) -> str | None:
    """The definition that an interrupted revert kept; a half written one was kept before anything was changed."""
    volume = storage.find(state, name)
    if volume is None or session.config.simulated:
        return None
    text = b"".join(storage.download(session, volume)).decode(errors="replace")
    return text if text.rstrip("\0").endswith("</domain>") else None


def delete(domain: libvirt.virDomain, session: Session, snapshot_id: str) -> None:
    snapshot = _find(domain, PREFIX + snapshot_id)
    if snapshot is not None:
        snapshot.delete(0)
    session.step("snapshot.deleted")
