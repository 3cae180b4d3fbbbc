"""How an operation is shown; every 202 carries one."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.schemas import Answer, Failure, Ref


class Subject(Answer):
    """What an operation works on."""

    type: str
    id: str
    name: str


class Progress(Answer):
    """How many of its steps are done."""

    done: int
    total: int


class StepView(Answer):
    """One step of the journal."""

    position: int
    name: str
    state: str
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    error: Failure | None


class OperationView(Answer):
    """A durable unit of work (作业); ``retryable`` and ``cancellable`` say what may be asked of it as it stands."""

    id: str
    generation: int
    kind: str
    state: str
    subject: Subject
    department: Ref | None
    parent_id: str | None
    requested_by: Ref | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    not_before: datetime
    deadline_at: datetime
    attempts: int
    cancel_requested: bool
    error: Failure | None
    progress: Progress
    retryable: bool
    cancellable: bool


class OperationDetail(OperationView):
    """An operation with its steps and its parts."""

    steps: list[StepView]
    children: list[OperationView]
