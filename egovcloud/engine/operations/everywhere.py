"""Things that live on every host that needed them: networks, security groups, images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import Driver
from egovcloud.engine.kinds import Record, Result, Run
from egovcloud.store.base import Model
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Operation, Provider, StoragePool


def hosts(run: Run) -> list[tuple[Driver, str, list[str]]]:
    """(driver, host, its pools) of every host of an enabled provider that is not down.

    A dead host holds nobody up: what it still has bears our mark and belongs to no row any more, so that the orphan
    sweep takes it when the host is back.
    """
    with run.database.read() as session:
        rows = session.execute(
            select(Host, Provider)
            .join(Provider, Provider.id == Host.provider_id)
            .where(Provider.enabled.is_(True), Host.health != "down")
        ).all()
        pools: dict[str, list[str]] = {}
        for pool in session.scalars(select(StoragePool)):
            pools.setdefault(pool.host_id, []).append(pool.name)
    return [(run.providers.driver(provider), host.name, pools.get(host.id, [])) for host, provider in rows]


def remove(call: Callable[[Driver, str, list[str]], None], run: Run) -> Result:
    """Remove from every host; one that can't be reached makes the step wait until it answers or is known to be down."""
    for driver, host, pools in hosts(run):
        call(driver, host, pools)
    return {}


def mark(model: type[Model], event: str, *, final: bool) -> Record:
    """Write the outcome on the subject's row."""

    def record(session: Session, run: Run, result: Result, operation: Operation) -> None:
        row = session.get(model, run.subject_id, populate_existing=True)
        if row is None:
            raise Permanent("thing.absent", noun=model.__tablename__, id=run.subject_id)
        changes: dict[str, Any] = {"deleted_at": run.now} if final else {}
        transition(session, row, event, now=run.now, operation_id=operation.id, **changes)

    return record
