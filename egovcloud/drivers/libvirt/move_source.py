"""The source's half of a migration: what the guest needs elsewhere, and what may go once it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libvirt

from egovcloud.domain.errors import NotFound
from egovcloud.drivers.libvirt import disk_xml, domains, filters, networks, storage, wipe
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, parse


@dataclass(frozen=True)
class DiskOnBoard:
    """One writable disk: device, pool, file, size, and the name of the image below it, if any."""

    target: str
    pool: str
    name: str
    format: str
    capacity: int
    image: str = ""
    image_format: str = ""


@dataclass(frozen=True)
class Luggage:
    """Everything outside the guest that the target must have."""

    instance_id: str
    disks: tuple[DiskOnBoard, ...]
    files: tuple[tuple[str, int], ...]
    networks: tuple[str, ...]
    filters: tuple[str, ...]
    ports: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Arrived:
    """What runs on the target, so that the source knows what of it is a mere remainder."""

    instance_id: str
    disks: tuple[tuple[str, str], ...]
    ports: tuple[tuple[str, str], ...]


def pack(session: Session, domain: libvirt.virDomain, port_filters: Sequence[str]) -> Luggage:
    """Read it all from the running domain."""
    document = domains.read(domain, live=True)
    instance_id = domain.UUIDString()
    ports = domains.ports(document)
    used = [networks.find(session, port["network"]) for port in ports]
    return Luggage(
        instance_id,
        tuple(_disk(session, node) for node in domains.writable(document)),
        tuple(_files(session, instance_id, document)),
        tuple(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) for network in used if network is not None),
        tuple(_filters(session, port_filters)),
        tuple((port["network"], port["mac"], port["address"]) for port in ports),
    )


def _disk(session: Session, node: Element) -> DiskOnBoard:
    path = disk_xml.source_of(node)
    chain = storage.chain(session, path)
    if not chain:
        raise NotFound("pool.absent", host=session.host, pool=path)
    top, below = chain[0], chain[1] if len(chain) > 1 else None
    pool = storage.name_of(session, session.conn.storageVolLookupByPath(path))
    return DiskOnBoard(
        disk_xml.target_of(node),
        pool,
        top.name,
        top.format,
        top.capacity,
        "" if below is None else below.name,
        "" if below is None else below.format,
    )


def _files(session: Session, instance_id: str, document: Element) -> list[tuple[str, int]]:
    """Seed, kernel and initrd in the state directory, with their sizes."""
    paths = [document.findtext("os/kernel"), document.findtext("os/initrd")]
    names = [path.rsplit("/", 1)[-1] for path in paths if path]
    state = storage.open_pool(session, session.names.state_pool)
    found = []
    for name in [session.names.seed(instance_id), *names]:
        volume = storage.find(state, name)
        if volume is not None:
            found.append((name, int(volume.info()[1])))
    return found


def _filters(session: Session, port_filters: Sequence[str]) -> list[str]:
    """The groups that the ports refer to, then the ports' own filters: in the order in which they can be defined."""
    own, groups = [], {}
    for name in port_filters:
        known = filters.find(session, name)
        if known is None:
            continue
        xml = known.XMLDesc(0)
        own.append(xml)
        for node in parse(xml).iterfind("filterref"):
            group = filters.find(session, node.get("filter", ""))
            if group is not None and session.names.parse_filter(group.name()):
                groups[group.name()] = group.XMLDesc(0)
    return [*groups.values(), *own]


def read_files(session: Session, names: Sequence[str]) -> dict[str, bytes]:
    state = storage.open_pool(session, session.names.state_pool)
    found = {}
    for name in names:
        volume = storage.find(state, name)
        if volume is not None:
            found[name] = b"".join(storage.download(session, volume))
    return found


def tidy(session: Session, arrived: Arrived, shared: bool) -> None:
    """Remove what the guest left: reservations, filters, state files, and with a copied move its disks, wiped."""
    domain = domains.find(session, arrived.instance_id)
    if domain is not None and domains.is_active(domain):
        return
    if domain is not None:
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)
    for network_id, mac in arrived.ports:
        networks.release(session, network_id, mac)
    filters.drop_ports(session, arrived.instance_id)
    session.step("migration.tidied")
    state = storage.open_pool(session, session.names.state_pool)
    for name in (session.names.seed(arrived.instance_id), session.names.serial(arrived.instance_id)):
        storage.remove(state, name)
    if shared:
        return
    for pool_name, name in arrived.disks:
        config = session.config.pools.get(pool_name)
        if config is None or config.seen_elsewhere or session.names.parse_file(name) is None:
            continue
        wipe.discard(session, storage.open_pool(session, pool_name), name)
        session.step("migration.wiped")
