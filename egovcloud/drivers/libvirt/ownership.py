"""What on a host is ours, what is left over from interrupted work, and what is nobody's business of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libvirt

from egovcloud.domain.errors import Conflict, Forbidden, Transient
from egovcloud.drivers.base import Owned, OwnedKind, Unmanaged
from egovcloud.drivers.libvirt import (
    domains,
    filters,
    images,
    instances,
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

ASK_LIMIT = 5.0
_ROLES = {
    "vol": OwnedKind.VOLUME,
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


def list_owned(session: Session, elsewhere: Elsewhere) -> list[Owned]:
    """Every object with our marker, and disks, seeds and filters of instances that are gone."""
    found = list(_instances(session))
    present = {owned.id for owned in found}
    found.extend(_networks(session))
    found.extend(_filters(session, present))
    found.extend(snapshots.list_owned(session))
    found.extend(_files(session, present, elsewhere))
    return found


def _instances(session: Session) -> Iterator[Owned]:
    for domain in session.conn.listAllDomains(0):
        try:
            marker = domains.marker_of(domain)
            if marker is None or not domains.is_ours(session, marker, domain.UUIDString()):
                continue
            name, power = domain.name(), domains.power(domain)
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        yield Owned(OwnedKind.INSTANCE, marker.id, domain.UUIDString(), session.host, marker.get("name", name), power)


def _networks(session: Session) -> Iterator[Owned]:
    for network in session.conn.listAllNetworks(0):
        uuid = network.UUIDString()
        if networks.is_ours(session, network, uuid):
            yield Owned(OwnedKind.NETWORK, uuid, uuid, session.host, network.name())


def _filters(session: Session, present: set[str]) -> Iterator[Owned]:
    if session.config.simulated:
        return
    for name in session.conn.listNWFilters():
        role, our_id = session.names.parse_filter(name) or ("", "")
        if role == "sg":
            known = filters.find(session, name)
            if known is not None:
                yield Owned(OwnedKind.SECURITY_GROUP, our_id, known.UUIDString(), session.host, name)
        elif role == "nic" and our_id not in present:
            yield Owned(OwnedKind.INSTANCE, our_id, f"nwfilter/{name}", session.host, name)


def _files(session: Session, present: set[str], elsewhere: Elsewhere) -> Iterator[Owned]:
    seen: set[tuple[OwnedKind, str]] = set()
    gone: dict[str, bool] = {}
    for pool_name in [*session.config.pools, session.names.state_pool]:
        pool = storage.open_pool(session, pool_name)
        folder = parse(pool.XMLDesc(0)).findtext("target/path") or pool_name
        found = [(session.names.parse_file(name), name) for name in storage.names(pool)]
        for parsed, name in sorted(found, key=lambda each: each[0] is None or each[0].role != "image"):
            if parsed is None:
                continue
            path = f"{folder}/{name}"
            if parsed.role == "image" or (parsed.role in _ROLES and (_ROLES[parsed.role], parsed.id) not in seen):
                seen.add((_ROLES[parsed.role], parsed.id))
                yield Owned(_ROLES[parsed.role], parsed.id, path, session.host, name)
            elif parsed.role in _OF_INSTANCE and parsed.id not in present:
                if parsed.id not in gone:
                    gone[parsed.id] = _is_gone(parsed.id, pool_name, elsewhere)
                if gone[parsed.id]:
                    yield Owned(OwnedKind.INSTANCE, parsed.id, path, session.host, name)


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
    for volume in pool.listAllVolumes(0):
        if session.names.parse_file(volume.name()) is None:
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
    elif "/" in owned.external_id:
        _delete_file(session, owned, elsewhere)
    else:
        domains.refuse_foreign(session, owned.external_id, owned.id)
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
        elif parsed.role in _OF_INSTANCE:
            if domains.find(session, owned.id) is not None or elsewhere.has(owned.id, pool_name):
                raise Conflict("instance.in_use", id=owned.id, host=session.host)
            if parsed.role in {"root", "snap"}:
                wipe.overwritten(session, pool, name)
            storage.remove(pool, name)
        else:
            images.delete(session, pool_name, owned.id)
