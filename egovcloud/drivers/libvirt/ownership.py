"""What on a host is ours, what is left over from interrupted work, and what is nobody's business of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, Transient
from egovcloud.drivers.base import Owned, OwnedKind, Power, Unmanaged
from egovcloud.drivers.libvirt import (
    adopted_volumes,
    adoption,
    domains,
    filters,
    images,
    instances,
    looks,
    networks,
    pool_xml,
    snapshots,
    storage,
    volumes,
    wipe,
)
from egovcloud.drivers.libvirt.errors import is_absent
from egovcloud.drivers.libvirt.host import Host, Session
from egovcloud.drivers.libvirt.markup import parse
from egovcloud.drivers.survey import FOREIGN, GroupLook, ImageLook, InstanceLook, SnapshotLook, Survey, Thing

ASK_LIMIT = 5.0
_ROLES = {
    "vol": OwnedKind.VOLUME,
    "copying": OwnedKind.VOLUME,
    "image": OwnedKind.IMAGE,
    "imageok": OwnedKind.IMAGE,
    "kernel": OwnedKind.IMAGE,
    "initrd": OwnedKind.IMAGE,
}
_OF_INSTANCE = frozenset({"root", "seed", "serial", "snap", "keep"})


class Elsewhere:
    """The other hosts that hold the same storage: a disk may look left over here because its guest runs there."""

    def __init__(self, hosts: Mapping[str, Host], here: str) -> None:
        self._hosts = hosts
        self._here = here

    def has(self, instance_id: str, pool: str) -> bool:
        """Whether another host that sees ``pool`` has the domain; ``Transient`` when one does not answer."""
        for name, host in self._hosts.items():
            config = host.config.pools.get(pool)
            if name == self._here or config is None or not config.seen_elsewhere:
                continue
            if host.call(lambda session: domains.find(session, instance_id) is not None, ASK_LIMIT):
                return True
        return False


def survey(session: Session, elsewhere: Elsewhere) -> Survey:
    """Every object with our marker, and disks, seeds and filters of instances that are gone, each with its facts."""
    guards, groups = looks.filters(session)
    plugged = looks.Plugged()
    instances_ = list(_instances(session, guards, plugged))
    present = {thing.owned.id for thing in instances_}
    sizes: dict[str, int] = {}
    found = [*_networks(session), *_filters(session, present, groups), *_snapshots(session)]
    found.extend(_files(session, present, elsewhere, plugged, sizes))
    found.extend(_adopted_volumes(session, plugged))
    sized = [_sized(thing, sizes.get(thing.owned.id)) for thing in instances_]
    return Survey(session.host, (*sized, *found))


def _adopted_volumes(session: Session, plugged: looks.Plugged) -> Iterator[Thing]:
    """Those that others made, under their own names; a row holds their size in whole GiB, rounded up."""
    for volume_id, volume in adopted_volumes.every(session):
        pool = storage.name_of(session, volume)
        shared = pool in session.config.pools and session.config.pools[pool].seen_elsewhere
        size = math.ceil(int(volume.info()[1]) / pool_xml.GIB)
        owned = Owned(OwnedKind.VOLUME, volume_id, str(volume.path()), session.host, str(volume.name()))
        yield Thing(owned, looks.volume(size, volume_id, plugged, seen_elsewhere=shared))


def _sized(thing: Thing, disk_gib: int | None) -> Thing:
    assert isinstance(thing.look, InstanceLook)
    return replace(thing, look=replace(thing.look, disk_gib=disk_gib))


def _instances(session: Session, guards: Mapping[str, tuple[str, ...]], plugged: looks.Plugged) -> Iterator[Thing]:
    for domain in session.conn.listAllDomains(0):
        try:
            document = domains.read(domain, live=domains.is_active(domain))
            marker = domains.marker_of(domain)
            uuid = domain.UUIDString()
            if marker is None or not domains.is_ours(session, marker, uuid):
                plugged.note(session, document, FOREIGN)
                continue
            name, power = domain.name(), domains.power(domain)
            look = looks.instance(session, domain, document, guards)
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        if marker.get("work") and power is Power.PAUSED:
            power = Power.STOPPED  # as in ``domains.facts``: our own work on its disks
        plugged.note(session, document, marker.id)
        yield Thing(Owned(OwnedKind.INSTANCE, marker.id, uuid, session.host, marker.get("name", name), power), look)


def _networks(session: Session) -> Iterator[Thing]:
    for network in session.conn.listAllNetworks(0):
        uuid = network.UUIDString()
        if networks.is_ours(session, network, uuid):
            owned = Owned(OwnedKind.NETWORK, uuid, uuid, session.host, network.name())
            yield Thing(owned, looks.network(session, network, uuid))


def _filters(session: Session, present: set[str], groups: Mapping[str, GroupLook]) -> Iterator[Thing]:
    if session.config.simulated:
        return
    for one in session.conn.listAllNWFilters(0):
        name = one.name()
        role, our_id = session.names.parse_filter(name) or ("", "")
        if role == "sg":
            owned = Owned(OwnedKind.SECURITY_GROUP, our_id, one.UUIDString(), session.host, name)
            yield Thing(owned, groups.get(name, GroupLook()))
        elif role == "nic" and our_id not in present:
            yield Thing(Owned(OwnedKind.INSTANCE, our_id, f"nwfilter/{name}", session.host, name))


def _snapshots(session: Session) -> Iterator[Thing]:
    for owned in snapshots.list_owned(session):
        yield Thing(owned, SnapshotLook(owned.external_id.split("/")[1]))


def _files(
    session: Session, present: set[str], elsewhere: Elsewhere, plugged: looks.Plugged, sizes: dict[str, int]
) -> Iterator[Thing]:
    """``sizes`` is filled with the root disks of instances that are present, in GiB."""
    seen: set[tuple[OwnedKind, str]] = set()
    gone: dict[str, bool] = {}
    for pool_name in [*session.config.pools, session.names.state_pool]:
        pool = storage.open_pool(session, pool_name)
        shared = pool_name in session.config.pools and session.config.pools[pool_name].seen_elsewhere
        folder = parse(pool.XMLDesc(0)).findtext("target/path") or pool_name
        storage.refresh(pool)
        found = [(session.names.parse_file(one.name()), one) for one in pool.listAllVolumes(0)]
        for parsed, volume in sorted(found, key=lambda each: each[0] is None or each[0].role != "image"):
            if parsed is None:
                continue
            name = volume.name()
            path = f"{folder}/{name}"
            if parsed.role == "root" and parsed.id in present:
                size = _gib(volume)
                if size is not None:
                    sizes[parsed.id] = size
            if parsed.role == "image" or (parsed.role in _ROLES and (_ROLES[parsed.role], parsed.id) not in seen):
                seen.add((_ROLES[parsed.role], parsed.id))
                owned = Owned(_ROLES[parsed.role], parsed.id, path, session.host, name)
                if parsed.role == "vol":
                    look = looks.volume(_gib(volume), parsed.id, plugged, seen_elsewhere=shared)
                    yield Thing(owned, look)
                elif parsed.role == "image":
                    yield Thing(owned, ImageLook(pool_name if pool_name in session.config.pools else None))
                else:
                    yield Thing(owned)
            elif parsed.role in _OF_INSTANCE and parsed.id not in present:
                if parsed.id not in gone:
                    gone[parsed.id] = _is_gone(parsed.id, pool_name, elsewhere)
                if gone[parsed.id]:
                    yield Thing(Owned(OwnedKind.INSTANCE, parsed.id, path, session.host, name))


def _gib(volume: libvirt.virStorageVol) -> int | None:
    """Its whole size; ``None`` when it went away since it was listed."""
    try:
        return int(volume.info()[1]) // pool_xml.GIB
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise


def _is_gone(instance_id: str, pool: str, elsewhere: Elsewhere) -> bool:
    """Only what is proved: while a host that may run the guest does not answer, its disk is not left over."""
    try:
        return not elsewhere.has(instance_id, pool)
    except Transient:
        return False


def list_unmanaged(session: Session) -> list[Unmanaged]:
    """Domains, networks and volumes without our marker."""
    found = []
    for domain in session.conn.listAllDomains(0):
        try:
            if domains.is_ours(session, domains.marker_of(domain), domain.UUIDString()):
                continue
            document = domains.read(domain, live=False)
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        size = (int(document.findtext("vcpu") or 0), domains.memory_mib(document))
        found.append(Unmanaged(OwnedKind.INSTANCE, domain.UUIDString(), session.host, domain.name(), *size))
    for network in session.conn.listAllNetworks(0):
        if not networks.is_ours(session, network, network.UUIDString()):
            found.append(Unmanaged(OwnedKind.NETWORK, network.UUIDString(), session.host, network.name()))
    for pool_name in session.config.pools:
        found.extend(_foreign_volumes(session, storage.open_pool(session, pool_name)))
    return found


def _foreign_volumes(session: Session, pool: libvirt.virStoragePool) -> Iterator[Unmanaged]:
    storage.refresh(pool)
    adopted = set(adopted_volumes.marks(session).values())
    for volume in pool.listAllVolumes(0):
        known = session.names.digest(str(volume.path())) in adopted
        if session.names.parse_file(volume.name()) is None and not known:
            size = int(volume.info()[1]) / pool_xml.GIB
            yield Unmanaged(OwnedKind.VOLUME, str(volume.path()), session.host, volume.name(), size_gib=size)


def delete_owned(session: Session, owned: Owned, elsewhere: Elsewhere) -> None:
    """Remove this one object after looking at its marker again; absent succeeds."""
    if owned.kind is OwnedKind.SNAPSHOT:
        snapshots.delete_owned(session, owned)
    elif owned.kind is OwnedKind.NETWORK:
        networks.refuse_foreign(session, owned.external_id, owned.id)
        networks.delete(session, owned.id)
    elif owned.kind is OwnedKind.SECURITY_GROUP:
        filters.refuse_foreign(session, owned.external_id, owned.id)
        filters.delete_group(session, owned.id)
    elif owned.external_id.startswith("nwfilter/"):
        name = owned.external_id.removeprefix("nwfilter/")
        if session.names.parse_filter(name) == ("nic", owned.id) and domains.find(session, owned.id) is None:
            filters.drop(session, name)
    elif adopted_volumes.marks(session).get(owned.id) == session.names.digest(owned.external_id):
        adopted_volumes.remove(session, owned.id)
    elif "/" in owned.external_id:
        _delete_file(session, owned, elsewhere)
    else:
        domains.refuse_foreign(session, owned.external_id, owned.id)
        found = domains.find(session, owned.id)
        if found is not None and domains.is_adopted(found):
            adoption.release_instance(session, owned.id)
            return
        instances.overwrite(session, owned.id)
        instances.delete(session, owned.id)


def _delete_file(session: Session, owned: Owned, elsewhere: Elsewhere) -> None:
    """A left-over file, a volume or an image; ``Conflict`` for one that turns out to be in use."""
    for pool_name in [*session.config.pools, session.names.state_pool]:
        pool = storage.open_pool(session, pool_name)
        folder = parse(pool.XMLDesc(0)).findtext("target/path") or pool_name
        if not owned.external_id.startswith(f"{folder}/"):
            continue
        name = owned.external_id.removeprefix(f"{folder}/")
        parsed = session.names.parse_file(name)
        if parsed is None or parsed.id != owned.id:
            raise Forbidden("driver.foreign", external_id=owned.external_id, host=session.host)
        if parsed.role == "vol":
            volumes.overwrite(session, pool_name, owned.id)
            volumes.delete(session, pool_name, owned.id)
        elif parsed.role == "copying":
            storage.remove(pool, name)
        elif parsed.role in _OF_INSTANCE:
            if domains.find(session, owned.id) is not None or elsewhere.has(owned.id, pool_name):
                raise Conflict("instance.in_use", id=owned.id, host=session.host)
            if parsed.role in {"root", "snap"}:
                wipe.overwritten(session, pool, name)
            storage.remove(pool, name)
        else:
            images.delete(session, pool_name, owned.id)
