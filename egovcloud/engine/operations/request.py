"""Requests: one operation stands for everything that an approved request makes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.children import await_children
from egovcloud.store.journal import transition
from egovcloud.store.models import Operation, Request


def fulfilled(session: Session, run: Run, result: Result, operation: Operation) -> None:
    request = session.get_one(Request, run.subject_id, populate_existing=True)
    transition(session, request, "fulfil", now=run.now, operation_id=operation.id, closed_at=run.now)


def failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    request = session.get_one(Request, run.subject_id, populate_existing=True)
    if request.state == "provisioning":
        transition(session, request, "fail", now=run.now, operation_id=operation.id, data={"code": problem.code})


def retried(session: Session, operation: Operation, now: datetime) -> None:
    request = session.get_one(Request, operation.subject_id, populate_existing=True)
    transition(session, request, "provision", now=now, operation_id=operation.id)


KINDS = (
    OperationKind(
        "request.provision",
        "request",
        (StepKind("provision", effect=await_children, record=fulfilled),),
        seconds=6 * 3600,
        on_failure=failed,
        on_retry=retried,
        cancellable=False,
    ),
)
