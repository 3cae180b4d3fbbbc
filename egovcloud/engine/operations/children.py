"""Operations that consist of others: they end when their parts have."""

from __future__ import annotations

from sqlalchemy import select

from egovcloud.domain.errors import Permanent, cause
from egovcloud.engine.kinds import Result, Run, Wait
from egovcloud.store.models import Operation

PATIENCE = 2.0  # a part that ends wakes its parent at once; this is for the case that nobody did


def await_children(run: Run) -> Result | Wait:
    """Wait for every part; then fail with the first reason, or succeed."""
    with run.database.read() as session:
        rows = session.execute(
            select(Operation.state, Operation.error)
            .where(Operation.parent_id == run.operation_id)
            .order_by(Operation.finished_at)
        ).all()
    if any(state in ("queued", "running", "undoing") for state, _ in rows):
        return Wait(PATIENCE)
    failures = [error or {} for state, error in rows if state != "succeeded"]
    if failures:
        first = next((e for e in failures if e.get("code") != "operation.dependency"), failures[0])
        raise Permanent("operation.children", failed=len(failures), total=len(rows), first=cause(first))
    return {"parts": len(rows)}
