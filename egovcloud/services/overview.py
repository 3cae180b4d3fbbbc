"""The first page (总览): a dozen aggregate queries, none of which reads a row per instance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from egovcloud.engine.capacity import space
from egovcloud.planner.forecast import days_to_full
from egovcloud.services import operation_view, request_view
from egovcloud.services.actor import Actor
from egovcloud.services.approval_view import mine_to_decide
from egovcloud.services.house import House
from egovcloud.services.listing import scope
from egovcloud.services.quota import node_view
from egovcloud.services.reading import at_centre, own_departments
from egovcloud.services.refs import View
from egovcloud.store.models import (
    Approval,
    CapacitySample,
    Department,
    Drift,
    Host,
    HostPool,
    Instance,
    Operation,
    Request,
)

RECENT = 10
GROWTH_DAYS = 365
GROWTH = ("date", "instances", "vcpus", "memory_mib", "volume_gib")
FORECAST_DAYS = 90  # what happened longer ago says little about the next months


def show(house: House, actor: Actor) -> View:
    """Everything that the first page shows; what the caller may not read is ``None``, empty or zero."""
    now = house.clock()
    with house.read() as session:
        open_ = at_centre(session, actor, "host:read")
        storage = _storage(session) if open_ else None
        instances = _by_state(session, Instance.state, _scope(session, actor, "instance:read", Instance.department_id))
        instances.pop("deleted", None)
        hosts = _by_state(session, Host.state) if open_ else {}
        samples = _samples(session) if open_ else []
        return {
            "instances": {"total": sum(instances.values()), "by_state": instances},
            "hosts": {"total": sum(hosts.values()), "up": _up(session), "by_state": hosts} if open_ else None,
            "capacity": {**_computing(session), "storage_gib": storage} if storage else None,
            "quota": _quota(session, actor),
            "requests": {
                "by_state": _by_state(
                    session, Request.state, _scope(session, actor, "request:read", Request.department_id)
                )
            },
            "approvals_pending": _pending(session, actor),
            "drifts_open": _drifts(session, actor),
            "operations": _operations(session, actor, now - timedelta(hours=24)),
            "forecast": {"storage_days_to_full": _forecast(samples, storage)},
            "recent_operations": _recent_operations(session, actor),
            "recent_requests": _recent_requests(session, actor),
            "growth": [dict(zip(GROWTH, sample[:-1], strict=True)) for sample in samples],
        }


def _scope(
    session: Session, actor: Actor, permission: str, column: InstrumentedAttribute[Any]
) -> list[ColumnElement[bool]]:
    departments = own_departments(session, actor, permission)
    return [] if departments is None else [column.in_(departments)]


def _by_state(
    session: Session, column: InstrumentedAttribute[str], conditions: Sequence[ColumnElement[bool]] = ()
) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(*conditions).group_by(column))
    return {state: int(count) for state, count in rows}


def _drifts(session: Session, actor: Actor) -> int:
    mine = _scope(session, actor, "drift:read", Drift.department_id)
    counted = select(func.count()).select_from(Drift).where(Drift.state.in_(("open", "repairing")), *mine)
    return session.scalar(counted) or 0


def _up(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Host).where(Host.health == "up")) or 0


def _computing(session: Session) -> View:
    """What placement may give out on hosts that are not switched off for good, and what it has given."""
    row = session.execute(
        select(
            func.sum(Host.vcpus * HostPool.vcpu_ratio),
            func.sum(Host.vcpus_allocated),
            func.sum((Host.memory_mib - Host.reserved_memory_mib) * HostPool.memory_ratio),
            func.sum(Host.memory_allocated_mib),
        )
        .join(HostPool, HostPool.id == Host.host_pool_id)
        .where(Host.state != "disabled")
    ).one()
    vcpus, vcpus_allocated, memory, memory_allocated = (int(value or 0) for value in row)
    return {
        "vcpus": {"total": vcpus, "allocated": vcpus_allocated},
        "memory_mib": {"total": memory, "allocated": memory_allocated},
    }


def _storage(session: Session) -> View:
    found = space(session)
    return {"total": round(found.total, 1), "allocated": found.allocated, "used": round(found.used, 1)}


def _quota(session: Session, actor: Actor) -> View | None:
    """Of the highest department that the caller sees."""
    prefixes = actor.prefixes("quota:read")
    if not prefixes:
        return None
    below = [Department.path.startswith(prefix, autoescape=True) for prefix in prefixes]
    order = (func.length(Department.path), Department.path)
    row = session.scalars(select(Department).where(or_(*below)).order_by(*order).limit(1)).one_or_none()
    return None if row is None else node_view(session, row)


def _pending(session: Session, actor: Actor) -> int:
    if not actor.may_anywhere("request:approve"):
        return 0
    return session.scalar(select(func.count()).select_from(Approval).where(mine_to_decide(session, actor))) or 0


def _operations(session: Session, actor: Actor, since: datetime) -> View:
    mine = _scope(session, actor, "operation:read", Operation.department_id)
    visible = [*mine, Operation.kind.not_in(operation_view.INTERNAL)]
    count = select(func.count()).select_from(Operation).where(*visible)
    running = session.scalar(count.where(Operation.state.in_(("queued", "running", "undoing"))))
    failed = session.scalar(count.where(Operation.state == "failed", Operation.finished_at >= since))
    return {"running": running or 0, "failed_24h": failed or 0}


def _recent_operations(session: Session, actor: Actor) -> list[View]:
    if not actor.may_anywhere("operation:read"):
        return []
    conditions = [*scope(session, actor, operation_view.LISTING), Operation.kind.not_in(operation_view.INTERNAL)]
    rows = select(Operation).where(*conditions, Operation.parent_id.is_(None)).order_by(Operation.id.desc())
    return operation_view.views(session, actor, session.scalars(rows.limit(RECENT)).all())


def _recent_requests(session: Session, actor: Actor) -> list[View]:
    if not actor.may_anywhere("request:read"):
        return []
    rows = select(Request).where(*scope(session, actor, request_view.LISTING)).order_by(Request.id.desc())
    return request_view.views(session, actor, session.scalars(rows.limit(RECENT)).all())


def _samples(session: Session) -> list[tuple[Any, ...]]:
    """(the fields of GROWTH, storage used) by day, oldest first."""
    columns = (
        CapacitySample.day,
        CapacitySample.instances,
        CapacitySample.vcpus,
        CapacitySample.memory_mib,
        CapacitySample.volume_gib,
        CapacitySample.storage_used_gib,
    )
    rows = session.execute(select(*columns).order_by(CapacitySample.day.desc()).limit(GROWTH_DAYS)).all()
    return [tuple(row) for row in reversed(rows)]


def _forecast(samples: Sequence[tuple[Any, ...]], storage: View | None) -> int | None:
    if storage is None:
        return None
    points = [(date.fromisoformat(sample[0]).toordinal(), sample[-1]) for sample in samples[-FORECAST_DAYS:]]
    return days_to_full(points, float(storage["total"]))
