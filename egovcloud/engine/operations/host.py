"""Hosts: emptied for maintenance by moving everything that runs there, and what was on its way there when it closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.engine.claims import OPEN
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind, Wait
from egovcloud.engine.operations.children import PATIENCE, await_children
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Instance, Operation, Step


def move_away(session: Session, host: Host, drain: Operation, *, now: datetime) -> None:
    """An operation for every machine that runs on ``host`` and that ``drain`` has not tried to move yet."""
    from egovcloud.engine.enqueue import enqueue  # it knows every kind of operation, this one among them

    tried = select(Operation.subject_id).where(Operation.parent_id == drain.id)
    running = (
        select(Instance)
        .where(Instance.host_id == host.id, Instance.state == "active", Instance.id.not_in(tried))
        .order_by(Instance.id)
    )
    for instance in session.scalars(running.with_for_update().execution_options(populate_existing=True)):
        child = enqueue(
            session,
            "instance.migrate",
            instance.id,
            now=now,
            department_id=instance.department_id,
            params={"host_id": None},
            requested_by=drain.requested_by,
            parent_id=drain.id,
        )
        transition(session, instance, "migrate", now=now, operation_id=child.id)


def move(run: Run) -> Result | Wait:
    """Wait for those that ran here, and for those that may come to: a closed host is given none that are new."""
    result = await_children(run)
    if isinstance(result, Wait):
        return result
    with run.database.read() as session:
        closed = session.get_one(Host, run.subject_id).state == "draining"
        return Wait(PATIENCE) if closed and _underway(session, run.subject_id) else result


def _underway(session: Session, host_id: str) -> bool:
    """Whether a machine changes on the host, or comes from another one, which holds its place until it has arrived."""
    changing = select(Instance.id).where(
        Instance.host_id == host_id, Instance.state.in_(LIFECYCLES["instance"].transitional)
    )
    coming = (
        select(Step.result)
        .join(Operation, Operation.id == Step.operation_id)
        .where(Operation.kind == "instance.migrate", Operation.state.in_(OPEN), Step.name == "place")
    )
    targets = {result["target"] for result in session.scalars(coming) if result}
    return host_id in targets or session.scalar(changing.limit(1)) is not None


def arrived(session: Session, run: Run, result: Result, operation: Operation) -> None:
    host = session.get_one(Host, run.subject_id, populate_existing=True, with_for_update=True)
    if host.state == "draining":  # an operator may have opened it again
        move_away(session, host, operation, now=run.now)


def drained(session: Session, run: Run, result: Result, operation: Operation) -> None:
    host = session.get_one(Host, run.subject_id, populate_existing=True)
    if host.state == "draining":
        transition(session, host, "drained", now=run.now, operation_id=operation.id)


def failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It stays closed to new work, with what could not be moved; the operator decides."""


KINDS = (
    OperationKind(
        "host.drain",
        "host",
        (StepKind("move", effect=move, record=arrived), StepKind("follow", effect=await_children, record=drained)),
        seconds=6 * 3600,
        on_failure=failed,
    ),
)
