"""Making, rebuilding and removing instances; every function here can be killed anywhere and run again."""

from __future__ import annotations

from collections.abc import Sequence

import libvirt

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import InstanceSpec, Ref, WipeRecord
from egovcloud.drivers.libvirt import (
    disk_xml,
    domains,
    filters,
    images,
    layers,
    networks,
    pool_xml,
    running,
    seed,
    storage,
    wipe,
)
from egovcloud.drivers.libvirt.capabilities import virt_type
from egovcloud.drivers.libvirt.domain_xml import Boot, Parts, domain
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, render

_UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)


def create(session: Session, spec: InstanceSpec) -> Ref:
    """Disk, seed, filters, reservations, definition, start: each is skipped where it is found done."""
    domains.refuse_foreign(session, spec.id, spec.id)
    for nic in spec.nics:
        networks.get(session, nic.network.id)
        networks.reserve(session, spec.id, nic.network.id, nic.mac, nic.address)
    session.step("create.reserved")
    found = domains.find(session, spec.id)
    if found is None:
        parts = _prepare(session, spec)
        session.step("create.prepared")
        found = session.conn.defineXML(_xml(session, spec, parts, ()))
    session.step("create.defined")
    running.start(found)
    return Ref(spec.id, session.host)


def rebuild(session: Session, spec: InstanceSpec) -> Ref:
    """Wipe the old root disk and make a new one; ports and volumes stay as they are defined."""
    found = domains.get(session, spec.id)
    domains.refuse_adopted(found)
    running.end_work(session, found)
    if domains.is_active(found):
        raise Conflict("instance.running", id=spec.id, host=session.host)
    image_volume(session, spec)
    layers.release_volumes(session, found)
    _forget_snapshots(found)
    kept = [node for node in domains.disks(domains.read(found, live=False)) if disk_xml.volume_of(node)]
    for pool, name in _own_files(session, spec.id):
        wipe.discard(session, pool, name)
    session.step("rebuild.wiped")
    parts = _prepare(session, spec)
    session.step("rebuild.prepared")
    session.conn.defineXML(_xml(session, spec, parts, kept))
    return Ref(spec.id, session.host)


def overwrite(session: Session, instance_id: str) -> WipeRecord | None:
    """Cut the power and overwrite its own disks; what its snapshots hold of data volumes goes to those first."""
    found = domains.find(session, instance_id)
    domains.refuse_adopted(found)
    if found is not None:
        running.cut_power(found)
        session.step("wipe.powerless")
        layers.release_volumes(session, found)
    record = None
    for pool, name in _own_files(session, instance_id):
        record = wipe.add(record, wipe.overwritten(session, pool, name))
        session.step("wipe.overwritten")
    return record


def delete(session: Session, instance_id: str) -> None:
    """Power, definition, disks, filters: whatever of them is still there. Volumes stay."""
    found = domains.find(session, instance_id)
    domains.refuse_adopted(found)
    if found is not None:
        for port in domains.ports(domains.read(found, live=False)):
            networks.release(session, port["network"], port["mac"])
        session.step("delete.released")
        running.cut_power(found)
        session.step("delete.powerless")
        layers.release_volumes(session, found)
    for pool, name in _own_files(session, instance_id):
        storage.remove(pool, name)
        session.step("delete.removed")
    if found is not None:
        undefine(found)
    session.step("delete.undefined")
    filters.drop_ports(session, instance_id)
    _remove_state(session, instance_id)


def undefine(found: libvirt.virDomain) -> None:
    try:
        found.undefineFlags(_UNDEFINE)
    except libvirt.libvirtError as error:
        if code(error) == libvirt.VIR_ERR_INVALID_ARG:  # the test driver knows fewer flags
            found.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
        elif not is_absent(error):
            raise


def _prepare(session: Session, spec: InstanceSpec) -> Parts:
    """Everything that the definition refers to."""
    pool_config = storage.config_of(session, spec.pool)
    pool = storage.open_pool(session, spec.pool)
    image_volume(session, spec)
    port_filters = filters.ensure_ports(session, spec)
    session.step("create.filters")
    root = _root(session, spec, pool)
    session.step("create.root")
    disks = [disk_xml.disk(root, "qcow2" if pool_config.files else "raw", "vda", pool=pool_config)]
    state = storage.open_pool(session, session.names.state_pool)
    image = seed.build(spec)
    seed_volume = images.put(session, state, session.names.seed(spec.id), image)
    session.step("create.seed")
    if not session.config.simulated:
        disks.append(disk_xml.disc(seed_volume.path()))
    serial = storage.make(state, pool_xml.volume(session.names.serial(spec.id), 0, "raw"))
    socket = session.config.socket_dir
    return Parts(
        virt_type(session),
        _boot(session, spec, state),
        disks,
        port_filters,
        serial.path(),
        f"{socket}/{spec.id}.vnc" if socket else None,
    )


def image_volume(session: Session, spec: InstanceSpec) -> libvirt.virStorageVol:
    """The host's copy of the image; ``NotFound("image.absent")`` when it was not ensured."""
    base_pool = storage.open_pool(session, images.home(session, spec.pool))
    base = storage.find(base_pool, session.names.image(spec.image.id))
    if base is None:
        raise NotFound("image.absent", id=spec.image.id, host=session.host, pool=spec.pool)
    return base


def _root(session: Session, spec: InstanceSpec, pool: libvirt.virStoragePool) -> str:
    """Path of the root disk: a layer over the image in a pool of files, a full copy elsewhere."""
    base = image_volume(session, spec)
    name = session.names.root(spec.id)
    capacity = max(spec.disk_gib * pool_xml.GIB, int(base.info()[1]))
    if storage.config_of(session, spec.pool).files:
        backing = (base.path(), spec.image.format)
        document = pool_xml.volume(name, capacity, "qcow2", backing=backing, allocation=None)
        return str(storage.make(pool, document).path())
    existing = storage.find(pool, name)
    if existing is None:
        existing = pool.createXMLFrom(pool_xml.volume(name, capacity, "raw"), base, 0)
    return str(existing.path())


def _boot(session: Session, spec: InstanceSpec, state: libvirt.virStoragePool) -> Boot:
    image = spec.image
    if image.firmware != "direct":
        return Boot(image.firmware)
    folder = session.config.state_dir.rstrip("/")
    return Boot(
        "direct",
        f"{folder}/{session.names.kernel(image.id)}",
        f"{folder}/{session.names.initrd(image.id)}" if image.initrd else None,
        image.cmdline,
    )


def _xml(session: Session, spec: InstanceSpec, parts: Parts, kept: Sequence[Element]) -> str:
    document = domain(spec, session.config, session.names, parts)
    devices = document.find("devices")
    if devices is not None:
        devices.extend(kept)
    return render(document)


def _forget_snapshots(found: libvirt.virDomain) -> None:
    for snapshot in found.listAllSnapshots(0):
        snapshot.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)


def _own_files(session: Session, instance_id: str) -> list[tuple[libvirt.virStoragePool, str]]:
    """Root disk and its snapshots' layers, in whichever pools they lie."""
    found = []
    for pool_name in session.config.pools:
        pool = storage.open_pool(session, pool_name)
        for name in storage.names(pool):
            parsed = session.names.parse_file(name)
            if parsed is not None and parsed.id == instance_id and parsed.role in {"root", "snap"}:
                found.append((pool, name))
    return found


def _remove_state(session: Session, instance_id: str) -> None:
    state = storage.open_pool(session, session.names.state_pool)
    for name in (
        session.names.seed(instance_id),
        session.names.serial(instance_id),
        session.names.keep(instance_id),
    ):
        storage.remove(state, name)
