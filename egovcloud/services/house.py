"""What every use case stands in: the database, the clock, the secrets, and the audit that no write escapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from egovcloud.domain.clock import Clock, system_clock
from egovcloud.domain.errors import Forbidden, NotFound, Problem
from egovcloud.domain.ids import new_id
from egovcloud.services.actor import Actor
from egovcloud.store.base import Model
from egovcloud.store.database import Database
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
        self.subject_name = name[:200]
        self.data.update(data)

    def require(self, permission: str, department_id: str | None) -> None:
        """``Forbidden`` unless the actor holds the permission there; no department means the centre itself."""
        require(self.session, self.actor, permission, department_id)


def require(session: Session, actor: Actor, permission: str, department_id: str | None) -> None:
    """``Forbidden`` unless ``actor`` holds ``permission`` at the department (``None``: at the root)."""
    path = "/" if department_id is None else session.get_one(Department, department_id).path
    if department_id is None:
        root = session.query(Department.path).filter(Department.parent_id.is_(None)).scalar()
        path = root or "/"
    if not actor.may(permission, path):
        raise Forbidden("auth.forbidden", permission=permission)


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
        """A use case that changes something: its audit entry commits with it; a refusal commits one of its own."""
        unit: Unit | None = None
        try:
            with self.database.unit() as session:
                unit = Unit(session, actor, self.clock(), action, self.cipher, subject_type=subject_type)
                yield unit
                session.add(_entry(unit, "success", ""))
        except Problem as problem:
            if unit is not None:
                with self.database.unit() as session:
                    session.add(_entry(unit, "failure", problem.code))
            raise
        self.wake()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A use case that only looks."""
        with self.database.read() as session:
            yield session


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
        if department_id is None:
            # What belongs to no department is the centre's: shared things are readable by everyone who may read any.
            if actor.may_anywhere(permission):
                return row
        elif actor.may(permission, session.get_one(Department, department_id).path):
            return row
    raise NotFound("thing.absent", noun=model.__tablename__, id=id_)
