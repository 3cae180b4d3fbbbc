"""Public keys of one's own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Name
from egovcloud.services import ssh_key as service

routes = Routes("ssh-keys")


class SshKeyCreate(Body):
    name: Name
    public_key: Annotated[str, StringConstraints(min_length=1, max_length=8000)]


class SshKeyView(Answer):
    """An OpenSSH public key."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    public_key: str
    fingerprint: str


@routes.get("/ssh-keys", permission="ssh_key:read", listing=service.LISTING)
def list_ssh_keys(call: Call, query: ListParams) -> Page[SshKeyView]:
    """My keys."""
    return Page[SshKeyView].of(service.page_own(call.house, call.actor, query.query()))


@routes.post("/ssh-keys", permission="ssh_key:create", status=201)
def create_ssh_key(call: Call, body: SshKeyCreate) -> SshKeyView:
    """Register a key of mine."""
    return SshKeyView.of(service.create(call.house, call.actor, body.name, body.public_key))


@routes.delete("/ssh-keys/<ssh_key_id>", permission="ssh_key:delete")
def delete_ssh_key(call: Call, ssh_key_id: str) -> None:
    """Forget a key of mine; machines that were made with it keep it."""
    service.delete(call.house, call.actor, ssh_key_id)
