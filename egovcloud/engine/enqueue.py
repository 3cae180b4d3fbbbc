"""Intent first: an operation and all of its steps stand in the journal before anything is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.ids import new_id
from egovcloud.engine.operations import REGISTRY
from egovcloud.store.journal import emit_all
from egovcloud.store.models import Dependency, Operation, Step


@dataclass(frozen=True)
class Planned:
    """One operation to come: what about, with what, and which operations must succeed before it."""

    subject_id: str
    params: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


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
    (operation,) = enqueue_all(
        session,
        kind,
        [Planned(subject_id, params or {}, tuple(needs))],
        now=now,
        department_id=department_id,
        requested_by=requested_by,
        parent_id=parent_id,
        unique_key=unique_key,
        delay=delay,
    )
    return operation


def enqueue_all(
    session: Session,
    kind: str,
    planned: Sequence[Planned],
    *,
    now: datetime,
    department_id: str | None,
    requested_by: str | None = None,
    parent_id: str | None = None,
    unique_key: str | None = None,
    delay: float = 0.0,
) -> list[Operation]:
    """Operations of one kind, in the order of ``planned``: a handful of statements, however many they are."""
    definition = REGISTRY.kinds[kind]
    earliest = now + timedelta(seconds=delay)
    if definition.gib:
        planned = [
            replace(plan, params={**plan.params, "gib": definition.gib(session, plan.subject_id)}) for plan in planned
        ]
    operations = [
        Operation(
            id=new_id(),
            created_at=now,
            updated_at=now,
            kind=kind,
            subject_type=definition.noun,
            subject_id=plan.subject_id,
            department_id=department_id,
            params=plan.params,
            requested_by=requested_by,
            parent_id=parent_id,
            not_before=earliest,
            deadline_at=_start(session, plan.needs, earliest) + definition.time(plan.params),
            unique_key=unique_key,
        )
        for plan in planned
    ]
    session.add_all(operations)
    session.flush()
    for operation, plan in zip(operations, planned, strict=True):
        for position, step in enumerate(definition.steps):
            session.add(Step(operation_id=operation.id, position=position, name=step.name))
        for needed in plan.needs:
            session.add(Dependency(operation_id=operation.id, needs_id=needed))
    if not definition.internal:
        told = [
            {
                "subject_type": "operation",
                "subject_id": operation.id,
                "department_id": department_id,
                "operation_id": operation.id,
                "data": {"kind": kind, "subject_type": definition.noun, "subject_id": operation.subject_id},
            }
            for operation in operations
        ]
        emit_all(session, now, "operation.queue", told)
    session.flush()
    return operations


def _start(session: Session, needs: Sequence[str], earliest: datetime) -> datetime:
    """When it can begin at the latest: what it needs may take all of its own time first."""
    return max([earliest, *(session.get_one(Operation, needed).deadline_at for needed in needs)])
