"""Who is signed in where (会话)."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Ref
from egovcloud.services import signed_in as service

routes = Routes("sessions")


class SignedInView(Answer):
    """A browser that somebody is signed in with; ``current`` is the one that asks."""

    id: str
    user: Ref
    username: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


@routes.get("/sessions", permission="session:read", listing=service.LISTING)
def list_sessions(call: Call, query: ListParams) -> Page[SignedInView]:
    """Sessions of my subtree that are alive, the last used first."""
    return Page[SignedInView].of(service.page_of(call.house, call.settings, call.actor, query.query()))


@routes.delete("/sessions/<session_id>", permission="session:revoke")
def revoke_session(call: Call, session_id: str) -> None:
    """End a session of somebody; whoever sits there has to sign in again."""
    service.revoke(call.house, call.actor, session_id)


@routes.get("/own-sessions", signed_in=True)
def list_own_sessions(call: Call) -> list[SignedInView]:
    """Where I am signed in."""
    return [SignedInView.of(view) for view in service.own(call.house, call.settings, call.actor)]


@routes.delete("/own-sessions/<session_id>", signed_in=True)
def end_own_session(call: Call, session_id: str) -> None:
    """End a session of mine."""
    service.end_own(call.house, call.actor, session_id)
