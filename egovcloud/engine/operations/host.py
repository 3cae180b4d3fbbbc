"""Hosts: emptied for maintenance by moving everything that runs there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.children import await_children
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Operation


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
        (StepKind("move", effect=await_children, record=drained),),
        seconds=6 * 3600,
        on_failure=failed,
    ),
)
