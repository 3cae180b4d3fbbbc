"""What is accepted of a volume: its size, its holder, its place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.quota import volume_amount
from egovcloud.engine import capacity
from egovcloud.engine.drifts.accept_instance import other_pool
from egovcloud.engine.drifts.amounts import move
from egovcloud.engine.drifts.subject import held, idle, place_of
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Drift, Instance, StoragePool, Volume


def _row(session: Session, drift: Drift, *states: str) -> Volume:
    return held(session, Volume, drift.subject_id, *(states or ("available", "in_use")))


def size(session: Session, drift: Drift, now: datetime) -> None:
    """As after a growth that was cut off: what the disk has is what it costs."""
    row = _row(session, drift)
    seen = int(drift.observed["size_gib"])
    if seen < 1:
        raise Conflict("drift.bad_size", size=seen)
    if row.storage_pool_id and row.host_id:
        ratio = capacity.disk_ratio(session, row.host_id)
        capacity.claim_pool(session, row.storage_pool_id, seen - row.size_gib, ratio)
    move(session, drift, row.department_id, volume_amount(seen - row.size_gib), now)
    touch(session, row, now=now, size_gib=seen, error=None)


def detached(session: Session, drift: Drift, now: datetime) -> None:
    row = _row(session, drift, "in_use")
    transition(session, row, "seen_detached", now=now, instance_id=None, device=None, data=_data(drift))


def attached(session: Session, drift: Drift, now: datetime) -> None:
    """To an instance of the same project, at rest."""
    row = _row(session, drift)
    holder = holder_of(session, drift, row)
    transition(session, row, "seen_attached", now=now, instance_id=holder.id, device=None, data=_data(drift))


def holder_of(session: Session, drift: Drift, row: Volume) -> Instance:
    """The instance that was seen to hold it, if it may."""
    holder = session.get(Instance, str(drift.observed["instance"]), populate_existing=True, with_for_update=True)
    if holder is None or holder.project_id != row.project_id or holder.state not in ("active", "stopped"):
        raise Conflict("drift.not_ours")
    pool = session.get(StoragePool, row.storage_pool_id) if row.storage_pool_id else None
    if holder.host_id != row.host_id and not (pool and pool.shared):
        raise Conflict("volume.other_host", volume=row.name, instance=holder.name)
    idle(session, holder.id, holder.name)
    return holder


def moved(session: Session, drift: Drift, now: datetime) -> None:
    """Into the pool of the same name on the host where it is now."""
    row = _row(session, drift)
    if row.host_id is None or row.storage_pool_id is None:
        raise Conflict("drift.moved_on", name=row.name, state=row.state)
    target = place_of(session, drift, str(drift.observed["host"]))
    pool = other_pool(session, row.storage_pool_id, target.id)
    capacity.claim_pool(session, row.storage_pool_id, -row.size_gib, 1.0)
    capacity.claim_pool(session, pool.id, row.size_gib, capacity.disk_ratio(session, target.id))
    touch(session, row, now=now, host_id=target.id, storage_pool_id=pool.id)


def _data(drift: Drift) -> dict[str, object]:
    return {"out_of_band": True, "drift": drift.id, "seen": drift.observed.get("instance")}
