"""Scoped tokens for automation, one's own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Name
from egovcloud.services import token as service

routes = Routes("tokens")

Permission = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[a-z_]+:[a-z_]+$")]


class TokenCreate(Body):
    name: Name
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=200)]
    expires_in_days: Annotated[int, Field(ge=1, le=365)] = 90


class TokenView(Answer):
    """A token; ``prefix`` is how its secret begins."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    prefix: str
    permissions: list[str]
    expires_at: datetime
    last_used_at: datetime | None


class TokenCreated(Answer):
    """A new token and its secret, which is shown this once."""

    token: TokenView
    secret: str


@routes.get("/tokens", signed_in=True, listing=service.LISTING)
def list_tokens(call: Call, query: ListParams) -> Page[TokenView]:
    """My tokens."""
    return Page[TokenView].of(service.page_own(call.house, call.actor, query.query()))


@routes.post("/tokens", signed_in=True, status=201)
def create_token(call: Call, body: TokenCreate) -> TokenCreated:
    """Make a token that may do no more than I may; only in a browser session."""
    token, secret = service.create(call.house, call.actor, body.name, body.permissions, body.expires_in_days)
    return TokenCreated(token=TokenView.of(token), secret=secret)


@routes.delete("/tokens/<token_id>", signed_in=True)
def revoke_token(call: Call, token_id: str) -> None:
    """End a token of mine."""
    service.revoke(call.house, call.actor, token_id)
