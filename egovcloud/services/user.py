"""Accounts: who may make, change and lock out whom, so that nobody rises above themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.domain.permissions import EXCLUSIVE_ROLES, ROLES
from egovcloud.services import grant as grants
from egovcloud.services import rules
from egovcloud.services.access import Named, grants_of, names
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.services.listing import Listing, ListQuery, Page, equals, page, subtree
from egovcloud.store import passwords as store
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Department, Token, User
from egovcloud.store.models import Session as SignedIn

LISTING: Listing[User] = Listing(
    User,
    permission="user:read",
    department=User.department_id,
    search=func.lower(User.username + " " + User.display_name),
    sorts={"username": User.username, "display_name": User.display_name},
    filters={"department_id": subtree(User.department_id), "state": equals(User.state)},
)


@dataclass(frozen=True)
class UserShown:
    """An account as a face shows it."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    username: str
    display_name: str
    department: Named
    language: str
    state: str
    locked: bool
    locked_until: datetime | None
    must_change_password: bool
    last_login_at: datetime | None
    grants: tuple[grants.GrantShown, ...]


def show(session: Session, users: Sequence[User], now: datetime) -> list[UserShown]:
    """The accounts with their departments' names and their grants, in three queries."""
    held = grants.of_users(session, {user.id for user in users})
    departments = names(session, Department, {user.department_id for user in users})
    return [
        UserShown(
            id=user.id,
            generation=user.generation,
            created_at=user.created_at,
            updated_at=user.updated_at,
            username=user.username,
            display_name=user.display_name,
            department=departments[user.department_id],
            language=user.language,
            state=user.state,
            locked=user.locked_until is not None and user.locked_until > now,
            locked_until=user.locked_until,
            must_change_password=user.must_change_password,
            last_login_at=user.last_login_at,
            grants=tuple(held.get(user.id, ())),
        )
        for user in users
    ]


def get(house: House, actor: Actor, user_id: str) -> UserShown:
    """One account in the caller's subtree."""
    with house.read() as session:
        user: User = visible(session, actor, "user:read", User, user_id)
        return show(session, [user], house.clock())[0]


def own(house: House, user_id: str) -> UserShown:
    """The caller's own account."""
    with house.read() as session:
        return show(session, [session.get_one(User, user_id)], house.clock())[0]


def page_of(house: House, actor: Actor, query: ListQuery) -> tuple[list[UserShown], Page[User]]:
    """One page of the accounts in the caller's subtree."""
    with house.read() as session:
        found = page(session, actor, LISTING, query)
        return show(session, found.items, house.clock()), found


def create(
    house: House,
    passwords: store.Passwords,
    actor: Actor,
    *,
    username: str,
    display_name: str,
    department_id: str,
    roles: Sequence[tuple[str, str]] = (),
    language: str = "zh",
) -> tuple[UserShown, str]:
    """A new account and its one-time password. ``roles`` are (role, department id)."""
    display_name = rules.name(display_name, "display_name")
    password = store.one_time_password()
    encoded = passwords.hash(password)
    with house.write(actor, "user.create", "user") as unit:
        unit.about("user", None, username)
        visible(unit.session, actor, "department:read", Department, department_id)
        unit.department_id = department_id
        unit.require("user:create", department_id)
        if unit.session.scalar(select(User.id).where(User.username == username)):
            raise Conflict("user.exists", field="username", username=username)
        user = User(
            username=username,
            display_name=display_name,
            department_id=department_id,
            language=language,
            password_hash=encoded,
            created_at=unit.now,
            updated_at=unit.now,
        )
        unit.session.add(user)
        unit.session.flush()
        unit.about("user", user, roles=[list(pair) for pair in roles])
        for role, at in roles:
            grants.give(unit, user, role, at)
        return show(unit.session, [user], unit.now)[0], password


def update(house: House, actor: Actor, user_id: str, **changes: str) -> UserShown:
    """New display name, department or language."""
    with house.write(actor, "user.update", "user") as unit:
        user = _change(unit, user_id, "user:update", changed=sorted(changes))
        if "display_name" in changes:
            changes["display_name"] = rules.name(changes["display_name"], "display_name")
        target = changes.get("department_id")
        if target is not None and target != user.department_id:
            visible(unit.session, actor, "department:read", Department, target)
            unit.require("user:update", target)
        touch(unit.session, user, now=unit.now, **changes)
        return show(unit.session, [user], unit.now)[0]


def disable(house: House, actor: Actor, user_id: str) -> UserShown:
    """Nobody comes in by this account any more; its sessions end now."""
    with house.write(actor, "user.disable", "user") as unit:
        user = _change(unit, user_id, "user:disable")
        if user.id == actor.user_id:
            raise Conflict("user.own")
        grants.keep_one_granter(unit, without=user.id)
        transition(unit.session, user, "disable", now=unit.now)
        unit.session.execute(delete(SignedIn).where(SignedIn.user_id == user.id))
        return show(unit.session, [user], unit.now)[0]


def enable(house: House, actor: Actor, user_id: str) -> UserShown:
    """The account may be used again."""
    with house.write(actor, "user.enable", "user") as unit:
        user = _change(unit, user_id, "user:disable")
        transition(unit.session, user, "enable", now=unit.now)
        return show(unit.session, [user], unit.now)[0]


def unlock(house: House, actor: Actor, user_id: str) -> UserShown:
    """Forget failed sign-ins."""
    with house.write(actor, "user.unlock", "user") as unit:
        user: User = visible(unit.session, actor, "user:read", User, user_id)
        unit.about("user", user)
        unit.require("user:unlock", user.department_id)
        touch(unit.session, user, now=unit.now, failed_logins=0, locked_until=None)
        return show(unit.session, [user], unit.now)[0]


def reset_password(house: House, passwords: store.Passwords, actor: Actor, user_id: str) -> str:
    """A new one-time password; every session and token of the account ends."""
    password = store.one_time_password()
    encoded = passwords.hash(password)
    with house.write(actor, "user.reset_password", "user") as unit:
        user = _change(unit, user_id, "user:update")
        touch(
            unit.session,
            user,
            now=unit.now,
            password_hash=encoded,
            must_change_password=True,
            failed_logins=0,
            locked_until=None,
        )
        unit.session.execute(delete(SignedIn).where(SignedIn.user_id == user.id))
        unit.session.execute(delete(Token).where(Token.user_id == user.id))
        return password


def _change(unit: Unit, user_id: str, permission: str, **data: Any) -> User:
    """The account, if the caller may change it: it must not hold more than the caller does."""
    user: User = visible(unit.session, unit.actor, "user:read", User, user_id)
    unit.about("user", user, **data)
    unit.require(permission, user.department_id)
    if user.id != unit.actor.user_id:
        _must_not_outrank(unit, user)
    return user


def _must_not_outrank(unit: Unit, user: User) -> None:
    """Who resets the password of a stronger account becomes it: the three administrators stay apart by this too.

    System administrators keep the accounts of all (三员: 系统管理员 makes accounts, 安全管理员 gives roles), but an
    account that holds an exclusive role is changed by someone with that role alone.
    """
    actor = unit.actor
    missing: set[str] = set()
    centre = any(role == "system_admin" and path.count("/") == 2 for role, path in actor.grants)
    for role, path in grants_of(unit.session, user.id):
        if centre and role not in EXCLUSIVE_ROLES:
            continue
        missing |= {permission for permission in ROLES.get(role, frozenset()) if not actor.may(permission, path)}
    if missing:
        raise Forbidden("user.outranks", username=user.username, missing=", ".join(sorted(missing)[:5]))


def id_of(house: House, username: str) -> str:
    """Id of an account by its name, for local administration; ``NotFound`` names it."""
    with house.read() as session:
        found = session.scalar(select(User.id).where(User.username == username))
    if found is None:
        raise NotFound("thing.absent", noun="users", id=username)
    return found
