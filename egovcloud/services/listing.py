"""One way to list anything: scope by subtree, filter, search, sort, and page by key.

Keyset paging (SQL:2003 row comparison) costs the same at any depth, and a row that is inserted while somebody
pages is neither shown twice nor the cause of another being missed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Select, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from egovcloud.domain.errors import Invalid
from egovcloud.services.actor import Actor
from egovcloud.store.base import Model
from egovcloud.store.models import Department

Row = TypeVar("Row", bound=Model)
Filter = Callable[[Session, Sequence[str]], ColumnElement[bool]]

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True)
class ListQuery:
    """What a caller asks of a list. ``filters`` maps a name to the values that it may have."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    q: str | None = None
    sort: str | None = None
    count: bool = False
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page(Generic[Row]):
    items: Sequence[Row]
    next: str | None
    total: int | None


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """How one noun is listed.

    ``permission`` is needed somewhere; rows outside of the subtrees where it holds do not exist for the caller.
    ``shared`` adds rows of no department. ``department`` is empty for nouns that belong to the centre alone.
    """

    model: type[Row]
    permission: str
    department: InstrumentedAttribute[Any] | None = None
    shared: bool = False
    search: SQLColumnExpression[str] | None = None
    sorts: Mapping[str, InstrumentedAttribute[Any]] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    where: Callable[[], ColumnElement[bool]] | None = None
    default_sort: str = "-id"


def equals(column: InstrumentedAttribute[Any]) -> Filter:
    """``column`` is one of the values."""
    return lambda _session, values: column.in_(list(values)) if len(values) > 1 else column == values[0]


def given(column: InstrumentedAttribute[Any], name: str) -> Filter:
    """``true`` for rows where ``column`` is known, ``false`` for the others; ``Invalid`` for any other word."""

    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        if len(values) != 1 or values[0] not in ("true", "false"):
            raise Invalid("input.choice", field=name, name=name, allowed="true, false")
        return column.is_not(None) if values[0] == "true" else column.is_(None)

    return build


def subtree(column: InstrumentedAttribute[Any]) -> Filter:
    """``column`` is a department in the subtree of one of the values."""

    def build(session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        paths = session.scalars(select(Department.path).where(Department.id.in_(list(values)))).all()
        return column.in_(departments_under(session, paths))

    return build


def departments_under(session: Session, prefixes: Sequence[str]) -> list[str]:
    """Ids of every department whose path begins with one of ``prefixes``."""
    if not prefixes:
        return []
    conditions = [Department.path.startswith(prefix, autoescape=True) for prefix in prefixes]
    return list(session.scalars(select(Department.id).where(or_(*conditions))))


def root_path(session: Session) -> str:
    """Path of the root department, ``/`` before there is one; it never changes, so one look a process will do."""
    engine = session.get_bind().engine
    known = _ROOTS.get(engine)
    if known is None:
        known = session.scalar(select(Department.path).where(Department.parent_id.is_(None)))
        if known is None:
            return "/"
        _ROOTS[engine] = known
    return known


_ROOTS: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()


def scope(session: Session, actor: Actor, listing: Listing[Row]) -> list[ColumnElement[bool]]:
    """The conditions that hide what the actor may not see."""
    conditions = [listing.where()] if listing.where else []
    if listing.department is None:
        return conditions
    if actor.may(listing.permission, root_path(session)):
        return conditions
    mine: ColumnElement[bool] = listing.department.in_(departments_under(session, actor.prefixes(listing.permission)))
    return [*conditions, or_(mine, listing.department.is_(None)) if listing.shared else mine]


def page(session: Session, actor: Actor, listing: Listing[Row], query: ListQuery) -> Page[Row]:
    """One page of at most ``query.limit`` rows; ``Invalid`` names an unknown filter, sort or cursor."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise Invalid("list.limit", field="limit", limit=query.limit, maximum=MAX_LIMIT)
    conditions = scope(session, actor, listing)
    for name, values in query.filters.items():
        if name not in listing.filters:
            raise Invalid("list.filter", field=name, name=name, allowed=", ".join(sorted(listing.filters)))
        conditions.append(listing.filters[name](session, values))
    if query.q:
        if listing.search is None:
            raise Invalid("list.search", field="q")
        conditions.append(listing.search.contains(query.q.lower(), autoescape=True))
    statement: Select[Row] = select(listing.model).where(*conditions)
    total = None
    if query.count:
        total = session.scalar(select(func.count()).select_from(listing.model).where(*conditions)) or 0
    column, key, descending = _order(listing, query.sort)
    if query.after:
        statement = statement.where(_beyond(column, key, descending, query.after))
    order = [c.desc() if descending else c.asc() for c in ((column, key) if column is not key else (key,))]
    if _may_lack(column):
        order.insert(0, column.is_(None).asc())  # last in both directions, whatever the database thinks of NULL
    rows = list(session.scalars(statement.order_by(*order).limit(query.limit + 1)))
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return Page(rows, _cursor(rows[-1], column, key) if more else None, total)


def _order(
    listing: Listing[Row], sort: str | None
) -> tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any], bool]:
    key: InstrumentedAttribute[Any] = listing.model.id  # type: ignore[attr-defined]
    wanted = sort or listing.default_sort
    descending, name = wanted.startswith("-"), wanted.lstrip("-")
    # Ids sort by birth, so that "created_at" needs no second column.
    if name in ("id", "created_at"):
        return key, key, descending
    if name not in listing.sorts:
        raise Invalid("list.sort", field="sort", name=name, allowed=", ".join(["created_at", *sorted(listing.sorts)]))
    return listing.sorts[name], key, descending


def _may_lack(column: InstrumentedAttribute[Any]) -> bool:
    """Whether rows may have nothing to be sorted by."""
    return bool(getattr(column.property, "columns", [None])[0].nullable)


def _cursor(row: Model, column: InstrumentedAttribute[Any], key: InstrumentedAttribute[Any]) -> str:
    value = getattr(row, column.key)
    if isinstance(value, datetime):
        value = value.isoformat()
    return base64.urlsafe_b64encode(json.dumps([value, getattr(row, key.key)]).encode()).decode().rstrip("=")


def _beyond(
    column: InstrumentedAttribute[Any], key: InstrumentedAttribute[Any], descending: bool, cursor: str
) -> ColumnElement[bool]:
    try:
        value, id_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        python_type = key.type.python_type
        if not isinstance(id_, python_type):
            raise TypeError
        if column is not key and not (value is None and _may_lack(column)):
            wanted = column.type.python_type
            value = datetime.fromisoformat(value) if wanted is datetime else wanted(value)
    except (ValueError, TypeError, NotImplementedError):
        raise Invalid("list.cursor", field="after") from None
    before: ColumnElement[bool] = key < id_ if descending else key > id_
    if column is key:
        return before
    if value is None:
        return and_(column.is_(None), before)
    further: ColumnElement[bool] = column < value if descending else column > value
    if _may_lack(column):
        further = or_(further, column.is_(None))
    return or_(further, and_(column == value, before))
