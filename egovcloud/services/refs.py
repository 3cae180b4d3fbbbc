"""References to other things, ``{"id", "name"}``: the names of a whole page are read in one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Executable,
    Select,
    SQLColumnExpression,
    String,
    any_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from egovcloud.store.base import Model
from egovcloud.store.models import Drift, Request, User

View = dict[str, Any]
Ref = dict[str, str]

# What is shown for the nouns that have no name of their own.
LABELS: Mapping[type[Model], InstrumentedAttribute[str]] = {
    Drift: Drift.subject_name,
    Request: Request.number,
    User: User.display_name,
}

OneOf = Callable[[SQLColumnExpression[Any]], ColumnElement[bool]]


class Related:
    """What some rows have around them, asked for by their ids; built once, since building it took longer than asking.

    ``build`` makes the statement out of a function that says "this column is one of the ids". PostgreSQL gets the ids
    as one array, so that its prepared statement serves every number of them; SQLite has no arrays.
    """

    def __init__(self, build: Callable[[OneOf], Executable]) -> None:
        self._array = build(lambda column: column == any_(bindparam("ids", type_=ARRAY(String(36)))))
        self._list = build(lambda column: column.in_(bindparam("ids", expanding=True)))

    def of(self, session: Session, ids: Iterable[str]) -> Sequence[Any]:
        """The rows for ``ids``; none for none."""
        wanted = list(ids)
        if not wanted:
            return ()
        arrays = session.get_bind().dialect.name == "postgresql"
        return session.execute(self._array if arrays else self._list, {"ids": wanted}).all()


class Refs:
    """The names of everything that some rows point at. A deleted thing keeps its name here."""

    def __init__(self, session: Session, wanted: Mapping[type[Model], Iterable[str | None]]) -> None:
        self._names: dict[tuple[str, str], str] = {}
        ids = {model: {id_ for id_ in of if id_ is not None} for model, of in wanted.items()}
        models = tuple(model for model, of in ids.items() if of)
        if models:
            given = {model.__tablename__: sorted(ids[model]) for model in models}
            self._names = {(kind, id_): name for kind, id_, name in session.execute(_names(models), given)}

    def name(self, model: type[Model], id_: str | None) -> str | None:
        """The name, or ``None`` when nothing is pointed at or it is not there."""
        return None if id_ is None else self._names.get((model.__tablename__, id_))

    def ref(self, model: type[Model], id_: str | None) -> Ref | None:
        """The reference, or ``None`` when nothing is pointed at or it is not there."""
        name = self.name(model, id_)
        return None if id_ is None or name is None else {"id": id_, "name": name}


@cache
def _names(models: tuple[type[Model], ...]) -> Select[Any] | CompoundSelect[Any]:
    """(table, id, name) of all things of ``models`` that the parameters named like their tables list."""
    parts = []
    for model in models:
        key: ColumnElement[str] = model.id  # type: ignore[attr-defined]
        label = LABELS.get(model) or model.name  # type: ignore[attr-defined]
        kind = literal(model.__tablename__).label("kind")
        one_of = key.in_(bindparam(model.__tablename__, expanding=True))
        parts.append(select(kind, key.label("id"), label.label("name")).where(one_of))
    return union_all(*parts) if len(parts) > 1 else parts[0]


def entity(row: Any, *fields: str) -> View:
    """The part of a view that copies ``row``: what every entity has, and ``fields``."""
    names = ("id", "generation", "created_at", "updated_at", *fields)
    return {name: getattr(row, name) for name in names}


def tally(session: Session, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> dict[str, int]:
    """How many rows there are by the values of ``column``."""
    statement = select(column, func.count()).where(column.is_not(None), *where).group_by(column)
    return {str(value): int(count) for value, count in session.execute(statement)}
