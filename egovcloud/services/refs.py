"""References to other things, ``{"id", "name"}``: the names of a whole page are read in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from egovcloud.store.base import Model
from egovcloud.store.models import Request, User

View = dict[str, Any]
Ref = dict[str, str]

# What is shown for the nouns that have no name of their own.
LABELS: Mapping[type[Model], InstrumentedAttribute[str]] = {Request: Request.number, User: User.display_name}


class Refs:
    """The names of everything that some rows point at. A deleted thing keeps its name here."""

    def __init__(self, session: Session, wanted: Mapping[type[Model], Iterable[str | None]]) -> None:
        self._names: dict[tuple[str, str], str] = {}
        parts = []
        for model, ids in wanted.items():
            found = {id_ for id_ in ids if id_ is not None}
            if found:
                key: ColumnElement[str] = model.id  # type: ignore[attr-defined]
                label = LABELS.get(model) or model.name  # type: ignore[attr-defined]
                kind = literal(model.__tablename__).label("kind")
                parts.append(select(kind, key.label("id"), label.label("name")).where(key.in_(sorted(found))))
        if parts:
            statement = union_all(*parts) if len(parts) > 1 else parts[0]
            self._names = {(kind, id_): name for kind, id_, name in session.execute(statement)}

    def name(self, model: type[Model], id_: str | None) -> str | None:
        """The name, or ``None`` when nothing is pointed at or it is not there."""
        return None if id_ is None else self._names.get((model.__tablename__, id_))

    def ref(self, model: type[Model], id_: str | None) -> Ref | None:
        """The reference, or ``None`` when nothing is pointed at or it is not there."""
        name = self.name(model, id_)
        return None if id_ is None or name is None else {"id": id_, "name": name}


def entity(row: Any, *fields: str) -> View:
    """The part of a view that copies ``row``: what every entity has, and ``fields``."""
    names = ("id", "generation", "created_at", "updated_at", *fields)
    return {name: getattr(row, name) for name in names}


def tally(session: Session, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> dict[str, int]:
    """How many rows there are by the values of ``column``."""
    statement = select(column, func.count()).where(column.is_not(None), *where).group_by(column)
    return {str(value): int(count) for value, count in session.execute(statement)}
