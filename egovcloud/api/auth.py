"""Who calls: the session cookie or the bearer token of a request, turned into an ``Actor``; deny by default."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import Response, g, request

from egovcloud.api.call import Parts
from egovcloud.api.routing import Route
from egovcloud.domain.errors import Forbidden, Unauthenticated
from egovcloud.services import session, token
from egovcloud.services.actor import Actor
from egovcloud.services.session import Opened

COOKIE = "egov_session"
SAFE = frozenset({"GET", "HEAD"})


def identify(route: Route, parts: Parts) -> Actor:
    """The caller, once per request; ``Unauthenticated`` unless the route is public."""
    if route.public:
        actor = anonymous()
        g.actor = actor
        return actor
    actor = caller(parts)
    g.actor = actor
    if actor.must_change_password and not route.during_password_change:
        raise Forbidden("auth.password_change_required")
    return actor


def anonymous() -> Actor:
    """Somebody whom we don't know yet."""
    return Actor(user_id=None, name="anonymous", address=address(), trace_id=g.get("trace_id", ""))


def caller(parts: Parts) -> Actor:
    """The signed-in caller of this request, its cross-site defences checked."""
    trace_id = g.get("trace_id", "")
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("auth.required")
        return token.identify(parts.house, secret.strip(), address=address(), trace_id=trace_id)
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise Unauthenticated("auth.required")
    opened = session.identify(parts.house, parts.settings, cookie, address=address(), trace_id=trace_id)
    g.actor = opened.actor
    if request.method not in SAFE:
        _same_site(parts, opened.csrf_token)
    g.session = opened
    return opened.actor


def _same_site(parts: Parts, csrf_token: str) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin not in (parts.settings.origin, request.host_url.rstrip("/")):
        raise Forbidden("auth.origin", origin=origin[:200])
    given = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(given.encode(), csrf_token.encode()):
        raise Forbidden("auth.csrf")


def recheck(parts: Parts) -> Callable[[], Actor | None]:
    """Asks again later who this caller is: ``None`` when the session or token is over, whatever ended it."""
    secret = bearer()
    where = {"address": address(), "trace_id": str(g.get("trace_id", ""))}
    session_id = g.actor.session_id

    def again() -> Actor | None:
        if session_id is None:
            try:
                return token.identify(parts.house, secret, **where)
            except Unauthenticated:
                return None
        found = session.alive(parts.house, parts.settings, session_id, **where)
        return found[0].actor if found is not None else None

    return again


def bearer() -> str:
    """The token of this request, empty when it has none."""
    return request.headers.get("Authorization", "").partition(" ")[2].strip()


def own_session() -> Opened:
    """The browser session of this request; a token has none."""
    opened: Opened | None = g.get("session")
    if opened is None:
        raise Forbidden("auth.token_only_session")
    return opened


def keep_cookie(response: Response, parts: Parts) -> None:
    """Set or clear the session cookie, as the route decided."""
    cookie = g.get("set_cookie")
    secure = parts.settings.https
    if cookie:
        age = int(parts.settings.session_lifetime)
        response.set_cookie(COOKIE, cookie, max_age=age, secure=secure, httponly=True, samesite="Strict", path="/")
    elif cookie is not None:
        response.delete_cookie(COOKIE, secure=secure, httponly=True, samesite="Strict", path="/")


def address() -> str:
    """The caller's address; behind a proxy only as many hops are believed as the settings say."""
    return (request.remote_addr or "")[:64]
