"""Signing in and out, and what belongs to one's own session."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import g, request
from pydantic import StringConstraints

from egovcloud.api import auth
from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body
from egovcloud.api.views.user import GrantView, UserView
from egovcloud.domain.passwords import MAX_LENGTH
from egovcloud.services import session as service
from egovcloud.services import token as tokens
from egovcloud.services import user as users
from egovcloud.services.session import Opened

routes = Routes("session")

Password = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]


class SignIn(Body):
    username: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Password


class PasswordChange(Body):
    old_password: Password
    new_password: Password


class LanguageChange(Body):
    language: Literal["zh", "en"]


class SessionView(Answer):
    """Who is signed in and what they may do; ``permissions`` hold somewhere, not everywhere.

    A token has no ``csrf_token``, because it needs none.
    """

    user: UserView
    csrf_token: str | None
    must_change_password: bool
    permissions: list[str]
    grants: list[GrantView]
    expires_at: datetime


@routes.post("/session", public=True)
def sign_in(call: Call, body: SignIn) -> SessionView:
    """Sign in by password; sets the session cookie."""
    agent, before = request.headers.get("User-Agent", ""), request.cookies.get(auth.COOKIE)
    cookie, opened = service.sign_in(call.parts.door, call.actor, body.username, body.password, agent, before)
    g.actor, g.set_cookie = opened.actor, cookie
    return _view(call, opened)


@routes.get("/session", signed_in=True, during_password_change=True)
def show_session(call: Call) -> SessionView:
    """Who I am, and until when, by session or by token."""
    if call.actor.session_id is None:
        return _view(call, tokens.opened(call.house, call.actor, auth.bearer()))
    return _view(call, auth.own_session())


@routes.delete("/session", signed_in=True, during_password_change=True)
def sign_out(call: Call) -> None:
    """Sign out; the cookie is worth nothing any more."""
    auth.own_session()
    service.sign_out(call.house, call.actor)
    g.set_cookie = ""


@routes.put("/session/password", signed_in=True, during_password_change=True)
def change_password(call: Call, body: PasswordChange) -> None:
    """Choose a new password; other sessions of this account end."""
    service.change_password(call.parts.door, call.actor, body.old_password, body.new_password)


@routes.put("/session/language", signed_in=True)
def set_language(call: Call, body: LanguageChange) -> None:
    """Choose the language of this account."""
    service.set_language(call.house, call.actor, body.language)


def _view(call: Call, opened: Opened) -> SessionView:
    user = UserView.of(users.own(call.house, opened.user_id))
    return SessionView(
        user=user,
        csrf_token=opened.csrf_token or None,
        must_change_password=opened.must_change_password,
        permissions=sorted(opened.actor.permissions()),
        grants=user.grants,
        expires_at=opened.expires_at,
    )
