"""Data volumes: made, attached, grown, detached, wiped."""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Ref, VolumeFacts, VolumeSpec, WipeRecord
from egovcloud.drivers.libvirt import adopted_volumes, disk_xml, domains, pool_xml, running, storage, wipe
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, parse, render


def create(session: Session, spec: VolumeSpec) -> Ref:
    config = storage.config_of(session, spec.pool)
    pool = storage.open_pool(session, spec.pool)
    name = session.names.volume(spec.id, config.files)
    format_ = "qcow2" if config.files else "raw"
    size = spec.size_gib * pool_xml.GIB
    thin = None if config.files else (size if config.kind == "logical" else 0)
    volume = storage.make(pool, pool_xml.volume(name, size, format_, allocation=thin))
    return Ref(str(volume.path()), session.host)


def find(session: Session, pool_name: str, volume_id: str) -> libvirt.virStorageVol | None:
    config = storage.config_of(session, pool_name)
    pool = storage.open_pool(session, pool_name)
    found = storage.find(pool, session.names.volume(volume_id, config.files))
    return adopted_volumes.find(session, pool_name, volume_id) if found is None else found


def get(session: Session, pool_name: str, volume_id: str) -> libvirt.virStorageVol:
    """``NotFound("volume.absent")`` when the pool does not hold it."""
    volume = find(session, pool_name, volume_id)
    if volume is None:
        raise NotFound("volume.absent", id=volume_id, pool=pool_name, host=session.host)
    return volume


def observe(session: Session, pool_name: str, volume_id: str) -> VolumeFacts | None:
    """Size as the guest sees it: that of the top layer where a snapshot lies above the volume."""
    volume = find(session, pool_name, volume_id)
    if volume is None:
        return None
    info = volume.info()
    size = int(info[1])
    user = user_of(session, volume_id)
    if user is not None:
        top = storage.layer(session, disk_xml.source_of(user[1]))
        size = max(size, 0 if top is None else top.capacity)
    return VolumeFacts(volume_id, Ref(str(volume.path()), session.host), size // pool_xml.GIB, int(info[2]))


def user_of(session: Session, volume_id: str) -> tuple[libvirt.virDomain, Element] | None:
    """The domain that has the volume, running or defined, and the disk in it."""
    for domain in session.conn.listAllDomains(0):
        try:
            for live in (True, False):
                if live and not domain.isActive():
                    continue
                node = domains.disk_of_volume(domains.read(domain, live=live), volume_id)
                if node is not None:
                    return domain, node
        except libvirt.libvirtError as error:
            if not is_absent(error):
                raise
    return None


def attach(session: Session, instance_id: str, pool_name: str, volume_id: str) -> str:
    """Into the definition and, where the domain runs, into the guest; returns the target device."""
    config = storage.config_of(session, pool_name)
    domain = domains.get(session, instance_id)
    volume = get(session, pool_name, volume_id)
    running.end_work(session, domain)
    user = user_of(session, volume_id)
    if user is not None and user[0].UUIDString() != instance_id:
        raise Conflict("volume.in_use", id=volume_id, instance=user[0].UUIDString())
    active = domains.is_active(domain)
    defined = domains.disk_of_volume(domains.read(domain, live=False), volume_id)
    plugged = domains.disk_of_volume(domains.read(domain, live=True), volume_id) if active else None
    known = defined if defined is not None else plugged
    if known is None:
        taken = domains.disks(domains.read(domain, live=False)) + domains.disks(domains.read(domain, live=active))
        target = disk_xml.next_target(taken)
        format_ = _format(session, volume, config.files)
        known = disk_xml.disk(str(volume.path()), format_, target, pool=config, volume_id=volume_id)
    xml = render(_plain(known))
    if defined is None:
        domain.attachDeviceFlags(xml, domains.CONFIG)
    session.step("attach.defined")
    if active and plugged is None:
        domain.attachDeviceFlags(xml, domains.LIVE)
    return disk_xml.target_of(known)


def _format(session: Session, volume: libvirt.virStorageVol, files: bool) -> str:
    """That of ours follows from the pool; what was adopted has its own."""
    if session.names.parse_file(volume.name()) is not None:
        return "qcow2" if files else "raw"
    layer = storage.layer(session, str(volume.path()))
    return "raw" if layer is None else layer.format


def _plain(node: Element) -> Element:
    """The disk without what libvirt adds to a definition of its own (address, backing chain)."""
    copy = parse(render(node))
    for tag in ("address", "backingStore"):
        for child in copy.findall(tag):
            copy.remove(child)
    return copy


def detach(session: Session, instance_id: str, volume_id: str) -> bool:
    """Out of the definition at once, out of the guest when it lets go; true when both are done."""
    domain = domains.find(session, instance_id)
    if domain is None:
        return True
    running.end_work(session, domain)
    active = domains.is_active(domain)
    defined = domains.disk_of_volume(domains.read(domain, live=False), volume_id)
    plugged = domains.disk_of_volume(domains.read(domain, live=True), volume_id) if active else None
    for node in (defined, plugged):
        if node is not None and _has_snapshot(session, disk_xml.source_of(node)):
            raise Conflict("volume.has_snapshots", id=volume_id, instance=instance_id)
    if plugged is not None:
        _unplug(domain, plugged)
        session.step("detach.asked")
        plugged = domains.disk_of_volume(domains.read(domain, live=True), volume_id)
    if plugged is None and defined is not None:
        domain.detachDeviceFlags(render(_plain(defined)), domains.CONFIG)
    return plugged is None


def _has_snapshot(session: Session, path: str) -> bool:
    parsed = session.names.parse_file(path.rsplit("/", 1)[-1])
    return parsed is not None and parsed.role == "snap"


def _unplug(domain: libvirt.virDomain, node: Element) -> None:
    """Ask the guest; a request that is still under way is no failure."""
    try:
        domain.detachDeviceFlags(render(_plain(node)), domains.LIVE)
    except libvirt.libvirtError as error:
        if code(error) not in {
            libvirt.VIR_ERR_OPERATION_FAILED,
            libvirt.VIR_ERR_DEVICE_MISSING,
            libvirt.VIR_ERR_OPERATION_TIMEOUT,
        } and "unplug" not in (error.get_error_message() or ""):
            raise


def grow(session: Session, pool_name: str, volume_id: str, size_gib: int) -> None:
    """Through QEMU where the volume is open there, else in the pool; never smaller."""
    volume = get(session, pool_name, volume_id)
    _refuse_adopted(session, volume_id)
    size = size_gib * pool_xml.GIB
    user = user_of(session, volume_id)
    if user is not None:
        domain, node = user
        if domain.isActive() and domains.disk_of_volume(domains.read(domain, live=True), volume_id) is not None:
            target = disk_xml.target_of(node)
            if domain.blockInfo(target)[0] < size:
                domain.blockResize(target, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
            storage.refresh(storage.open_pool(session, pool_name))
            return
        volume = session.conn.storageVolLookupByPath(disk_xml.source_of(node))
    if int(volume.info()[1]) < size:
        volume.resize(size, 0)


def overwrite(session: Session, pool_name: str, volume_id: str) -> WipeRecord | None:
    """Zeros in place of what it held; ``Conflict("volume.in_use")`` as in ``delete``."""
    pool, name = _free(session, pool_name, volume_id)
    return wipe.overwritten(session, pool, name)


def delete(session: Session, pool_name: str, volume_id: str) -> None:
    """``Conflict("volume.in_use")`` while a domain has it, running or defined; absent succeeds."""
    storage.remove(*_free(session, pool_name, volume_id))
    storage.remove(storage.open_pool(session, session.names.state_pool), session.names.copying(volume_id))


def _free(session: Session, pool_name: str, volume_id: str) -> tuple[libvirt.virStoragePool, str]:
    """Pool and file name of a volume that no domain has."""
    user = user_of(session, volume_id)
    if user is not None:
        raise Conflict("volume.in_use", id=volume_id, instance=user[0].UUIDString())
    config = storage.config_of(session, pool_name)
    _refuse_adopted(session, volume_id)
    return storage.open_pool(session, pool_name), session.names.volume(volume_id, config.files)


def _refuse_adopted(session: Session, volume_id: str) -> None:
    """``Conflict("adoption.kept")`` for what others made."""
    if volume_id in adopted_volumes.marks(session):
        raise Conflict("adoption.kept", id=volume_id)
