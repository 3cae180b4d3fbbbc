"""Intent first: an operation and all of its steps stand in the journal before anything is called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.ids import new_id
from egovcloud.engine.operations import REGISTRY
from egovcloud.store.journal import emit
from egovcloud.store.models import Dependency, Operation, Step


def enqueue(
    session: Session,
    kind: str,
    subject_id: str,
    *,
    now: datetime,
    department_id: str | None,
    params: dict[str, Any] | None = None,
    requested_by: str | None = None,
    parent_id: str | None = None,
    needs: Iterable[str] = (),
    unique_key: str | None = None,
    delay: float = 0.0,
) -> Operation:
    """Write the operation in the caller's transaction, next to the quota, the state and the audit entry.

    ``needs`` are operations that must succeed first. ``unique_key`` makes a second one of the same tick impossible.
    """
    definition = REGISTRY.kinds[kind]
    needs = list(needs)
    operation = Operation(
        id=new_id(),
        created_at=now,
        updated_at=now,
        kind=kind,
        subject_type=definition.noun,
        subject_id=subject_id,
        department_id=department_id,
        params=params or {},
        requested_by=requested_by,
        parent_id=parent_id,
        not_before=now + timedelta(seconds=delay),
        deadline_at=_start(session, needs, now + timedelta(seconds=delay)) + timedelta(seconds=definition.seconds),
        unique_key=unique_key,
    )
    session.add(operation)
    session.flush()
    for position, step in enumerate(definition.steps):
        session.add(Step(operation_id=operation.id, position=position, name=step.name))
    for needed in needs:
        session.add(Dependency(operation_id=operation.id, needs_id=needed))
    if not definition.internal:
        emit(
            session,
            now,
            "operation.queue",
            "operation",
            operation.id,
            department_id=department_id,
            operation_id=operation.id,
            data={"kind": kind, "subject_type": definition.noun, "subject_id": subject_id},
        )
    session.flush()
    return operation


def _start(session: Session, needs: list[str], earliest: datetime) -> datetime:
    """When it can begin at the latest: what it needs may take all of its own time first."""
    latest = session.scalar(select(func.max(Operation.deadline_at)).where(Operation.id.in_(needs))) if needs else None
    return max(earliest, latest) if latest else earliest
