"""What an operation is made of: data that the runner interprets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.engine.providers import Providers
from egovcloud.store.database import Database
from egovcloud.store.models import Operation
from egovcloud.store.secrets import Cipher


@dataclass(frozen=True)
class Wait:
    """The step is not finished yet: run it again after ``seconds``. No thread sleeps meanwhile."""

    seconds: float


@dataclass(frozen=True)
class Run:
    """What a step may know. ``results`` are what the finished steps of this operation recorded."""

    operation_id: str
    kind: str
    subject_id: str
    params: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]]
    attempts: int
    step_started_at: datetime
    now: datetime
    deadline_at: datetime
    providers: Providers
    database: Database
    cipher: Cipher
    installation: str

    @property
    def patience(self) -> float:
        """Seconds that one driver call may take which moves all of the subject's data."""
        return LONG + SECONDS_PER_GIB * int(self.params.get("gib", 0))

    @property
    def step_age(self) -> float:
        """Seconds since the current step first began."""
        return (self.now - self.step_started_at).total_seconds()


LONG = 900.0  # seconds that a call may take which moves little
SECONDS_PER_GIB = 30  # what a worn disk or a busy gigabit link needs to copy, merge or overwrite one

Result = dict[str, Any]
Effect = Callable[[Run], Result | Wait | None]
Record = Callable[[Session, Run, Result, Operation], None]
Undo = Callable[[Run], None]
UndoRecord = Callable[[Session, Run, Operation], None]
Finish = Callable[[Session, Run, Operation], None]
Retry = Callable[[Session, Operation, datetime], None]
Fail = Callable[[Session, Run, Operation, Problem], None]


@dataclass(frozen=True)
class StepKind:
    """One step. ``effect`` calls the world, ``record`` writes what came of it; either may be missing.

    ``undo`` takes back an effect that may or may not have happened; ``undo_record`` writes that it did.
    """

    name: str
    effect: Effect | None = None
    record: Record | None = None
    undo: Undo | None = None
    undo_record: UndoRecord | None = None


@dataclass(frozen=True)
class OperationKind:
    """One kind of operation. ``seconds`` is its deadline from the moment of asking; after it, it is undone.

    ``gib`` says how much data of the subject the operation may have to move; it is kept in the operation's parameters,
    and gives its calls and its deadline the time for it.
    ``on_failure`` brings the subject out of its transitional state; ``on_retry`` puts it back, or refuses.
    ``internal`` kinds are the house's own upkeep: lists leave them out unless they are asked for.
    """

    name: str
    noun: str
    steps: tuple[StepKind, ...]
    seconds: int = 900
    on_success: Finish | None = None
    on_failure: Fail | None = None
    on_retry: Retry | None = None
    cancellable: bool = True
    internal: bool = False
    gib: Callable[[Session, str], int] | None = None

    def time(self, params: Mapping[str, Any]) -> timedelta:
        """From asking to the deadline: enough to move the data twice, for a worker that died half-way."""
        return timedelta(seconds=self.seconds + 2 * SECONDS_PER_GIB * int(params.get("gib", 0)))


@dataclass
class Registry:
    """Every kind of operation that this version knows."""

    kinds: dict[str, OperationKind] = field(default_factory=dict)

    def add(self, *kinds: OperationKind) -> None:
        for kind in kinds:
            if kind.name in self.kinds:
                raise ValueError(f"operation kind {kind.name} is defined twice")
            self.kinds[kind.name] = kind
