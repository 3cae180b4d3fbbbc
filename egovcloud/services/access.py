"""What an account holds: its grants as (role, department path), and the actor made of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

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
