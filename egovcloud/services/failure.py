"""What went wrong with a thing, as far as the reader may know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.messages import CATALOGUE, render
from egovcloud.services.actor import Actor
from egovcloud.services.reading import at_centre
from egovcloud.services.refs import View

# Values that may name a host, a pool or a path of the centre, or quote a sentence that does.
CLOSED = frozenset({"host", "pool", "detail", "reasons", "first", "last", "external_id", "name"})
CLOSED_PREFIXES = ("driver.", "host.", "pool.", "placement.", "operation.", "provider.")


def sees_hosts(session: Session, actor: Actor) -> bool:
    """Whether the reader may know which hosts there are."""
    return at_centre(session, actor, "host:read")


def failure(error: Mapping[str, Any] | None, actor: Actor, *, open_: bool) -> View | None:
    """Code and sentence of a stored failure; without ``open_`` a sentence that would name a host is replaced."""
    if not error:
        return None
    code, params = str(error.get("code", "internal.error")), dict(error.get("params") or {})
    closed = code not in CATALOGUE or (code.startswith(CLOSED_PREFIXES) and bool(CLOSED & params.keys()))
    if closed and not open_:
        return {"code": code, "detail": render("failure.at_centre", {"code": code}, actor.language)}
    if code not in CATALOGUE:
        return {"code": code, "detail": str(error.get("detail") or code)}
    return {"code": code, "detail": render(code, params, actor.language)}
