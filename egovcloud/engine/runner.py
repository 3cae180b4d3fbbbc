"""Runs one claimed operation as far as it goes now: to its end, to its undoing, or to its next wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from egovcloud.domain.clock import Clock
from egovcloud.domain.errors import Conflict, Permanent, Problem, Transient, cause
from egovcloud.engine import crashpoints
from egovcloud.engine.claims import Claim, Fenced, count_rejection, hold, let_go
from egovcloud.engine.kinds import OperationKind, Registry, Result, Run, StepKind, Wait
from egovcloud.engine.leash import Lapsed, Leash, current, seconds
from egovcloud.engine.providers import Providers
from egovcloud.store.database import Database, unavailable
from egovcloud.store.journal import transition
from egovcloud.store.models import Dependency, Operation, Step
from egovcloud.store.secrets import Cipher
from egovcloud.telemetry.meters import OPERATIONS_ENDED, STALE_WRITES

log = structlog.get_logger()

MAX_BACKOFF = 30.0  # seconds; what failed for long is still tried again soon after the cause is mended
AWAY_SECONDS = 0.5  # between two looks for a database that is away
MAX_SURPRISES = 5  # unexpected exceptions of one step before it is given up
MAX_CONFLICTS = 8  # of one step, with the world; races between writers of ours are run again until the deadline
ENDED = frozenset({"succeeded", "failed", "cancelled"})
RACES = frozenset({"placement.conflict", "state.changed", "row.changed", "row.duplicate"})
UNDO_SECONDS = 3600  # how long undoing is tried after the deadline; then people and the orphan sweep have the last word


@dataclass
class Page:
    """One operation's page of the journal, as this worker knows it under its lease."""

    held: Claim
    leash: Leash
    operation: Operation
    kind: OperationKind | None
    steps: list[Step]

    @property
    def todo(self) -> Step | None:
        """The first step that is not done."""
        return next((step for step in self.steps if step.state != "done"), None)

    def move(self, session: Session, row: Operation | Step, event: str, *, now: datetime, **changes: Any) -> None:
        """Write a state of the operation or a step of it; the house's own upkeep is told only when it fails."""
        told = event == "fail" or self.kind is None or not self.kind.internal
        owner = self.operation.department_id
        transition(session, row, event, now=now, department_id=owner, told=told, **changes)


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

    def run(self, held: Claim, leash: Leash | None = None, pause: Callable[[float], bool] = lambda _: False) -> None:
        """Advance the operation under ``held`` until it ends or waits.

        While the database is away, or the lease has run out on our own clock, nothing is done but to ask again after
        ``pause(seconds)``: who still holds the lease goes on, who lost it is turned away. When ``pause`` answers
        false, the reason is raised and the operation is left to its lease.
        """
        leash = leash or Leash(self.lease_seconds, seconds())
        bound = log.bind(operation=held.operation_id, lease=held.lease, worker=held.worker)
        token = current.set(leash)
        try:
            while not self._run_once(held, leash, bound, pause):
                pass
        except Lapsed:
            raise
        except Fenced:
            bound.warning("fenced")
            STALE_WRITES.inc()
            count_rejection(self.database, held, now=self.clock())
        finally:
            current.reset(token)

    def _run_once(self, held: Claim, leash: Leash, bound: Any, pause: Callable[[float], bool]) -> bool:
        """Whether the operation went as far as it goes now; false when it has to be looked at again."""
        try:
            page = self._open(held, leash)
            while self._advance(page):
                pass
            if page.operation.state in ENDED:
                OPERATIONS_ENDED.labels(page.operation.kind, page.operation.state).inc()
            return True
        except Lapsed:
            bound.warning("lapsed")
            if not pause(0.0):
                raise
        except SQLAlchemyError as error:
            if not unavailable(error):
                raise
            bound.warning("database away", error=type(error).__name__)
            if not pause(AWAY_SECONDS):
                raise
        return False

    # -- forward -------------------------------------------------------------------------------------------------
    def _open(self, held: Claim, leash: Leash) -> Page:
        """Read the journal once; while the lease holds, nobody else writes in it."""
        with self._proving(held, leash) as (session, _):
            operation = session.get_one(Operation, held.operation_id)
            listed = select(Step).where(Step.operation_id == operation.id).order_by(Step.position)
            page = Page(held, leash, operation, self.registry.kinds.get(operation.kind), list(session.scalars(listed)))
            now = self.clock()
            if page.kind is None and operation.state != "undoing":
                error = _as_data(Permanent("operation.unknown_kind", kind=operation.kind))
                page.move(session, operation, "undo", now=now, error=error)
            elif operation.state == "queued":
                page.move(session, operation, "claim", now=now, started_at=operation.started_at or now)
            step = page.todo
            if operation.state == "running" and step is not None and step.state != "running":
                page.move(session, step, "start", now=now, started_at=now)
            return page

    def _advance(self, page: Page) -> bool:
        """One step forward or back; false when the operation ended or waits."""
        operation, kind, step = page.operation, page.kind, page.todo
        if operation.state == "undoing":
            return self._undo(page)
        if operation.state != "running" or kind is None:
            return False
        now = self.clock()
        if step is None:
            return self._close(page, kind)
        if operation.cancel_requested and kind.cancellable:
            return self._turn_back(page, Permanent("operation.cancelled", actor=operation.cancelled_by or "-"), step)
        if now >= operation.deadline_at:
            deadline = operation.deadline_at.isoformat(timespec="seconds")
            problem = Permanent("operation.deadline", deadline=deadline, last=cause(step.error))
            return self._turn_back(page, problem, step)
        return self._step(page, kind, step)

    def _step(self, page: Page, kind: OperationKind, step: Step) -> bool:
        operation, definition = page.operation, kind.steps[step.position]
        run = self._run(page, step)
        try:
            crashpoints.reach(kind.name, definition.name, crashpoints.BEFORE_CALL, operation.id)
            result = definition.effect(run) if definition.effect else {}
            crashpoints.reach(kind.name, definition.name, crashpoints.AFTER_EFFECT, operation.id)
            if isinstance(result, Wait):
                return self._park(page, step, result.seconds, None)
            self._record(page, kind, definition, run, step, result or {})
            crashpoints.reach(kind.name, definition.name, crashpoints.AFTER_RECORD, operation.id)
            return True
        except Transient as problem:
            delay = min(MAX_BACKOFF, problem.retry_after * 2 ** min(step.attempts, 10))
            return self._park(page, step, delay, problem)
        except Conflict as problem:
            # Another writer was first; what we decided was decided on old facts, so look again at once. A cloud that
            # keeps saying that something is in use means it.
            if problem.code not in RACES and step.attempts >= MAX_CONFLICTS:
                return self._turn_back(page, problem, step)
            return self._park(page, step, min(5.0, 0.02 * 2 ** min(step.attempts, 8)), problem)
        except Problem as problem:
            return self._turn_back(page, problem, step)
        except Fenced:
            raise
        except Exception as error:
            if unavailable(error):
                raise
            log.exception("step failed unexpectedly", operation=operation.id, kind=kind.name, step=definition.name)
            if step.attempts >= MAX_SURPRISES:
                return self._turn_back(page, Permanent("internal.error"), step)
            return self._park(page, step, min(MAX_BACKOFF, 0.5 * 2**step.attempts), Transient("internal.error"))

    def _record(
        self, page: Page, kind: OperationKind, definition: StepKind, run: Run, step: Step, result: Result
    ) -> None:
        """The step's outcome, the next step's start or the operation's end: one transaction under the fence."""
        with self._writing(page) as session:
            if definition.record:
                definition.record(session, run, result, page.operation)
            now = self.clock()
            page.move(session, step, "finish", now=now, finished_at=now, result=result, error=None)
            following = page.todo
            if following is not None:
                page.move(session, following, "start", now=now, started_at=now, attempts=0)
            else:
                self._succeed(session, page, kind, run, now)

    def _close(self, page: Page, kind: OperationKind) -> bool:
        """Every step is done but the end was not written (a kind without steps)."""
        with self._writing(page) as session:
            self._succeed(session, page, kind, self._run(page, None), self.clock())
        return False

    def _succeed(self, session: Session, page: Page, kind: OperationKind, run: Run, now: datetime) -> None:
        if kind.on_success:
            kind.on_success(session, run, page.operation)
        page.move(
            session, page.operation, "succeed", now=now, finished_at=now, worker=None, lease_until=None, error=None
        )
        self._tell_waiting(session, page.operation, now)

    def _park(self, page: Page, step: Step, delay: float, problem: Problem | None) -> bool:
        with self._writing(page) as session:
            if problem:
                counted = update(Step).where(Step.operation_id == step.operation_id, Step.position == step.position)
                session.execute(counted.values(attempts=step.attempts + 1, error=_as_data(problem)))
            let_go(session, page.held, not_before=self.clock() + timedelta(seconds=delay))
        return False

    # -- back ----------------------------------------------------------------------------------------------------
    def _turn_back(self, page: Page, problem: Problem, step: Step) -> bool:
        with self._writing(page) as session:
            now = self.clock()
            if step.state in ("running", "pending"):
                page.move(session, step, "fail", now=now, error=_as_data(problem), finished_at=now)
            page.move(session, page.operation, "undo", now=now, error=_as_data(problem))
        return True

    def _undo(self, page: Page) -> bool:
        operation, kind = page.operation, page.kind
        reached = [s for s in page.steps if s.state in ("done", "running", "failed") and s.started_at]
        if kind is None or not reached:
            return self._give_up(page)
        step = reached[-1]
        definition = kind.steps[step.position]
        run = self._run(page, step)
        now = self.clock()
        try:
            crashpoints.reach(kind.name, definition.name, crashpoints.BEFORE_UNDO, operation.id)
            if definition.undo and now < operation.deadline_at + timedelta(seconds=UNDO_SECONDS):
                definition.undo(run)
            crashpoints.reach(kind.name, definition.name, crashpoints.AFTER_UNDO, operation.id)
        except Problem as problem:
            delay = min(MAX_BACKOFF, getattr(problem, "retry_after", 1.0) * 2 ** min(step.attempts, 10))
            return self._park(page, step, delay, problem)
        except Fenced:
            raise
        except Exception as error:
            if unavailable(error):
                raise
            log.exception("undo failed unexpectedly", operation=operation.id, step=definition.name)
            return self._park(page, step, min(MAX_BACKOFF, 2.0**step.attempts), Transient("internal.error"))
        with self._writing(page) as session:
            if definition.undo_record:
                definition.undo_record(session, run, operation)
            page.move(session, step, "undo", now=self.clock())
        crashpoints.reach(kind.name, definition.name, crashpoints.AFTER_UNDO_RECORD, operation.id)
        return True

    def _give_up(self, page: Page) -> bool:
        with self._writing(page) as session:
            operation, now = page.operation, self.clock()
            error = operation.error or {}
            if page.kind and page.kind.on_failure and now < operation.deadline_at + timedelta(seconds=UNDO_SECONDS):
                problem = Permanent(error.get("code", "internal.error"), **error.get("params", {}))
                page.kind.on_failure(session, self._run(page, None), operation, problem)
            event = "cancel" if error.get("code") == "operation.cancelled" else "fail"
            page.move(session, operation, event, now=now, finished_at=now, worker=None, lease_until=None)
            self._tell_waiting(session, operation, now)
        return False

    # -- shared --------------------------------------------------------------------------------------------------
    @contextmanager
    def _proving(self, held: Claim, leash: Leash) -> Iterator[tuple[Session, Row[Any]]]:
        """A transaction in which the lease is proved and prolonged, at both ends."""
        since = seconds()
        with self.database.unit() as session:
            yield session, hold(session, held, now=self.clock(), lease_seconds=self.lease_seconds)
        leash.extend(since)

    @contextmanager
    def _writing(self, page: Page) -> Iterator[Session]:
        """A transaction under the fence. When it fails, the page shows again what the journal holds."""
        rows: list[Operation | Step] = [page.operation, *page.steps]
        before = [(row, row.state, row.generation) for row in rows]
        try:
            with self._proving(page.held, page.leash) as (session, seen):
                if seen.state != page.operation.state:
                    raise Fenced(page.held.operation_id)
                set_committed_value(page.operation, "generation", seen.generation)
                set_committed_value(page.operation, "cancel_requested", seen.cancel_requested)
                set_committed_value(page.operation, "cancelled_by", seen.cancelled_by)
                yield session
        except BaseException:
            for row, state, generation in before:
                set_committed_value(row, "state", state)
                set_committed_value(row, "generation", generation)
            raise

    def _run(self, page: Page, step: Step | None) -> Run:
        now, operation = self.clock(), page.operation
        return Run(
            operation_id=operation.id,
            kind=operation.kind,
            subject_id=operation.subject_id,
            params=operation.params,
            results={s.name: s.result or {} for s in page.steps if s.state == "done"},
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
        key: value if value is None or isinstance(value, int | float | dict) else str(value)
        for key, value in problem.params.items()
    }
    return {"code": problem.code, "kind": problem.kind, "params": params, "detail": problem.text("en")}
