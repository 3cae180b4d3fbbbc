"""Events as a stream: in the order in which they became visible, from any position, none missed.

A position is (transaction, id). On PostgreSQL ids are given out before the commit, so a lower one can appear after
a higher one; only rows of transactions below the oldest that is still running are settled, and only those are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, literal_column, select, tuple_
from sqlalchemy.orm import Session

from egovcloud.services.actor import Actor
from egovcloud.services.event_view import CLOSED, FIELDS
from egovcloud.services.house import House
from egovcloud.services.listing import root_path
from egovcloud.store.models import Department, Event

Position = tuple[int, int]
START: Position = (0, 0)


@dataclass(frozen=True)
class Told:
    """One event with its place in the stream and in the tree (``None``: it belongs to the centre alone)."""

    position: Position
    path: str | None
    view: Mapping[str, Any]

    def shown_to(self, actor: Actor, root: str) -> Mapping[str, Any] | None:
        """The event as the actor may see it, or ``None``."""
        if not actor.may("event:read", self.path if self.path is not None else root):
            return None
        if actor.may("host:read", root):
            return self.view
        return {**self.view, "data": {key: value for key, value in self.view["data"].items() if key not in CLOSED}}


def latest(house: House) -> Position:
    """The newest settled position."""
    with house.database.read() as session:
        statement = select(Event.transaction, Event.id).where(*_settled(session))
        row = session.execute(statement.order_by(Event.transaction.desc(), Event.id.desc()).limit(1)).one_or_none()
    return START if row is None else (row[0], row[1])


def after(house: House, position: Position, limit: int = 500) -> Sequence[Told]:
    """The next settled events after ``position``, at most ``limit``."""
    with house.database.read() as session:
        beyond = tuple_(Event.transaction, Event.id) > tuple_(*position)
        statement = select(Event).where(beyond, *_settled(session)).order_by(Event.transaction, Event.id).limit(limit)
        rows = session.scalars(statement).all()
        if not rows:
            return ()
        paths = _departments(session, rows)
        return [_told(row, paths) for row in rows]


def root(house: House) -> str:
    """Path of the root department."""
    with house.database.read() as session:
        return root_path(session)


def _settled(session: Session) -> list[ColumnElement[bool]]:
    if session.get_bind().dialect.name != "postgresql":
        return []  # SQLite has one writer at a time: ids are in the order of commits
    return [Event.transaction < literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")]


def _departments(session: Session, rows: Sequence[Event]) -> Mapping[str, str]:
    """Paths by department id."""
    ids = {row.department_id for row in rows if row.department_id is not None}
    placed = select(Department.id, Department.path).where(Department.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(placed)}


def _told(row: Event, paths: Mapping[str, str]) -> Told:
    view = {name: getattr(row, name) for name in FIELDS}
    return Told((row.transaction, row.id), paths.get(row.department_id or ""), {**view, "data": row.data})
