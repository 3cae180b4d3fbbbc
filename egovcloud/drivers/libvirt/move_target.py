"""The target's half of a migration: everything in place before the guest comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import libvirt

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.libvirt import disk_xml, domains, filters, images, network_xml, networks, pool_xml, storage
from egovcloud.drivers.libvirt.config import HostConfig
from egovcloud.drivers.libvirt.errors import is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, el, parse, read_mark, render
from egovcloud.drivers.libvirt.move_source import Arrived, DiskOnBoard, Luggage


@dataclass(frozen=True)
class Plan:
    """How the guest will look on the target: device → path, and which disks libvirt must copy."""

    paths: Mapping[str, str]
    copied: tuple[str, ...]
    flags: int
    config: HostConfig
    socket: str | None

    def documents(self, source: HostConfig, domain: libvirt.virDomain) -> tuple[str, str]:
        """The running and the lasting definition as they shall be on the target."""
        migratable = libvirt.VIR_DOMAIN_XML_MIGRATABLE
        return (
            render(self._moved(source, parse(domain.XMLDesc(migratable)))),
            render(self._moved(source, parse(domain.XMLDesc(migratable | domains.INACTIVE)))),
        )

    def _moved(self, source: HostConfig, document: Element) -> Element:
        for node in domains.disks(document):
            for stale in node.findall("backingStore"):
                node.remove(stale)
            place = node.find("source")
            if place is not None and disk_xml.target_of(node) in self.paths:
                key = next(key for key in ("file", "dev", "name") if place.get(key) is not None)
                place.set(key, self.paths[disk_xml.target_of(node)])
                place.attrib.pop("index", None)
        for tag in ("os/kernel", "os/initrd"):
            file = document.find(tag)
            if file is not None:
                file.text = self._in_state(source, file.text or "")
        for kind in ("serial", "console"):
            for place in document.iterfind(f"devices/{kind}/source"):
                place.set("path", self._in_state(source, place.get("path", "")))
        for graphics in document.iterfind("devices/graphics"):
            self._rehang(graphics)
        return document

    def _rehang(self, graphics: Element) -> None:
        """A screen on a socket gets the target's; libvirt writes the source's at either of two places."""
        listens = graphics.findall("listen[@type='socket']")
        if graphics.attrib.pop("socket", None) is None and not listens:
            return
        for listen in graphics.findall("listen"):
            graphics.remove(listen)
        graphics.append(el("listen", type="socket", socket=self.socket))

    def _in_state(self, source: HostConfig, path: str) -> str:
        old = source.state_dir.rstrip("/") + "/"
        return self.config.state_dir.rstrip("/") + "/" + path[len(old) :] if path.startswith(old) else path


def missing_files(session: Session, luggage: Luggage) -> list[str]:
    """Files of the state directory that are not here in full; a seed is always taken anew."""
    state = storage.open_pool(session, session.names.state_pool)
    missing = []
    for name, size in luggage.files:
        volume = storage.find(state, name)
        if volume is None or int(volume.info()[1]) != size or name == session.names.seed(luggage.instance_id):
            missing.append(name)
    return missing


def prepare(session: Session, luggage: Luggage, contents: Mapping[str, bytes], shared: bool) -> Plan:
    """Networks, filters, reservations, state files and, for a copied move, empty disks."""
    found = domains.find(session, luggage.instance_id)
    if found is not None and domains.is_active(found):
        raise Conflict("instance.running", id=luggage.instance_id, host=session.host)
    if found is not None and not shared:  # its disks here would be the ones to be replaced
        raise Conflict("instance.in_use", id=luggage.instance_id, host=session.host)
    state = storage.open_pool(session, session.names.state_pool)
    for name, content in contents.items():
        images.put(session, state, name, content)
    storage.make(state, pool_xml.volume(session.names.serial(luggage.instance_id), 0, "raw"))
    session.step("migration.files")
    for xml in luggage.networks:
        _ensure_network(session, parse(xml))
    for xml in luggage.filters:
        filters.define(session, parse(xml))
    for network_id, mac, address in luggage.ports:
        networks.reserve(session, luggage.instance_id, network_id, mac, address)
    session.step("migration.networks")
    seed_path = storage.find(state, session.names.seed(luggage.instance_id))
    paths = {} if seed_path is None else {disk_xml.SEED: str(seed_path.path())}
    thin = True
    for disk in luggage.disks:
        if shared:
            paths[disk.target] = _shared_path(session, disk)
        else:
            paths[disk.target], layered = _empty(session, disk)
            thin = thin and layered
    session.step("migration.disks")
    copy = libvirt.VIR_MIGRATE_NON_SHARED_INC if thin else libvirt.VIR_MIGRATE_NON_SHARED_DISK
    folder = session.config.socket_dir
    return Plan(
        paths,
        () if shared else tuple(disk.target for disk in luggage.disks),
        libvirt.VIR_MIGRATE_UNSAFE if shared else copy,
        session.config,
        f"{folder}/{luggage.instance_id}.vnc" if folder else None,
    )


def _ensure_network(session: Session, document: Element) -> None:
    """As it is on the source, without its reservations, which belong to guests that stay there."""
    marker = read_mark(document)
    if marker is None:
        return
    network = networks.find(session, marker.id)
    if network is None:
        for address in document.iterfind("ip"):
            for dhcp in address.findall("dhcp"):
                for host in [each for each in dhcp.findall("host") if each.get("mac") != network_xml.NOBODY]:
                    dhcp.remove(host)
        network = session.conn.networkDefineXML(render(document))
    if not network.isActive():
        network.create()
    network.setAutostart(1)


def _shared_path(session: Session, disk: DiskOnBoard) -> str:
    """``NotFound("volume.absent")`` when the pool here does not show the disk: it is not shared after all."""
    volume = storage.find(storage.open_pool(session, disk.pool), disk.name)
    if volume is None:
        raise NotFound("volume.absent", id=disk.name, pool=disk.pool, host=session.host)
    return str(volume.path())


def _empty(session: Session, disk: DiskOnBoard) -> tuple[str, bool]:
    """An empty disk to copy into, above the same image where this host has it; and whether that is enough to copy."""
    pool = storage.open_pool(session, disk.pool)
    storage.remove(pool, disk.name)
    backing = None
    parsed = session.names.parse_file(disk.image) if disk.image else None
    if parsed is not None:
        base = storage.find(pool, disk.image)
        if base is not None and storage.find(pool, session.names.image_proof(parsed.id)) is not None:
            backing = (str(base.path()), disk.image_format)
    document = pool_xml.volume(disk.name, disk.capacity, disk.format, backing=backing, allocation=None)
    return str(storage.make(pool, document).path()), backing is not None or not disk.image


def arrived(session: Session, instance_id: str) -> Arrived:
    """Pool and name of each disk of the guest that runs here, and its ports."""
    domain = domains.get(session, instance_id)
    document = domains.read(domain, live=True)
    found = []
    for node in domains.writable(document):
        try:
            volume = session.conn.storageVolLookupByPath(disk_xml.source_of(node))
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        found.append((storage.name_of(session, volume), volume.name()))
    ports = domains.ports(document)
    return Arrived(instance_id, tuple(found), tuple((port["network"], port["mac"]) for port in ports))
