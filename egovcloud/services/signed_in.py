"""Who is signed in where: one's own sessions, those of others for who may read them, and how one is ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session as Database

from egovcloud.domain.errors import NotFound
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, page, subtree
from egovcloud.services.reading import ViewPage, allow
from egovcloud.services.refs import View
from egovcloud.settings import Settings
from egovcloud.store.models import Session, User

# A session row has no department: it is its user's.
_HOME = select(User.department_id).where(User.id == Session.user_id).scalar_subquery()

LISTING: Listing[Session] = Listing(
    Session,
    "session:read",
    department=_HOME,  # type: ignore[arg-type]
    sorts={"last_seen_at": Session.last_seen_at, "expires_at": Session.expires_at},
    filters={"user_id": equals(Session.user_id), "department_id": subtree(_HOME)},  # type: ignore[arg-type]
    default_sort="-last_seen_at",
)


def shown_id(key: str) -> str:
    """The half of a session's key that it is known by outside, written as an id; the whole key stays inside."""
    return "-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:32]))


def views(session: Database, actor: Actor, rows: Sequence[Session]) -> list[View]:
    """Sessions with who is in them; ``current`` is the one that asks."""
    users = {user.id: user for user in session.scalars(select(User).where(User.id.in_({row.user_id for row in rows})))}
    fields = ("created_at", "last_seen_at", "expires_at", "address", "agent")
    return [
        {
            "id": shown_id(row.id),
            "user": {"id": row.user_id, "name": users[row.user_id].display_name},
            "username": users[row.user_id].username,
            **{name: getattr(row, name) for name in fields},
            "current": row.id == actor.session_id,
        }
        for row in rows
    ]


def page_of(house: House, settings: Settings, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of the sessions that are alive in the caller's subtree."""
    alive = _alive(settings, house.clock())
    with house.read() as session:
        allow(session, actor, LISTING.permission)
        found = page(session, actor, replace(LISTING, where=lambda: alive), query)
        return ViewPage(views(session, actor, found.items), found.next, found.total)


def own(house: House, settings: Settings, actor: Actor) -> list[View]:
    """One's own sessions that are alive, the last used first."""
    with house.read() as session:
        mine = select(Session).where(Session.user_id == actor.user_id, _alive(settings, house.clock()))
        rows = session.scalars(mine.order_by(Session.last_seen_at.desc(), Session.id)).all()
        return views(session, actor, rows)


def revoke(house: House, actor: Actor, id_: str) -> None:
    """End a session of somebody in the caller's subtree, now."""
    with house.write(actor, "session.revoke", "user") as unit:
        row = _find(unit.session, id_)
        user = unit.session.get(User, row.user_id) if row is not None else None
        if row is None or user is None:
            raise NotFound("thing.absent", noun="sessions", id=id_)
        unit.about("user", user, address=row.address, agent=row.agent)
        unit.require("session:revoke", user.department_id)
        unit.session.execute(delete(Session).where(Session.id == row.id))


def end_own(house: House, actor: Actor, id_: str) -> None:
    """End a session of one's own: a browser that was left signed in somewhere."""
    with house.write(actor, "session.delete", "user") as unit:
        row = _find(unit.session, id_)
        if row is None or row.user_id != actor.user_id:
            raise NotFound("thing.absent", noun="sessions", id=id_)
        unit.about("user", unit.session.get(User, actor.user_id), address=row.address, agent=row.agent)
        unit.session.execute(delete(Session).where(Session.id == row.id))


def _alive(settings: Settings, now: datetime) -> ColumnElement[bool]:
    return and_(Session.expires_at > now, Session.last_seen_at > now - timedelta(seconds=settings.session_idle))


def _find(session: Database, id_: str) -> Session | None:
    # Hexadecimal digits alone, as the route has made sure; 128 bits of a hash are one session's.
    return session.scalars(select(Session).where(Session.id.startswith(id_.replace("-", "")))).one_or_none()
