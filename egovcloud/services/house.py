"""What every use case stands in: the database, the clock, the secrets, and the audit that no write escapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from egovcloud.domain.clock import Clock, system_clock
from egovcloud.domain.errors import Conflict, Forbidden, NotFound, Problem, QuotaExceeded, Transient
from egovcloud.domain.ids import new_id
from egovcloud.services import intent as intents
from egovcloud.services.actor import Actor
from egovcloud.services.listing import root_path
from egovcloud.store.base import Model
from egovcloud.store.database import Database, unavailable
from egovcloud.store.models import AuditEntry, Department
from egovcloud.store.secrets import Cipher


@dataclass
class Unit:
    """One use case in one transaction. ``about`` must be called once: it names what the audit entry is about."""

    session: Session
    actor: Actor
    now: datetime
    action: str
    cipher: Cipher
    subject_type: str = ""
    subject_id: str | None = None
    subject_name: str = ""
    department_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def about(self, subject_type: str, row: Model | None, name: str = "", **data: Any) -> None:
        """Name the subject of this use case, as early as it is known, so that a refusal is audited with it."""
        self.subject_type = subject_type
        if row is not None:
            self.subject_id = getattr(row, "id", None)
            self.department_id = row.id if isinstance(row, Department) else getattr(row, "department_id", None)
            name = name or str(getattr(row, "name", "") or getattr(row, "username", "") or getattr(row, "title", ""))
            if (intent := intents.current.get()) is not None:
                intent.check(row)
        self.subject_name = name[:200]
        self.data.update(data)

    def require(self, permission: str, department_id: str | None) -> None:
        """``Forbidden`` unless the actor holds the permission there; no department means the centre itself."""
        require(self.session, self.actor, permission, department_id)


def require(session: Session, actor: Actor, permission: str, department_id: str | None) -> None:
    """``Forbidden`` unless ``actor`` holds ``permission`` at the department (``None``: at the root)."""
    if not actor.may(permission, _path(session, department_id)):
        raise Forbidden("auth.forbidden", permission=permission)


def _path(session: Session, department_id: str | None) -> str:
    """Where in the tree something is that belongs to the department; what belongs to none is the centre's."""
    if department_id is not None:
        return session.get_one(Department, department_id).path
    return root_path(session)


@dataclass(frozen=True)
class House:
    """The environment of the use cases; made once, by ``app``."""

    database: Database
    cipher: Cipher
    installation: str
    clock: Clock = system_clock
    wake: Callable[[], None] = lambda: None

    @contextmanager
    def write(self, actor: Actor, action: str, subject_type: str = "") -> Iterator[Unit]:
        """A use case that changes something: its audit entry commits with it; a refusal commits one of its own.

        Inside an ``Intent`` with a key the transaction is the intent's, and commits with the stored answer.
        """
        intent = intents.current.get()
        joined = intent if intent is not None and intent.once is not None else None
        unit: Unit | None = None
        try:
            with _known_failures(), self._transaction(joined) as session:
                unit = Unit(session, actor, self.clock(), action, self.cipher, subject_type=subject_type)
                yield unit
                if intent is not None and intent.if_match is not None:
                    raise Conflict("precondition.failed", generation="-")
                session.add(_entry(unit, "success", ""))
                session.flush()
        except Problem as problem:
            if unit is not None and problem.code != "database.unavailable":
                refusal = _entry(unit, "failure", problem.code)
                if joined is not None:
                    joined.refusals.append(refusal)
                else:
                    with self.database.unit() as session:
                        session.add(refusal)
            raise told(problem, actor) from None
        if joined is not None:
            joined.woken = True
        else:
            self.wake()

    def refused(self, actor: Actor, action: str, subject_id: str | None, problem: Problem) -> None:
        """Audit of an attempt that was turned away before it reached a use case."""
        with self.database.unit() as session:
            noun = action.partition(".")[0][:16]
            unit = Unit(session, actor, self.clock(), action[:64], self.cipher, noun, subject_id)
            session.add(_entry(unit, "failure", problem.code))

    @contextmanager
    def _transaction(self, joined: intents.Intent | None) -> Iterator[Session]:
        if joined is None:
            with self.database.unit() as session:
                yield session
        else:
            # A use case that catches a refusal of another one must keep only its own changes.
            session = joined.join()
            with session.begin_nested():
                yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A use case that only looks; inside an ``Intent`` that already wrote, it sees what was written."""
        intent = intents.current.get()
        with _known_failures():
            if intent is not None and intent.session is not None:
                yield intent.session
            else:
                with self.database.read() as session:
                    yield session


def told(problem: Problem, actor: Actor) -> Problem:
    """The problem as the actor may know it: of a quota above its own departments only that it is full."""
    if isinstance(problem, QuotaExceeded) and problem.path and not actor.may("quota:read", problem.path):
        asked, resource = problem.params.get("asked"), problem.params.get("resource")
        return QuotaExceeded("quota.exceeded_above", field=problem.field, resource=resource, asked=asked)
    return problem


@contextmanager
def _known_failures() -> Iterator[None]:
    """The database's own refusals in our words: a race for a unique name, a reference to nothing, no database."""
    try:
        yield
    except IntegrityError as error:
        text = f"{getattr(error.orig, 'sqlstate', '')} {error.orig}"
        if "23505" in text or "UNIQUE" in text:
            raise Conflict("row.duplicate") from error
        if "23503" in text or "FOREIGN KEY" in text:
            raise Conflict("row.reference") from error
        raise
    except SQLAlchemyError as error:
        if (problem := away(error)) is not None:
            raise problem from error
        raise


def away(error: BaseException) -> Transient | None:
    """What is said when ``error`` means that the database can't be reached; ``None`` when it means something else."""
    return Transient("database.unavailable", retry_after=2.0) if unavailable(error) else None


def _entry(unit: Unit, outcome: str, code: str) -> AuditEntry:
    return AuditEntry(
        id=new_id(),
        at=unit.now,
        actor_id=unit.actor.user_id,
        actor_name=unit.actor.name[:120],
        department_id=unit.department_id,
        action=unit.action,
        subject_type=unit.subject_type,
        subject_id=unit.subject_id,
        subject_name=unit.subject_name,
        outcome=outcome,
        code=code,
        address=unit.actor.address[:64],
        trace_id=unit.actor.trace_id[:64],
        data=unit.data,
    )


Row = TypeVar("Row", bound=Model)


def visible(session: Session, actor: Actor, permission: str, model: type[Row], id_: str, *, lock: bool = False) -> Row:
    """The row, if the actor may see it; otherwise ``NotFound``, the same whether it is absent or another's."""
    row = session.get(model, id_, with_for_update=lock or None, populate_existing=lock)
    if row is not None:
        department_id = row.id if isinstance(row, Department) else getattr(row, "department_id", None)
        if actor.may(permission, _path(session, department_id)):
            return row
    raise NotFound("thing.absent", noun=model.__tablename__, id=id_)
