"""What people may do to an operation from outside: retry a failed one, cancel a running one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Permanent
from egovcloud.engine.operations import REGISTRY
from egovcloud.store.journal import transition
from egovcloud.store.models import Dependency, Operation, Step


def retry(session: Session, operation: Operation, *, now: datetime) -> None:
    """Put a failed operation, and the failed parts of it, back into the queue, from its first step.

    What the operation needs is taken again (quota, the subject's state), or the retry is refused with the reason.
    """
    kind = REGISTRY.kinds.get(operation.kind)
    if kind is None or (kind.on_retry is None and operation.state == "failed"):
        raise Conflict("operation.not_retryable", kind=operation.kind)
    transition(
        session,
        operation,
        "retry",
        now=now,
        error=None,
        cancel_requested=False,
        cancelled_by=None,
        not_before=now,
        deadline_at=_start(session, operation, now) + kind.time(operation.params),
        finished_at=None,
        attempts=operation.attempts + 1,
    )
    steps = session.scalars(select(Step).where(Step.operation_id == operation.id)).all()
    for step in steps:
        if step.state in ("undone", "failed"):
            transition(session, step, "reset", now=now, started_at=None, finished_at=None, attempts=0, error=None)
    if kind.on_retry:
        kind.on_retry(session, operation, now)
    children = select(Operation).where(Operation.parent_id == operation.id, Operation.state == "failed")
    for child in session.scalars(children.order_by(Operation.id)):
        retry(session, child, now=now)


def cancel(session: Session, operation: Operation, *, by: str, now: datetime) -> None:
    """Ask for the operation to be undone; it is undone at its next step."""
    kind = REGISTRY.kinds.get(operation.kind)
    if operation.state not in ("queued", "running"):
        raise Conflict("state.refused", noun="operation", state=operation.state, event="cancel", allowed="-")
    if kind is None or not kind.cancellable:
        raise Conflict("operation.not_cancellable", kind=operation.kind)
    session.execute(
        update(Operation)
        .where(Operation.id == operation.id)
        .values(cancel_requested=True, cancelled_by=by[:120], updated_at=now)
    )
    if operation.state == "queued":
        problem = Permanent("operation.cancelled", actor=by)
        error = {"code": problem.code, "kind": problem.kind, "params": {"actor": by}, "detail": problem.text("en")}
        transition(session, operation, "undo", now=now, error=error, not_before=now)
    else:
        waiting = update(Operation).where(Operation.id == operation.id, Operation.lease_until.is_(None))
        session.execute(waiting.values(not_before=now))
    session.refresh(operation)


def _start(session: Session, operation: Operation, now: datetime) -> datetime:
    """When the retry can begin at the latest; ``Conflict`` when what it needs has failed and is not retried."""
    needed = select(Operation).join(Dependency, Dependency.needs_id == Operation.id)
    latest = now
    for other in session.scalars(needed.where(Dependency.operation_id == operation.id)):
        if other.state in ("failed", "cancelled"):
            raise Conflict("operation.dependency", needs=other.id)
        if other.state != "succeeded":
            latest = max(latest, other.deadline_at)
    return latest
