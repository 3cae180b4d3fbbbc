"""Runs one claimed operation as far as it goes now: to its end, to its undoing, or to its next wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from egovcloud.domain.clock import Clock
from egovcloud.domain.errors import Conflict, Permanent, Problem, Transient
from egovcloud.engine import crashpoints
from egovcloud.engine.claims import Claim, Fenced, count_rejection, hold, let_go
from egovcloud.engine.kinds import OperationKind, Registry, Result, Run, StepKind, Wait
from egovcloud.engine.providers import Providers
from egovcloud.store.database import Database
from egovcloud.store.journal import transition
from egovcloud.store.models import Dependency, Operation, Step
from egovcloud.store.secrets import Cipher

log = structlog.get_logger()

MAX_BACKOFF = 60.0
MAX_SURPRISES = 5  # unexpected exceptions of one step before it is given up
UNDO_SECONDS = 3600  # how long an undo is tried after the deadline; the orphan sweep has the last word


@dataclass(frozen=True)
class Runner:
    """The interpreter of operation kinds. One instance serves every thread of a worker."""

    database: Database
    registry: Registry
    providers: Providers
    cipher: Cipher
    installation: str
    clock: Clock
    lease_seconds: float
    wake: Callable[[], None] = lambda: None

    def run(self, held: Claim) -> None:
        """Advance the operation under ``held`` until it ends or waits; never raises but for a broken database."""
        bound = log.bind(operation=held.operation_id, lease=held.lease)
        try:
            self._begin(held)
            while self._advance(held):
                pass
        except Fenced:
            bound.warning("fenced", worker=held.worker)
            count_rejection(self.database, held, now=self.clock())

    # -- forward -------------------------------------------------------------------------------------------------
    def _begin(self, held: Claim) -> None:
        with self.database.unit() as session:
            operation = self._hold(session, held)
            now = self.clock()
            if operation.state == "queued":
                transition(session, operation, "claim", now=now, started_at=operation.started_at or now)
            kind = self.registry.kinds.get(operation.kind)
            if kind is None:
                error = Permanent("operation.unknown_kind", kind=operation.kind)
                transition(session, operation, "undo", now=now, error=_as_data(error))

    def _advance(self, held: Claim) -> bool:
        """One step forward or back; false when the operation ended or waits."""
        with self.database.read() as session:
            operation = session.get_one(Operation, held.operation_id)
            steps = list(session.scalars(select(Step).where(Step.operation_id == operation.id).order_by(Step.position)))
        kind = self.registry.kinds.get(operation.kind)
        if operation.state == "undoing":
            return self._undo(held, operation, kind, steps)
        if operation.state != "running" or kind is None:
            return False
        now = self.clock()
        todo = next((step for step in steps if step.state != "done"), None)
        if todo is None:
            return self._close(held, kind, steps)
        if operation.cancel_requested and kind.cancellable:
            return self._turn_back(held, Permanent("operation.cancelled", actor=operation.cancelled_by or "-"), todo)
        if now >= operation.deadline_at:
            last = (todo.error or {}).get("detail", "-")
            deadline = operation.deadline_at.isoformat(timespec="seconds")
            return self._turn_back(held, Permanent("operation.deadline", deadline=deadline, last=last), todo)
        definition = kind.steps[todo.position]
        if todo.state != "running":
            self._mark_started(held, todo)
        return self._step(held, operation, kind, definition, steps, todo)

    def _step(
        self,
        held: Claim,
        operation: Operation,
        kind: OperationKind,
        definition: StepKind,
        steps: list[Step],
        step: Step,
    ) -> bool:
        run = self._run(operation, steps, step)
        try:
            crashpoints.reach(kind.name, definition.name, crashpoints.BEFORE_CALL, operation.id)
            result = definition.effect(run) if definition.effect else {}
            crashpoints.reach(kind.name, definition.name, crashpoints.AFTER_EFFECT, operation.id)
            if isinstance(result, Wait):
                return self._park(held, step, result.seconds, None)
            self._record(held, kind, definition, run, steps, step, result or {})
            crashpoints.reach(kind.name, definition.name, crashpoints.AFTER_RECORD, operation.id)
            return True
        except Transient as problem:
            delay = min(MAX_BACKOFF, problem.retry_after * 2 ** min(step.attempts, 10))
            return self._park(held, step, delay, problem)
        except Conflict as problem:
            # Another writer was first; what we decided was decided on old facts, so look again at once.
            return self._park(held, step, min(5.0, 0.02 * 2 ** min(step.attempts, 8)), problem)
        except Problem as problem:
            return self._turn_back(held, problem, step)
        except Fenced:
            raise
        except Exception:
            log.exception("step failed unexpectedly", operation=operation.id, kind=kind.name, step=definition.name)
            if step.attempts >= MAX_SURPRISES:
                return self._turn_back(held, Permanent("internal.error"), step)
            return self._park(held, step, min(MAX_BACKOFF, 0.5 * 2**step.attempts), Transient("internal.error"))

    def _record(
        self,
        held: Claim,
        kind: OperationKind,
        definition: StepKind,
        run: Run,
        steps: list[Step],
        step: Step,
        result: Result,
    ) -> None:
        """The step's outcome, the next step's start or the operation's end: one transaction under the fence."""
        with self.database.unit() as session:
            operation = self._hold(session, held)
            if definition.record:
                definition.record(session, run, result, operation)
            now = self.clock()
            mine = self._fresh(session, step)
            transition(session, mine, "finish", now=now, finished_at=now, result=result, error=None)
            if step.position + 1 < len(steps):
                following = self._fresh(session, steps[step.position + 1])
                transition(session, following, "start", now=now, started_at=now, attempts=0)
            else:
                self._succeed(session, kind, run, operation, now)

    def _mark_started(self, held: Claim, step: Step) -> None:
        with self.database.unit() as session:
            self._hold(session, held)
            now = self.clock()
            mine = self._fresh(session, step)
            transition(session, mine, "start", now=now, started_at=now)
            step.state, step.started_at, step.generation = mine.state, mine.started_at, mine.generation

    def _close(self, held: Claim, kind: OperationKind, steps: list[Step]) -> bool:
        """Every step is done but the end was not written (a kind without steps)."""
        with self.database.unit() as session:
            operation = self._hold(session, held)
            self._succeed(session, kind, self._run(operation, steps, None), operation, self.clock())
        return False

    def _succeed(self, session: Session, kind: OperationKind, run: Run, operation: Operation, now: datetime) -> None:
        if kind.on_success:
            kind.on_success(session, run, operation)
        transition(session, operation, "succeed", now=now, finished_at=now, worker=None, lease_until=None, error=None)
        self._tell_waiting(session, operation, now)

    def _park(self, held: Claim, step: Step, delay: float, problem: Problem | None) -> bool:
        with self.database.unit() as session:
            self._hold(session, held)
            values: dict[str, Any] = {"attempts": step.attempts + 1 if problem else step.attempts}
            if problem:
                values["error"] = _as_data(problem)
            session.execute(
                update(Step)
                .where(Step.operation_id == step.operation_id, Step.position == step.position)
                .values(values)
            )
            let_go(session, held, not_before=self.clock() + timedelta(seconds=delay))
        return False

    # -- back ----------------------------------------------------------------------------------------------------
    def _turn_back(self, held: Claim, problem: Problem, step: Step) -> bool:
        with self.database.unit() as session:
            operation = self._hold(session, held)
            now = self.clock()
            mine = self._fresh(session, step)
            if mine.state in ("running", "pending"):
                transition(session, mine, "fail", now=now, error=_as_data(problem), finished_at=now)
            transition(session, operation, "undo", now=now, error=_as_data(problem))
        return True

    def _undo(self, held: Claim, operation: Operation, kind: OperationKind | None, steps: list[Step]) -> bool:
        todo = next((s for s in reversed(steps) if s.state in ("done", "running", "failed") and s.started_at), None)
        if kind is None or todo is None:
            return self._give_up(held, kind, steps)
        definition = kind.steps[todo.position]
        run = self._run(operation, steps, todo)
        now = self.clock()
        try:
            if definition.undo and now < operation.deadline_at + timedelta(seconds=UNDO_SECONDS):
                definition.undo(run)
        except Problem as problem:
            delay = min(MAX_BACKOFF, getattr(problem, "retry_after", 1.0) * 2 ** min(todo.attempts, 10))
            return self._park(held, todo, delay, problem)
        except Exception:
            log.exception("undo failed unexpectedly", operation=operation.id, step=definition.name)
            return self._park(held, todo, min(MAX_BACKOFF, 2.0**todo.attempts), Transient("internal.error"))
        with self.database.unit() as session:
            fresh = self._hold(session, held)
            if definition.undo_record:
                definition.undo_record(session, run, fresh)
            transition(session, self._fresh(session, todo), "undo", now=self.clock())
        return True

    def _give_up(self, held: Claim, kind: OperationKind | None, steps: list[Step]) -> bool:
        with self.database.unit() as session:
            operation = self._hold(session, held)
            now = self.clock()
            error = operation.error or {}
            if kind and kind.on_failure:
                problem = Permanent(error.get("code", "internal.error"), **error.get("params", {}))
                kind.on_failure(session, self._run(operation, steps, None), operation, problem)
            event = "cancel" if error.get("code") == "operation.cancelled" else "fail"
            transition(session, operation, event, now=now, finished_at=now, worker=None, lease_until=None)
            self._tell_waiting(session, operation, now)
        return False

    # -- shared --------------------------------------------------------------------------------------------------
    def _hold(self, session: Session, held: Claim) -> Operation:
        return hold(session, held, now=self.clock(), lease_seconds=self.lease_seconds)

    def _fresh(self, session: Session, step: Step) -> Step:
        return session.get_one(Step, (step.operation_id, step.position), populate_existing=True)

    def _run(self, operation: Operation, steps: list[Step], step: Step | None) -> Run:
        now = self.clock()
        return Run(
            operation_id=operation.id,
            kind=operation.kind,
            subject_id=operation.subject_id,
            params=operation.params,
            results={s.name: s.result or {} for s in steps if s.state == "done"},
            attempts=step.attempts if step else 0,
            step_started_at=(step.started_at if step else None) or now,
            now=now,
            deadline_at=operation.deadline_at,
            providers=self.providers,
            database=self.database,
            cipher=self.cipher,
            installation=self.installation,
        )

    def _tell_waiting(self, session: Session, operation: Operation, now: datetime) -> None:
        """Whoever waits for this operation is due now; what needed its success fails with it."""
        if operation.parent_id:
            session.execute(
                update(Operation)
                .where(Operation.id == operation.parent_id, Operation.lease_until.is_(None))
                .values(not_before=now)
            )
        if operation.state != "succeeded":
            waiting = select(Dependency.operation_id).where(Dependency.needs_id == operation.id)
            for other in session.scalars(
                select(Operation).where(Operation.id.in_(waiting), Operation.state == "queued")
            ):
                error = _as_data(Permanent("operation.dependency", needs=operation.id))
                transition(session, other, "undo", now=now, error=error, not_before=now)
        self.wake()


def _as_data(problem: Problem) -> dict[str, Any]:
    params = {
        key: value if value is None or isinstance(value, int | float) else str(value)
        for key, value in problem.params.items()
    }
    return {"code": problem.code, "kind": problem.kind, "params": params, "detail": problem.text("en")}
