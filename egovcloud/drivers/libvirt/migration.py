"""Live migration: ready the target, let libvirt move the guest, then tidy the source.

libvirt guarantees one running copy. What is removed from the source afterwards is removed only once the guest has
been seen running on the target and not on the source; until then every step can be repeated.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import libvirt

from egovcloud.domain.errors import Conflict, NotFound, Transient
from egovcloud.drivers.base import Power, Ref
from egovcloud.drivers.libvirt import (
    domains,
    filters,
    internal_snapshots,
    layers,
    move_source,
    move_target,
    pool_xml,
    storage,
)
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Host, Session
from egovcloud.drivers.libvirt.lanes import Deadline
from egovcloud.drivers.libvirt.move_source import Luggage

_FLAGS = (
    libvirt.VIR_MIGRATE_LIVE
    | libvirt.VIR_MIGRATE_PERSIST_DEST
    | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
    | libvirt.VIR_MIGRATE_AUTO_CONVERGE
    | libvirt.VIR_MIGRATE_ABORT_ON_ERROR
)


@dataclass(frozen=True)
class Ends:
    """The two hosts of a move."""

    source: Host
    target: Host


def migrate(ends: Ends, instance_id: str, *, shared: bool, within: float) -> Ref:
    """Move the instance; on ``target`` already is success. ``Conflict`` when stopped or with snapshots."""
    deadline = Deadline(within)

    def left() -> float:
        return deadline.left()

    if not _arrived(ends, instance_id, left()):
        ends.source.call(lambda s: _settle(s, instance_id), left(), long=True)
    if not _arrived(ends, instance_id, left()):
        luggage = ends.source.call(lambda s: _pack(s, instance_id), left(), long=True)
        if not shared:
            _refuse_same_storage(ends, luggage, left())
        missing = ends.target.call(lambda s: move_target.missing_files(s, luggage), left(), long=True)
        contents = ends.source.call(lambda s: move_source.read_files(s, missing), left(), long=True)
        plan = ends.target.call(lambda s: move_target.prepare(s, luggage, contents, shared), left(), long=True)
        ends.source.call(lambda s: _move(s, ends, instance_id, plan), left(), long=True)
        if not _arrived(ends, instance_id, left()):
            raise Transient("migration.unfinished", id=instance_id, host=ends.target.name, retry_after=2.0)
    kept = ends.target.call(lambda s: move_target.arrived(s, instance_id), left(), long=True)
    ends.source.call(lambda s: move_source.tidy(s, kept, shared), left(), long=True)
    return Ref(instance_id, ends.target.name)


def _arrived(ends: Ends, instance_id: str, within: float) -> bool:
    """Runs on the target and not on the source."""

    def running(session: Session) -> bool:
        facts = domains.observe(session, instance_id)
        return facts is not None and facts.power is Power.RUNNING

    def absent(session: Session) -> bool:
        found = domains.find(session, instance_id)
        return found is None or not domains.is_active(found)

    return ends.target.call(running, within, long=True) and ends.source.call(absent, within, long=True)


def _settle(session: Session, instance_id: str) -> None:
    """Wait for a move that an earlier attempt left under way; libvirt finishes it without us."""
    domain = domains.find(session, instance_id)

    def idle() -> bool:
        try:
            return domain is None or domain.jobInfo()[0] == libvirt.VIR_DOMAIN_JOB_NONE
        except libvirt.libvirtError as error:
            if is_absent(error) or code(error) == libvirt.VIR_ERR_OPERATION_INVALID:
                return True
            raise

    if not session.until(idle, 0.2):
        raise Transient("driver.timeout", host=session.host, limit=session.deadline.limit)


def _pack(session: Session, instance_id: str) -> Luggage:
    domain = domains.get(session, instance_id)
    if not domains.is_active(domain):
        raise Conflict("instance.stopped", id=instance_id, host=session.host)
    if domains.is_adopted(domain):
        raise Conflict("adoption.stays", id=instance_id)
    snapshots = len(internal_snapshots.names(session, domain)) + len(layers.snapshots(session, domain))
    if snapshots:
        raise Conflict("instance.has_snapshots", id=instance_id, count=snapshots)
    return move_source.pack(session, domain, filters.ports_of(session, instance_id))


def _refuse_same_storage(ends: Ends, luggage: Luggage, within: float) -> None:
    """A copy onto itself would destroy the disk: put a probe into the target's pool and look for it in the source's."""
    for pool_name in {disk.pool for disk in luggage.disks}:
        name = ends.target.names.probe(str(uuid.uuid4()))

        def put(session: Session, pool: str = pool_name, name: str = name) -> None:
            storage.make(storage.open_pool(session, pool), pool_xml.volume(name, 0, "raw"))

        def seen(session: Session, pool: str = pool_name, name: str = name) -> bool:
            return storage.find(storage.open_pool(session, pool), name) is not None

        def take(session: Session, pool: str = pool_name, name: str = name) -> None:
            storage.remove(storage.open_pool(session, pool), name)

        ends.target.call(put, within, long=True)
        same = ends.source.call(seen, within, long=True)
        ends.target.call(take, within, long=True)
        if same:
            raise Conflict("migration.same_storage", pool=pool_name, host=ends.target.name)


def _move(session: Session, ends: Ends, instance_id: str, plan: move_target.Plan) -> None:
    domain = domains.find(session, instance_id)
    if domain is None:
        raise NotFound("instance.absent", id=instance_id, host=session.host)
    live, defined = plan.documents(session.config, domain)
    parameters: dict[str, object] = {
        libvirt.VIR_MIGRATE_PARAM_DEST_XML: live,
        libvirt.VIR_MIGRATE_PARAM_PERSIST_XML: defined,
    }
    config = ends.target.config
    if config.migration_address:
        parameters[libvirt.VIR_MIGRATE_PARAM_URI] = config.migration_address
    flags = _FLAGS | plan.flags
    if plan.copied:
        parameters[libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS] = list(plan.copied)
    session.step("migration.ready")
    if config.migration_uri:
        domain.migrateToURI3(config.migration_uri, parameters, flags | libvirt.VIR_MIGRATE_PEER2PEER)
    else:
        domain.migrate3(libvirt.open(config.uri), parameters, flags)
    session.step("migration.moved")
