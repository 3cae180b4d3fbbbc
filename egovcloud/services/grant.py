"""Roles of accounts: given by those who may, never beyond what they may give, and the three administrators apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Forbidden, Invalid, NotFound
from egovcloud.domain.permissions import EXCLUSIVE_ROLES, ROLES
from egovcloud.services.access import Named
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.store.models import Department, Grant, User


@dataclass(frozen=True)
class GrantShown:
    """A grant as a face shows it."""

    id: str
    role: str
    department: Named


def of_users(session: Session, user_ids: set[str]) -> Mapping[str, Sequence[GrantShown]]:
    """Grants by account, oldest first."""
    if not user_ids:
        return {}
    rows = session.execute(
        select(Grant, Department.name)
        .join(Department, Grant.department_id == Department.id)
        .where(Grant.user_id.in_(user_ids))
        .order_by(Grant.id)
    )
    found: dict[str, list[GrantShown]] = {}
    for grant, name in rows:
        found.setdefault(grant.user_id, []).append(GrantShown(grant.id, grant.role, Named(grant.department_id, name)))
    return found


def list_of(house: House, actor: Actor, user_id: str) -> Sequence[GrantShown]:
    """What an account in the caller's subtree holds."""
    with house.read() as session:
        user: User = visible(session, actor, "grant:read", User, user_id)
        return of_users(session, {user.id}).get(user.id, [])


def create(house: House, actor: Actor, user_id: str, role: str, department_id: str) -> GrantShown:
    """Give ``role`` in the subtree of a department."""
    with house.write(actor, "grant.create", "grant") as unit:
        user: User = visible(unit.session, actor, "user:read", User, user_id)
        unit.about("user", user, role=role, at=department_id)
        grant = give(unit, user, role, department_id)
        return next(shown for shown in of_users(unit.session, {user.id})[user.id] if shown.id == grant.id)


def give(unit: Unit, user: User, role: str, department_id: str) -> Grant:
    """The rules of giving a role, for a new account and for an old one alike."""
    actor = unit.actor
    if role not in ROLES:
        raise Invalid("role.unknown", field="role", role=role)
    department: Department = visible(unit.session, actor, "department:read", Department, department_id)
    unit.require("grant:create", department_id)
    if user.id == actor.user_id:
        raise Forbidden("grant.own")
    missing = sorted(ROLES[role] - {permission for permission in ROLES[role] if actor.may(permission, department.path)})
    if missing and not _may_give_any(actor, department):
        raise Forbidden("grant.exceeds", role=role, missing=", ".join(missing[:5]))
    held = set(unit.session.scalars(select(Grant.role).where(Grant.user_id == user.id)))
    rivals = held & EXCLUSIVE_ROLES - {role}
    if role in EXCLUSIVE_ROLES and rivals:
        raise Conflict("grant.exclusive", username=user.username, held=", ".join(sorted(rivals)), role=role)
    again = select(Grant.id).where(Grant.user_id == user.id, Grant.role == role, Grant.department_id == department_id)
    if unit.session.scalar(again):
        raise Conflict("grant.exists", username=user.username, role=role)
    grant = Grant(user_id=user.id, role=role, department_id=department_id, created_at=unit.now, updated_at=unit.now)
    unit.session.add(grant)
    unit.session.flush()
    return grant


def delete(house: House, actor: Actor, user_id: str, grant_id: str) -> None:
    """Take a role away."""
    with house.write(actor, "grant.delete", "grant") as unit:
        user: User = visible(unit.session, actor, "user:read", User, user_id)
        unit.about("user", user)
        grant = unit.session.get(Grant, grant_id)
        if grant is None or grant.user_id != user.id:
            raise NotFound("thing.absent", noun="grants", id=grant_id)
        unit.data.update(role=grant.role, at=grant.department_id)
        unit.require("grant:delete", grant.department_id)
        if user.id == actor.user_id:
            raise Forbidden("grant.own")
        department = unit.session.get_one(Department, grant.department_id)
        missing = sorted(p for p in ROLES.get(grant.role, ()) if not actor.may(p, department.path))
        if missing and not _may_give_any(actor, department):
            raise Forbidden("grant.exceeds", role=grant.role, missing=", ".join(missing[:5]))
        keep_one_granter(unit, without_grant=grant.id)
        unit.session.delete(grant)
        unit.session.flush()


def keep_one_granter(unit: Unit, *, without: str | None = None, without_grant: str | None = None) -> None:
    """``Conflict`` when nobody would be left at the centre who may give roles: the house would be locked for good."""
    statement = (
        select(Grant.id, Grant.user_id)
        .join(User, Grant.user_id == User.id)
        .join(Department, Grant.department_id == Department.id)
        .where(Grant.role == "security_admin", User.state == "active", Department.parent_id.is_(None))
    )
    granters = unit.session.execute(statement).all()
    left = [row for row in granters if row[0] != without_grant and row[1] != without]
    if granters and not left:
        raise Conflict("grant.last")


def _may_give_any(actor: Actor, department: Department) -> bool:
    """The security administrator gives what they don't hold themselves: that is what keeps the three apart."""
    return any(role == "security_admin" and department.path.startswith(path) for role, path in actor.grants)
