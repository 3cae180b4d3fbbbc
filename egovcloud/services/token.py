"""Scoped tokens for automation: never more than their owner holds, never without an end."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from egovcloud.domain.errors import Invalid, NotFound, Unauthenticated
from egovcloud.services import rules
from egovcloud.services.access import proof, proven
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, Page, page
from egovcloud.services.session import Opened, digest, only_sessions
from egovcloud.store.journal import touch
from egovcloud.store.models import Token

PREFIX = "egov_"

_KNOWN = proof(
    Token.digest,
    Token.user_id,
    Token.id.label("token_id"),
    Token.permissions,
    Token.expires_at,
    Token.revoked_at,
    Token.last_used_at,
)


def identify(house: House, secret: str, *, address: str, trace_id: str) -> Actor:
    """Who is behind a token, narrowed to its permissions; ``Unauthenticated`` when it is unknown or over."""
    now = house.clock()
    with house.read() as session:
        rows = session.execute(_KNOWN, {"key": digest(secret)}).all()
    if not rows:
        raise Unauthenticated("auth.required")
    token = rows[0]
    if token.revoked_at is not None or token.expires_at <= now or token.state != "active":
        raise Unauthenticated("auth.required")
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        with house.database.unit() as session:
            session.execute(update(Token).where(Token.id == token.token_id).values(last_used_at=now))
    actor = proven(rows, address=address, trace_id=trace_id, scope=frozenset(token.permissions))
    # A one-time password opens nothing that makes tokens, and a reset ends them all: theirs was changed before.
    return replace(actor, must_change_password=False)


def opened(house: House, actor: Actor, secret: str) -> Opened:
    """What a token opens, told as a session is; it has no cross-site secret, because no browser sends it by itself."""
    with house.read() as session:
        token = session.execute(select(Token.user_id, Token.expires_at).where(Token.digest == digest(secret))).one()
    return Opened(actor, token.user_id, "", token.expires_at, must_change_password=False)


def create(
    house: House, actor: Actor, name: str, permissions: Sequence[str], expires_in_days: int
) -> tuple[Token, str]:
    """A new token and its secret, which is shown this once."""
    only_sessions(actor)
    name = rules.name(name)
    secret = PREFIX + secrets.token_urlsafe(32)
    with house.write(actor, "token.create", "token") as unit:
        unit.about("token", None, name, permissions=sorted(set(permissions)))
        missing = sorted(set(permissions) - actor.permissions())
        if missing:
            raise Invalid("token.permissions", field="permissions", missing=", ".join(missing))
        token = Token(
            user_id=actor.user_id,
            name=name,
            prefix=secret[:12],
            digest=digest(secret),
            permissions=sorted(set(permissions)),
            expires_at=unit.now + timedelta(days=expires_in_days),
            created_at=unit.now,
            updated_at=unit.now,
        )
        unit.session.add(token)
        unit.session.flush()
        unit.about("token", token)
        return token, secret


def revoke(house: House, actor: Actor, token_id: str) -> None:
    """End a token of one's own."""
    with house.write(actor, "token.delete", "token") as unit:
        token = unit.session.get(Token, token_id)
        if token is None or token.user_id != actor.user_id or token.revoked_at is not None:
            raise NotFound("thing.absent", noun="tokens", id=token_id)
        unit.about("token", token)
        touch(unit.session, token, now=unit.now, revoked_at=unit.now)


def listing(actor: Actor) -> Listing[Token]:
    """The caller's own tokens that were not revoked."""
    mine = Token.user_id == actor.user_id
    return Listing(Token, permission="", where=lambda: mine & Token.revoked_at.is_(None))


LISTING: Listing[Token] = Listing(Token, permission="")


def page_own(house: House, actor: Actor, query: ListQuery) -> Page[Token]:
    """One page of the caller's own tokens."""
    with house.read() as session:
        return page(session, actor, listing(actor), query)
