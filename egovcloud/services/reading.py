"""Reading through one door: what a list would hide from a caller does not exist when it is asked for by id either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from egovcloud.domain.errors import Forbidden, Invalid, NotFound
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Filter, Listing, ListQuery, departments_under, page, root_path, scope
from egovcloud.services.refs import View
from egovcloud.store.base import Model
from egovcloud.store.models import Department

Row = TypeVar("Row", bound=Model)
Views = Callable[[Session, Actor, Sequence[Row]], list[View]]


@dataclass(frozen=True)
class ViewPage:
    """A page of views."""

    items: Sequence[View]
    next: str | None
    total: int | None


@dataclass(frozen=True)
class Noun(Generic[Row]):
    """How one noun is read. ``centre`` nouns are shown only to those who hold the permission at the root.

    ``tombstones`` nouns keep deleted rows: a list leaves them out unless ``state`` asks for them. ``inherited`` nouns
    of a department are for everyone below it too.
    """

    listing: Listing[Row]
    views: Views[Row]
    centre: bool = False
    tombstones: bool = False
    inherited: bool = False


def read_page(house: House, actor: Actor, noun: Noun[Row], query: ListQuery) -> ViewPage:
    """One page of views; ``Forbidden`` when the caller may not read this noun anywhere."""
    with house.read() as session:
        allow(session, actor, noun.listing.permission, centre=noun.centre)
        listing = _listing(session, actor, noun)
        if noun.tombstones and "deleted" not in query.filters.get("state", ()):
            deleted: InstrumentedAttribute[Any] = listing.model.deleted_at  # type: ignore[attr-defined]
            wider = listing.where
            listing = replace(listing, where=lambda: and_(deleted.is_(None), *([wider()] if wider else ())))
        rows = page(session, actor, listing, query)
        return ViewPage(noun.views(session, actor, rows.items), rows.next, rows.total)


def read_one(house: House, actor: Actor, noun: Noun[Row], id_: str) -> View:
    """The view of one thing; ``NotFound`` is the same for what is absent and for what is another's."""
    with house.read() as session:
        return noun.views(session, actor, [find(session, actor, noun, id_)])[0]


def find(session: Session, actor: Actor, noun: Noun[Row], id_: str) -> Row:
    """The row, under exactly the conditions of the list."""
    allow(session, actor, noun.listing.permission, centre=noun.centre)
    model = noun.listing.model
    key: ColumnElement[bool] = model.id == id_  # type: ignore[attr-defined]
    row = session.scalars(select(model).where(key, *scoped(session, actor, noun))).one_or_none()
    if row is None:
        raise NotFound("thing.absent", noun=model.__tablename__, id=id_)
    return row


def scoped(session: Session, actor: Actor, noun: Noun[Row]) -> list[ColumnElement[bool]]:
    """The conditions that hide what the caller may not see of this noun."""
    return scope(session, actor, _listing(session, actor, noun))


def _listing(session: Session, actor: Actor, noun: Noun[Row]) -> Listing[Row]:
    """The listing with the scope that only this noun has written into its condition."""
    listing, column = noun.listing, noun.listing.department
    if not noun.inherited or column is None or at_centre(session, actor, listing.permission):
        return listing
    prefixes = actor.prefixes(listing.permission)
    below = departments_under(session, prefixes)
    above = session.scalars(select(Department.id).where(Department.path.in_(_above(prefixes))))
    mine = or_(column.is_(None), column.in_([*below, *above]))
    return replace(listing, department=None, where=lambda: mine)


def _above(prefixes: Sequence[str]) -> list[str]:
    return [prefix[: end + 1] for prefix in prefixes for end, char in enumerate(prefix) if char == "/" and end]


def given(session: Session, actor: Actor, noun: Noun[Row], id_: str, field: str) -> Row:
    """The thing that an input field names; ``Invalid`` names the field when there is none for this caller."""
    try:
        return find(session, actor, noun, id_)
    except (NotFound, Forbidden):
        raise Invalid("input.reference", field=field, name=field, id=id_) from None


def allow(session: Session, actor: Actor, permission: str, *, centre: bool = False) -> None:
    """``Forbidden`` unless the permission is held somewhere, or at the root for what belongs to the centre."""
    if not (at_centre(session, actor, permission) if centre else actor.may_anywhere(permission)):
        raise Forbidden("auth.forbidden", permission=permission)


def at_centre(session: Session, actor: Actor, permission: str) -> bool:
    """Whether the permission is held at the root of the tree."""
    return actor.may(permission, root_path(session))


def own_departments(session: Session, actor: Actor, permission: str) -> list[str] | None:
    """Ids of the departments where the permission holds; ``None`` is all of them."""
    return None if at_centre(session, actor, permission) else departments_under(session, actor.prefixes(permission))


def flag(column: InstrumentedAttribute[bool]) -> Filter:
    """``column`` is ``true`` or ``false``."""

    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        if len(values) != 1 or values[0] not in ("true", "false"):
            raise Invalid("list.flag", field=column.key, name=column.key)
        return column.is_(values[0] == "true")

    return build


def moment(column: InstrumentedAttribute[datetime], name: str, *, after: bool) -> Filter:
    """``column`` is at or after (or before) the RFC 3339 time that the filter ``name`` gives."""

    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        try:
            (text,) = values
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                raise ValueError
        except ValueError:
            raise Invalid("list.moment", field=name, name=name) from None
        return column >= at if after else column < at

    return build
