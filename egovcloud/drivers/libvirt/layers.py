"""External snapshots as layers above an instance's disks: laid, thrown away on a revert, merged on a delete."""

from __future__ import annotations

from dataclasses import dataclass

import libvirt

from egovcloud.domain.errors import Conflict, Permanent
from egovcloud.drivers.libvirt import commit, disk_xml, domains, pool_xml, storage, wipe
from egovcloud.drivers.libvirt.freeze import frozen
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, el, render
from egovcloud.drivers.libvirt.naming import FileName

_OWN = frozenset({"root", "vol", "snap"})
_TAKE = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
)


@dataclass(frozen=True)
class Disk:
    """One writable disk of a domain with its layers, top first; ``names`` is parallel to ``layers``."""

    target: str
    volume: str | None
    layers: list[storage.Layer]
    names: list[FileName | None]

    def index(self, snapshot_id: str) -> int | None:
        """Position of the snapshot's layer in the chain."""
        for position, name in enumerate(self.names):
            if name is not None and name.role == "snap" and name.sub == snapshot_id:
                return position
        return None


def disks(session: Session, domain: libvirt.virDomain) -> list[Disk]:
    """The writable disks as they are now. Chains are read from the files, never from what libvirt remembers."""
    nodes = domains.writable(domains.read(domain, live=domains.is_active(domain)))
    if any(_is_layer(session, disk_xml.source_of(node)) for node in nodes):
        for name, config in session.config.pools.items():
            if config.files:
                storage.refresh(storage.open_pool(session, name))
    found = []
    for node in nodes:
        chain = storage.chain(session, disk_xml.source_of(node))
        names = [session.names.parse_file(layer.name) for layer in chain]
        found.append(Disk(disk_xml.target_of(node), disk_xml.volume_of(node), chain, names))
    return found


def _is_layer(session: Session, path: str) -> bool:
    parsed = session.names.parse_file(path.rsplit("/", 1)[-1])
    return parsed is not None and parsed.role == "snap"


def snapshots(session: Session, domain: libvirt.virDomain) -> dict[str, bool]:
    """Snapshot id → whether it was quiesced."""
    nodes = domains.writable(domains.read(domain, live=domains.is_active(domain)))
    if not any(_is_layer(session, disk_xml.source_of(node)) for node in nodes):
        return {}
    return {
        name.sub: name.quiesced
        for disk in disks(session, domain)
        for name in disk.names
        if name is not None and name.role == "snap"
    }


def create(session: Session, domain: libvirt.virDomain, snapshot_id: str, *, quiesce: bool) -> None:
    """A new layer above each disk, all at one moment."""
    active = domains.is_active(domain)
    sweep(session, domain)
    for disk in disks(session, domain):
        if not disk.layers:
            raise Conflict("snapshot.unpooled", id=snapshot_id, disk=disk.target, host=session.host)
    with frozen(domain, wanted=quiesce and active) as done:
        tops = {
            disk.target: _lay(session, domain, disk, snapshot_id, below=disk.layers[0], quiesced=done, turn=0)
            for disk in disks(session, domain)
            if disk.layers
        }
        session.step("snapshot.laid")
        if active:
            domain.snapshotCreateXML(render(_take(domain, tops)), _TAKE)
        else:
            domains.point(session, domain, tops)
    session.step("snapshot.taken")


def _lay(
    session: Session,
    domain: libvirt.virDomain,
    disk: Disk,
    snapshot_id: str,
    *,
    below: storage.Layer,
    quiesced: bool,
    turn: int,
) -> str:
    """Path of a fresh, empty layer above ``below``, in the same pool."""
    volume = session.conn.storageVolLookupByPath(below.path)
    pool = volume.storagePoolLookupByVolume()
    pool_name = storage.name_of(session, volume)
    if not storage.config_of(session, pool_name).files:
        raise Conflict("snapshot.pool", id=snapshot_id, pool=pool_name, host=session.host)
    name = session.names.overlay(domain.UUIDString(), snapshot_id, disk.target, quiesced=quiesced, turn=turn)
    storage.remove(pool, name)
    document = pool_xml.volume(
        name, disk.layers[0].capacity, "qcow2", backing=(below.path, below.format), allocation=None
    )
    return str(storage.make(pool, document).path())


def _take(domain: libvirt.virDomain, tops: dict[str, str]) -> Element:
    rest = [disk_xml.target_of(node) for node in domains.disks(domains.read(domain, live=True))]
    listed = [
        el("disk", el("driver", type="qcow2"), el("source", file=path), name=target, snapshot="external", type="file")
        for target, path in tops.items()
    ]
    listed += [el("disk", name=target, snapshot="no") for target in rest if target not in tops]
    return el("domainsnapshot", el("disks", *listed))


def revert(session: Session, domain: libvirt.virDomain, snapshot_id: str) -> None:
    """Give every disk of the snapshot a new, empty layer; the old one is wiped."""
    tops = {}
    for disk in disks(session, domain):
        position = disk.index(snapshot_id)
        if position is None:
            continue
        name = disk.names[0]
        if position or name is None:
            raise Conflict("snapshot.newer", id=snapshot_id, instance=domain.UUIDString())
        below = disk.layers[1]
        tops[disk.target] = _lay(
            session, domain, disk, snapshot_id, below=below, quiesced=name.quiesced, turn=name.turn + 1
        )
    session.step("snapshot.laid")
    domains.point(session, domain, tops)
    session.step("snapshot.reverted")
    sweep(session, domain)


def delete(session: Session, domain: libvirt.virDomain, snapshot_id: str) -> None:
    """Merge the snapshot's layer into the file below it; what the guest sees stays the same."""
    work = []
    for disk in disks(session, domain):
        position = disk.index(snapshot_id)
        if position is not None:
            work.append(commit.Merge(disk.target, _base(disk, position), disk.layers[position].path, position == 0))
    if work:
        commit.merge(session, domain, work)
    sweep(session, domain)


def _base(disk: Disk, position: int) -> str:
    """The file right below the layer; never an image, which other disks depend on.

    Of an adopted machine it has a name of its own, and is what the guest wrote to when the layer was laid above it.
    """
    if position + 1 >= len(disk.names):
        raise Permanent("snapshot.base", disk=disk.target)
    below = disk.names[position + 1]
    if below is not None and below.role not in _OWN:
        raise Permanent("snapshot.base", disk=disk.target)
    return disk.layers[position + 1].path


def release_volumes(session: Session, domain: libvirt.virDomain) -> None:
    """Merge all layers above data volumes into the volumes, before the instance or its snapshots go."""
    work = []
    for disk in disks(session, domain):
        if disk.volume is None or not disk.layers or disk.names[0] is None or disk.names[0].role != "snap":
            continue
        # What lies right below our layers is the volume itself, by whatever name.
        base = next(
            (
                layer.path
                for layer, name in zip(disk.layers, disk.names, strict=True)
                if name is None or name.role == "vol"
            ),
            None,
        )
        if base is None:
            raise Permanent("snapshot.base", disk=disk.target)
        work.append(commit.Merge(disk.target, base, disk.layers[0].path, True))
    if work:
        commit.merge(session, domain, work)


def sweep(session: Session, domain: libvirt.virDomain) -> None:
    """Wipe layers of this instance that no disk stands on: what reverts, merges and broken-off work leave."""
    used = {layer.name for disk in disks(session, domain) for layer in disk.layers}
    for pool_name, config in session.config.pools.items():
        if not config.files:
            continue
        pool = storage.open_pool(session, pool_name)
        for name in storage.names(pool):
            parsed = session.names.parse_file(name)
            if parsed is None or parsed.role != "snap" or parsed.id != domain.UUIDString() or name in used:
                continue
            wipe.discard(session, pool, name)
