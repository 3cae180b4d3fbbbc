"""What must hold when everything has come to rest: journal, quota, capacity and cloud tell the same story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.domain.quota import RESOURCES, Amount, bucket_amount, floating_amount, instance_amount, volume_amount
from egovcloud.drivers.base import Owned, OwnedKind
from egovcloud.drivers.simulator import CallLog
from egovcloud.store import ledger
from egovcloud.store.journal import NOUNS
from egovcloud.store.models import (
    Bucket,
    BucketKey,
    Drift,
    Event,
    FloatingAddress,
    Host,
    Instance,
    LedgerEntry,
    Operation,
    Port,
    Quota,
    Snapshot,
    StoragePool,
    Volume,
    VolumeSnapshot,
    Wipe,
)
from tests.world import OPEN, Inside

POWER = {"active": "running", "stopped": "stopped", "shelved": "shelved"}
# Approvals and requests wait for people, and hosts for operators.
OWNED_BY_PEOPLE = {"approval", "host"}


def broken(inside: Inside) -> list[str]:
    """Every law that does not hold, in words; nothing open, and a reconcile with its sweep behind it, is assumed."""
    with inside.database.read() as session:
        found = [
            *_journal(session),
            *_settled(session),
            *_quota(session),
            *_capacity(session),
            *_wiped(session),
        ]
    return [*found, *_cloud(inside), *_buckets(inside), *_keys(inside)]


def drifts(inside: Inside) -> list[str]:
    """What looks like somebody else's doing, in words: nothing, where we alone were at work and came to rest.

    That the estate holds things of others is no doing of anybody.
    """
    rows = inside.rows(Drift, Drift.state != "closed", Drift.kind != "host.unmanaged")
    return [f"{row.kind} of {row.subject_name}: {row.desired}, {row.observed}" for row in rows]


def _journal(session: Session) -> Iterator[str]:
    for operation in session.scalars(select(Operation)):
        if operation.state in OPEN:
            yield f"{operation.kind} {operation.id} is {operation.state}"
        if operation.lease_until is not None or operation.worker is not None:
            yield f"{operation.kind} {operation.id} is {operation.state} and leased by {operation.worker}"
    ends = select(Event.subject_id, func.count()).where(
        Event.type.in_(("operation.succeed", "operation.cancel")), Event.subject_type == "operation"
    )
    for id_, count in session.execute(ends.group_by(Event.subject_id).having(func.count() > 1)):
        yield f"operation {id_} ended {count} times"


def _settled(session: Session) -> Iterator[str]:
    for model, noun in NOUNS.items():
        if noun in OWNED_BY_PEOPLE or not LIFECYCLES[noun].transitional:
            continue
        column = model.state  # type: ignore[attr-defined]
        for row in session.scalars(select(model).where(column.in_(LIFECYCLES[noun].transitional))):
            yield f"{noun} {getattr(row, 'id', row)} is left in {row.state}"  # type: ignore[attr-defined]


def _cost(session: Session, row: Instance | Volume | VolumeSnapshot | Bucket | FloatingAddress) -> Amount:
    """What the row should hold of the quota: nothing when it never came to be or is gone."""
    if row.state == "deleted" or row.external_id is None:
        return Amount()
    if isinstance(row, Bucket):
        return bucket_amount(row.quota_gib)
    if isinstance(row, VolumeSnapshot):
        return volume_amount(row.size_gib)
    if isinstance(row, FloatingAddress):
        return floating_amount()
    if row.host_id is None:
        return Amount()
    if isinstance(row, Volume):
        return volume_amount(row.size_gib)
    ports = session.scalar(select(func.count()).select_from(Port).where(Port.instance_id == row.id)) or 0
    return instance_amount(row.vcpus, row.memory_mib, row.disk_gib, ports)


def _quota(session: Session) -> Iterator[str]:
    for department, resource, reserved, committed in ledger.drift(session):
        yield f"quota of {department} for {resource} differs from its ledger by {reserved} and {committed}"
    held: dict[str, Counter[str]] = {}
    sums = select(
        LedgerEntry.subject_id, LedgerEntry.resource, func.sum(LedgerEntry.reserved), func.sum(LedgerEntry.committed)
    ).group_by(LedgerEntry.subject_id, LedgerEntry.resource)
    for subject, resource, reserved, committed in session.execute(sums):
        if reserved:
            yield f"{subject} still reserves {reserved} of {resource}"
        held.setdefault(subject, Counter())[resource] = int(committed)
    total = Amount()
    for model in (Instance, Volume, VolumeSnapshot, Bucket, FloatingAddress):
        for row in session.scalars(select(model)):
            cost = _cost(session, row)
            total += cost
            mine = Amount.of(held.get(row.id, {}))
            if mine != cost:
                yield f"{NOUNS[model]} {row.id} ({row.state}) holds {mine}, not {cost}"
    for quota in session.scalars(select(Quota)):
        if quota.limit is not None and quota.reserved + quota.committed > quota.limit:
            yield f"{quota.department_id} uses {quota.committed} of {quota.limit} {quota.resource}"
    roots = {quota.resource: quota.committed for quota in session.scalars(select(Quota)) if _is_root(session, quota)}
    if roots != {name: getattr(total, name) for name in RESOURCES}:
        yield f"the root's quota says {roots}, the rows {total}"


def _wiped(session: Session) -> Iterator[str]:
    proven = set(session.scalars(select(Wipe.subject_id)))
    for model in (Instance, Volume):
        for row in session.scalars(select(model).where(model.state == "deleted", model.external_id.is_not(None))):
            if row.id not in proven:
                yield f"{NOUNS[model]} {row.id} is gone without a proof that it was wiped"


def _is_root(session: Session, quota: Quota) -> bool:
    return len(ledger.lineage(session, quota.department_id)) == 1


def _capacity(session: Session) -> Iterator[str]:
    here = [i for i in session.scalars(select(Instance)) if i.host_id and i.state != "deleted"]
    volumes = [v for v in session.scalars(select(Volume)) if v.storage_pool_id and v.state != "deleted"]
    for host in session.scalars(select(Host)):
        mine = [i for i in here if i.host_id == host.id and i.shelved_at is None]
        sums = (sum(i.vcpus for i in mine), sum(i.memory_mib for i in mine))
        if sums != (host.vcpus_allocated, host.memory_allocated_mib):
            yield f"host {host.name} promised {host.vcpus_allocated}, {host.memory_allocated_mib}; its rows are {sums}"
    for pool in session.scalars(select(StoragePool)):
        whole = [i for i in here if i.storage_pool_id == pool.id and (i.shelved_at is None or pool.shared)]
        size = sum(i.disk_gib for i in whole)
        size += sum(v.size_gib for v in volumes if v.storage_pool_id == pool.id)
        if size != pool.allocated_gib:
            yield f"pool {pool.id} promised {pool.allocated_gib} GiB; its rows are {size}"


def _cloud(inside: Inside) -> Iterator[str]:
    for kind, id_, count in CallLog(inside.world.cloud).doubled():
        yield f"{kind} {id_} exists {count} times"
    hosts = {host.id: host.name for host in inside.rows(Host)}
    pools = {pool.id: pool.name for pool in inside.rows(StoragePool)}
    owned: dict[tuple[str, str], Owned] = {}
    for name in hosts.values():
        for one in inside.driver.list_owned(name, within=5.0):
            owned[one.kind.value, one.id] = one
    instances = {row.id: row for row in inside.rows(Instance)}
    for row in instances.values():
        seen = owned.pop((OwnedKind.INSTANCE.value, row.id), None)
        yield from _instance(inside, row, seen, hosts)
    for volume in inside.rows(Volume):
        seen = owned.pop((OwnedKind.VOLUME.value, volume.id), None)
        yield from _volume(inside, volume, seen, hosts, pools)
    for snapshot in inside.rows(Snapshot):
        seen = owned.pop((OwnedKind.SNAPSHOT.value, snapshot.id), None)
        if snapshot.state == "available" and seen is None:
            yield f"snapshot {snapshot.id} is lost"
        if snapshot.state == "deleted" and seen is not None:
            yield f"snapshot {snapshot.id} is deleted and exists"
    for kept in inside.rows(VolumeSnapshot):
        held = owned.pop((OwnedKind.VOLUME_SNAPSHOT.value, kept.id), None)
        if kept.state == "available" and (held is None or held.external_id != kept.external_id):
            yield f"volume snapshot {kept.id} should be {kept.external_id}, is {held}"
        if kept.state == "deleted" and held is not None:
            yield f"volume snapshot {kept.id} is deleted and exists"
    for address in inside.rows(FloatingAddress):
        seen = owned.pop((OwnedKind.FLOATING_ADDRESS.value, address.id), None)
        yield from _floating(inside, address, seen)
    for kind, id_ in owned:
        if kind in ("instance", "volume", "snapshot", "volume_snapshot", "floating_address"):
            yield f"{kind} {id_} exists and has no row"


def _floating(inside: Inside, row: FloatingAddress, seen: Owned | None) -> Iterator[str]:
    name = f"floating address {row.id} ({row.state})"
    if row.state == "deleted" or row.external_id is None:
        if seen is not None:
            yield f"{name} exists"
        return
    if seen is None:
        if row.state != "error":
            yield f"{name} is lost"
        return
    facts = inside.driver.observe_floating_address(seen.host, row.id, within=5.0)
    wanted = (row.external_id, row.address, row.instance_id)
    if facts is None or wanted != (facts.ref.external_id, facts.address, facts.instance):
        yield f"{name} should be {wanted}; it is {facts}"


def _buckets(inside: Inside) -> Iterator[str]:
    there = {one.id: one.external_id for one in inside.store.list_owned(within=5.0)}
    for row in inside.rows(Bucket):
        name, seen = f"bucket {row.id} ({row.state})", there.pop(row.id, None)
        if row.state == "deleted" or row.external_id is None:
            if seen is not None:
                yield f"{name} exists"
        elif seen is None:
            if row.state != "error":
                yield f"{name} is lost"
        else:
            facts = inside.store.observe_bucket(row.id, within=5.0)
            wanted = (row.quota_gib * 1024**3, row.versioning, row.expire_days, row.expire_prefix)
            if facts is None or wanted != (
                facts.quota_bytes,
                facts.versioning,
                facts.expire_days,
                facts.expire_prefix,
            ):
                yield f"{name} should be {wanted}; it is {facts}"
    for id_ in there:
        yield f"bucket {id_} exists and has no row"


def _keys(inside: Inside) -> Iterator[str]:
    there = {one.id for one in inside.store.list_keys(within=5.0)}
    for row in inside.rows(BucketKey):
        if row.state == "available" and row.id not in there:
            yield f"key {row.id} is lost"
        if row.state == "deleted" and row.id in there:
            yield f"key {row.id} is revoked and good"
        there.discard(row.id)
    for id_ in there:
        yield f"key {id_} is good and has no row"


def _instance(inside: Inside, row: Instance, seen: Owned | None, hosts: dict[str, str]) -> Iterator[str]:
    name = f"instance {row.id} ({row.state})"
    if row.state == "deleted" or row.host_id is None:
        if seen is not None:
            yield f"{name} exists on {seen.host}"
        return
    if seen is None:
        if row.state != "error":
            yield f"{name} is lost"
        return
    if (seen.host, seen.external_id) != (hosts[row.host_id], row.external_id):
        yield f"{name} should be {row.external_id} on {hosts[row.host_id]}, is {seen.external_id} on {seen.host}"
    if row.state in POWER and seen.power != POWER[row.state]:
        yield f"{name} is seen {seen.power}"
    facts = inside.driver.observe_instance(seen.host, row.id, within=5.0)
    if facts is None or (facts.vcpus, facts.memory_mib) != (row.vcpus, row.memory_mib):
        yield f"{name} should have {row.vcpus}, {row.memory_mib}; it is {facts}"
    wanted = {v.id for v in inside.rows(Volume, Volume.instance_id == row.id) if v.state in ("in_use", "error")}
    plugged = {id_ for id_, _ in facts.volumes} if facts else set()
    if wanted != plugged:
        yield f"{name} should hold {sorted(wanted)}, holds {sorted(plugged)}"


def _volume(
    inside: Inside, row: Volume, seen: Owned | None, hosts: dict[str, str], pools: dict[str, str]
) -> Iterator[str]:
    name = f"volume {row.id} ({row.state})"
    if row.state == "deleted" or row.host_id is None or row.storage_pool_id is None:
        if seen is not None:
            yield f"{name} exists on {seen.host}"
        return
    if seen is None:
        if row.state != "error":
            yield f"{name} is lost"
        return
    if (seen.host, seen.external_id) != (hosts[row.host_id], row.external_id):
        yield f"{name} should be {row.external_id} on {hosts[row.host_id]}, is {seen.external_id} on {seen.host}"
    facts = inside.driver.observe_volume(seen.host, pools[row.storage_pool_id], row.id, within=5.0)
    if facts is None or facts.size_gib != row.size_gib:
        yield f"{name} should have {row.size_gib} GiB; it is {facts}"
