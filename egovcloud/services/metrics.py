"""The control plane's own figures for Prometheus: what waits and for how long, what was last looked at, what is full.

What a process counts (calls to clouds, requests, operations ended) is added to what the database says now.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.engine.capacity import space
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.reading import allow
from egovcloud.store.models import Approval, Drift, Host, Operation, Provider
from egovcloud.telemetry.meters import CONTENT_TYPE, Gauge, text

__all__ = ["CONTENT_TYPE", "exposition"]

OPEN = ("queued", "running", "undoing")


def exposition(house: House, actor: Actor) -> bytes:
    """All figures as text; ``Forbidden`` without ``metrics:read`` at the root, since they tell of every department."""
    now = house.clock()
    with house.read() as session:
        allow(session, actor, "metrics:read", centre=True)
        figures = [*_operations(session, now), *_providers(session, now), *_capacity(session)]
        return text([*figures, _approvals(session), *_drifts(session, now)])


def _operations(session: Session, now: datetime) -> list[Gauge]:
    rows = session.execute(
        select(Operation.kind, Operation.state, func.count(), func.min(Operation.created_at))
        .where(Operation.state.in_(OPEN))
        .group_by(Operation.kind, Operation.state)
    ).all()
    labels = ("kind", "state")
    return [
        Gauge(
            "egov_operations",
            "Operations that have not ended, by kind and state.",
            labels,
            {(kind, state): count for kind, state, count, _ in rows},
        ),
        Gauge(
            "egov_operation_oldest_seconds",
            "Seconds since the oldest of them was asked for.",
            labels,
            {(kind, state): (now - first).total_seconds() for kind, state, _, first in rows},
        ),
    ]


def _providers(session: Session, now: datetime) -> list[Gauge]:
    rows = session.execute(
        select(Provider.name, Provider.driver, Provider.checked_at, Provider.created_at).where(
            Provider.enabled.is_(True)
        )
    ).all()
    lag: dict[tuple[str, ...], float] = {
        (name, driver): (now - (checked or born)).total_seconds() for name, driver, checked, born in rows
    }
    counted = select(Provider.name, Host.state, Host.health, func.count()).join(Host, Host.provider_id == Provider.id)
    hosts = session.execute(counted.group_by(Provider.name, Host.state, Host.health)).all()
    return [
        Gauge(
            "egov_reconcile_lag_seconds",
            "Seconds since a provider was last compared with what is wanted.",
            ("provider", "driver"),
            lag,
        ),
        Gauge(
            "egov_hosts",
            "Hosts by provider, state and health.",
            ("provider", "state", "health"),
            {(name, state, health): count for name, state, health, count in hosts},
        ),
    ]


def _capacity(session: Session) -> list[Gauge]:
    pools = space(session)
    return [
        Gauge(
            "egov_storage_gib",
            "GiB of all pools: in all, promised, written.",
            ("what",),
            {("total",): pools.total, ("allocated",): pools.allocated, ("used",): pools.used},
        )
    ]


def _approvals(session: Session) -> Gauge:
    waiting = session.scalar(select(func.count()).select_from(Approval).where(Approval.state == "pending")) or 0
    return Gauge("egov_approvals_pending", "Approvals that somebody is waiting for.", (), {(): waiting})


def _drifts(session: Session, now: datetime) -> list[Gauge]:
    rows = session.execute(
        select(Drift.kind, Drift.state, func.count(), func.min(Drift.since))
        .where(Drift.state != "closed")
        .group_by(Drift.kind, Drift.state)
    ).all()
    labels = ("kind", "state")
    return [
        Gauge(
            "egov_drifts",
            "Differences between what is desired and what is there, by kind and state.",
            labels,
            {(kind, state): count for kind, state, count, _ in rows},
        ),
        Gauge(
            "egov_drift_oldest_seconds",
            "Seconds since the oldest of them was first seen.",
            labels,
            {(kind, state): (now - first).total_seconds() for kind, state, _, first in rows},
        ),
    ]
