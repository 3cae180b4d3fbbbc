"""What an operation is made of: data that the runner interprets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    def step_age(self) -> float:
        """Seconds since the current step first began."""
        return (self.now - self.step_started_at).total_seconds()


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


@dataclass
class Registry:
    """Every kind of operation that this version knows."""

    kinds: dict[str, OperationKind] = field(default_factory=dict)

    def add(self, *kinds: OperationKind) -> None:
        for kind in kinds:
            if kind.name in self.kinds:
                raise ValueError(f"operation kind {kind.name} is defined twice")
            self.kinds[kind.name] = kind
