"""What an account holds: its grants as (role, department path), and the actor made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from egovcloud.services.actor import Actor
from egovcloud.store.models import Department, Grant, User


@dataclass(frozen=True)
class Named:
    """Another thing by id and name; what views show of it."""

    id: str
    name: str


def grants_of(session: Session, user_id: str) -> tuple[tuple[str, str], ...]:
    """(role, department path) of every grant."""
    rows = session.execute(
        select(Grant.role, Department.path)
        .join(Department, Grant.department_id == Department.id)
        .where(Grant.user_id == user_id)
    )
    return tuple((role, path) for role, path in rows)


_HOME, _AT = aliased(Department), aliased(Department)
_WHO = (
    User.id,
    User.username,
    User.language,
    User.state,
    User.must_change_password,
    _HOME.path.label("home"),
    Grant.role,
    _AT.path.label("at"),
)


def proof(key: InstrumentedAttribute[str], owner: InstrumentedAttribute[str], *columns: Any) -> Select[Any]:
    """Asks for everything about a caller at once, one row a grant: it runs at every request, so it is built once.

    ``key`` is the column that the parameter ``key`` must equal, ``owner`` the one that names the user.
    """
    return (
        select(*columns, *_WHO)
        .join(User, owner == User.id)
        .join(_HOME, User.department_id == _HOME.id)
        .outerjoin(Grant, Grant.user_id == User.id)
        .outerjoin(_AT, Grant.department_id == _AT.id)
        .where(key == bindparam("key"))
    )


def proven(
    rows: Sequence[Any],
    *,
    address: str,
    trace_id: str,
    scope: frozenset[str] | None = None,
    session_id: str | None = None,
) -> Actor:
    """The actor that the rows of ``proof`` tell of."""
    first = rows[0]
    return Actor(
        user_id=first.id,
        name=first.username,
        department_path=first.home,
        grants=tuple((row.role, row.at) for row in rows if row.role is not None),
        scope=scope,
        address=address,
        trace_id=trace_id,
        language=first.language,
        must_change_password=first.must_change_password,
        session_id=session_id,
    )


def actor_of(
    session: Session,
    user: User,
    *,
    address: str,
    trace_id: str,
    scope: frozenset[str] | None = None,
    session_id: str | None = None,
) -> Actor:
    """The actor that ``user`` is now; a grant that was taken away a moment ago is gone."""
    path = session.scalar(select(Department.path).where(Department.id == user.department_id))
    return Actor(
        user_id=user.id,
        name=user.username,
        department_path=path or "/",
        grants=grants_of(session, user.id),
        scope=scope,
        address=address,
        trace_id=trace_id,
        language=user.language,
        must_change_password=user.must_change_password,
        session_id=session_id,
    )


def names(session: Session, model: type[Department] | type[User], ids: set[str]) -> dict[str, Named]:
    """Names of many in one query; users by display name."""
    if not ids:
        return {}
    column = User.display_name if model is User else Department.name
    return {row[0]: Named(row[0], row[1]) for row in session.execute(select(model.id, column).where(model.id.in_(ids)))}
