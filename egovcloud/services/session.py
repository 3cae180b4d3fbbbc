"""Sessions: one funnel by which people come in, whatever they prove themselves with, and what ends them."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, case, delete, or_, select, update

from egovcloud.domain import passwords as rule
from egovcloud.domain.clock import Clock
from egovcloud.domain.errors import Forbidden, Invalid, Permanent, Unauthenticated
from egovcloud.services.access import actor_of, proof, proven
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit
from egovcloud.settings import Settings
from egovcloud.store.journal import touch
from egovcloud.store.models import Session, User
from egovcloud.store.passwords import Passwords

_ALIVE = proof(Session.id, Session.user_id, Session.csrf_token, Session.expires_at, Session.last_seen_at)


@dataclass(frozen=True)
class Opened:
    """A session that was found alive: who is in it, and what its face must check and show."""

    actor: Actor
    user_id: str
    csrf_token: str
    expires_at: datetime
    must_change_password: bool


@dataclass
class Rate:
    """How often one address may try to sign in: ``count`` times in ``window`` seconds. In this process's memory."""

    count: int
    window: float
    clock: Clock
    _seen: dict[str, deque[datetime]] = field(default_factory=dict)
    _line: threading.Lock = field(default_factory=threading.Lock)

    def take(self, address: str) -> None:
        """``Permanent("auth.rate")`` when the address tried too often."""
        now = self.clock()
        since = now - timedelta(seconds=self.window)
        with self._line:
            if len(self._seen) > 10_000:
                self._seen = {key: tries for key, tries in self._seen.items() if tries[-1] > since}
            tries = self._seen.setdefault(address, deque())
            while tries and tries[0] <= since:
                tries.popleft()
            if len(tries) >= self.count:
                raise Permanent("auth.rate", seconds=max(1, round((tries[0] - since).total_seconds())))
            tries.append(now)


@dataclass(frozen=True)
class Door:
    """What signing in stands in."""

    house: House
    settings: Settings
    passwords: Passwords
    rate: Rate

    @classmethod
    def of(cls, house: House, settings: Settings, passwords: Passwords) -> Door:
        """The door with the limits of the settings."""
        return cls(house, settings, passwords, Rate(settings.login_rate, settings.login_rate_window, house.clock))


def digest(secret: str) -> str:
    """What is stored of a cookie or token: SHA-256, hex. They are random, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(
    door: Door, caller: Actor, username: str, password: str, agent: str, before: str | None = None
) -> tuple[str, Opened]:
    """The cookie of a new session, by password; ``Unauthenticated`` says no more than it must.

    ``before`` is the cookie that the browser had: its session ends, so that none outlives a change of person.
    """
    door.rate.take(caller.address)
    house, settings = door.house, door.settings
    with house.read() as session:
        user = session.scalar(select(User).where(User.username == username.lower()))
    locked = user is not None and not _take_attempt(house, settings, user.id)
    right = door.passwords.verify(user.password_hash if user else None, password)
    stranger = Actor(None, username[:120], address=caller.address, trace_id=caller.trace_id)
    with house.write(stranger, "session.create") as unit:
        unit.about("user", user, username)
        if user is None or (not right and not locked) or user.state != "active":
            raise Unauthenticated("auth.failed")
        user = unit.session.get_one(User, user.id)
        if locked:
            until = (user.locked_until or unit.now).strftime("%Y-%m-%dT%H:%M:%SZ")
            raise Unauthenticated("auth.locked", until=until)
        if door.passwords.outdated(user.password_hash):
            user.password_hash = door.passwords.hash(password)
        if before is not None:
            unit.session.execute(delete(Session).where(Session.id == digest(before)))
        return admit(unit, settings, user, caller, agent)


def admit(unit: Unit, settings: Settings, user: User, caller: Actor, agent: str) -> tuple[str, Opened]:
    """The end of every way in (password now; certificate, OIDC or a second factor would end here too)."""
    user.failed_logins, user.locked_until, user.last_login_at = 0, None, unit.now
    cookie = secrets.token_urlsafe(32)
    row = Session(
        id=digest(cookie),
        user_id=user.id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=unit.now,
        last_seen_at=unit.now,
        expires_at=unit.now + timedelta(seconds=settings.session_lifetime),
        address=caller.address[:64],
        agent=agent[:200],
    )
    unit.session.add(row)
    unit.session.flush()
    actor = actor_of(unit.session, user, address=caller.address, trace_id=caller.trace_id, session_id=row.id)
    # The entry must name who came in, not "anonymous".
    unit.actor = actor
    return cookie, Opened(actor, user.id, row.csrf_token, row.expires_at, user.must_change_password)


def _take_attempt(house: House, settings: Settings, user_id: str) -> bool:
    """Count an attempt *before* the password is looked at, so that parallel guesses can't outrun the lock."""
    now = house.clock()
    over = User.locked_until <= now
    count = case((over, 1), else_=User.failed_logins + 1)
    until = now + timedelta(seconds=settings.lockout_duration)
    statement = (
        update(User)
        .where(User.id == user_id, or_(User.locked_until.is_(None), over))
        .values(failed_logins=count, locked_until=case((count >= settings.lockout_failures, until), else_=None))
    )
    with house.database.unit() as session:
        result = session.execute(statement, execution_options={"synchronize_session": False})
        return cast(CursorResult[Any], result).rowcount == 1


def identify(house: House, settings: Settings, cookie: str, *, address: str, trace_id: str) -> Opened:
    """Who is behind a cookie; ``Unauthenticated`` when the session is over, idle too long, or unknown."""
    found = alive(house, settings, digest(cookie), address=address, trace_id=trace_id)
    if found is None:
        raise Unauthenticated("auth.required")
    opened, last_seen = found
    now = house.clock()
    # Not at every request: a page of twenty calls is one sign of life.
    if now - last_seen > timedelta(seconds=min(60.0, settings.session_idle / 10)):
        with house.database.unit() as session:
            session.execute(update(Session).where(Session.id == digest(cookie)).values(last_seen_at=now))
    return opened


def alive(
    house: House, settings: Settings, session_id: str, *, address: str = "", trace_id: str = ""
) -> tuple[Opened, datetime] | None:
    """The session and when it was last seen, or ``None`` when it is over; does not count as a sign of life."""
    now = house.clock()
    with house.read() as session:
        rows = session.execute(_ALIVE, {"key": session_id}).all()
    if not rows:
        return None
    kept = rows[0]
    idle = kept.last_seen_at + timedelta(seconds=settings.session_idle) <= now
    if kept.expires_at <= now or idle or kept.state != "active":
        return None
    actor = proven(rows, address=address, trace_id=trace_id, session_id=session_id)
    opened = Opened(actor, kept.id, kept.csrf_token, kept.expires_at, kept.must_change_password)
    return opened, kept.last_seen_at


def sign_out(house: House, actor: Actor) -> None:
    """End this session."""
    with house.write(actor, "session.delete", "user") as unit:
        unit.about("user", unit.session.get(User, actor.user_id))
        unit.session.execute(delete(Session).where(Session.id == actor.session_id))


def change_password(door: Door, actor: Actor, old: str, new: str) -> None:
    """A new password of one's own; every other session of the account ends."""
    only_sessions(actor)
    door.rate.take(actor.address)
    house = door.house
    with house.read() as session:
        before = session.get_one(User, actor.user_id)
    right = door.passwords.verify(before.password_hash, old)
    encoded = door.passwords.hash(new) if right else ""
    with house.write(actor, "user.change_password", "user") as unit:
        user = unit.session.get_one(User, actor.user_id)
        unit.about("user", user)
        if not right:
            raise Invalid("password.wrong", field="old_password")
        rule.check(new, user.username, minimum=door.settings.password_min_length)
        if old == new:
            raise Invalid("password.same", field="new_password")
        touch(unit.session, user, now=unit.now, password_hash=encoded, must_change_password=False)
        unit.session.execute(delete(Session).where(Session.user_id == user.id, Session.id != (actor.session_id or "")))


def set_language(house: House, actor: Actor, language: str) -> None:
    """The language of this account."""
    with house.write(actor, "user.set_language", "user") as unit:
        user = unit.session.get_one(User, actor.user_id)
        unit.about("user", user)
        touch(unit.session, user, now=unit.now, language=language)


def only_sessions(actor: Actor) -> None:
    """What only a person may do: a leaked token must not be able to make itself permanent."""
    if actor.session_id is None:
        raise Forbidden("auth.token_only_session")


def forget(house: House) -> None:
    """Drop sessions that are over."""
    with house.database.unit() as session:
        session.execute(delete(Session).where(Session.expires_at <= house.clock()))
