"""Providers (云平台)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Patch, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import operation_view as operations
from egovcloud.services import provider as service
from egovcloud.services import provider_check

routes = Routes("providers")


class ProviderCreate(Body):
    """An endpoint; ``config`` is the driver's, and names where a secret lies instead of holding it."""

    name: Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,63}$", max_length=64)]
    driver: Literal["simulator", "libvirt", "openstack", "s3", "swift"]
    config: Annotated[dict[str, Any], Field(max_length=64)] = {}
    site_id: Id


class ProviderUpdate(Patch):
    """``config`` takes the place of the whole configuration."""

    enabled: bool = True
    config: Annotated[dict[str, Any], Field(max_length=64)] = {}


class ProviderProblem(Answer):
    """Why the last look came to nothing."""

    code: str
    detail: str


class ProviderResource(Answer):
    """``here``: what we gave out on its hosts; ``limit`` and ``used``: the cloud's own quota, where it has one."""

    resource: str
    here: int
    limit: int | None
    used: int | None


class ProviderView(Answer):
    """A configured endpoint, what it can do and when it was last looked at."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    driver: str
    config: dict[str, Any]
    site: Ref
    enabled: bool
    capabilities: list[str]
    checked_at: datetime | None
    latency_ms: int | None
    health: Literal["up", "trouble", "down", "unchecked", "disabled"]
    problem: ProviderProblem | None
    detail: str
    hosts: int
    hosts_up: int
    hosts_silent: list[str]
    resources: list[ProviderResource]


@routes.get("/providers", permission="provider:read", listing=service.LISTING)
def list_providers(call: Call, query: ListParams) -> Page[ProviderView]:
    """All providers."""
    return Page[ProviderView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/providers/<provider_id>", permission="provider:read")
def show_provider(call: Call, provider_id: str) -> ProviderView:
    """One provider."""
    return ProviderView.of(service.get(call.house, call.actor, provider_id))


@routes.post("/providers", permission="provider:create", status=201)
def create_provider(call: Call, body: ProviderCreate) -> ProviderView:
    """Register an endpoint; its hosts appear when it is first looked at."""
    return ProviderView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/providers/<provider_id>", permission="provider:update")
def update_provider(call: Call, provider_id: str, body: ProviderUpdate) -> ProviderView:
    """Use it, leave it alone, or speak to it otherwise."""
    return ProviderView.of(service.update(call.house, call.actor, provider_id, **body.values()))


@routes.delete("/providers/<provider_id>", permission="provider:delete")
def delete_provider(call: Call, provider_id: str) -> None:
    """Forget an endpoint that is disabled and bears nothing of ours, with its hosts."""
    service.delete(call.house, call.actor, provider_id)


@routes.post("/providers/<provider_id>/check", permission="provider:update", status=202)
def check_provider(call: Call, provider_id: str) -> OperationView:
    """Look at it now: hosts, pools, and everything that we own there."""
    operation = provider_check.check(call.house, call.actor, provider_id)
    return OperationView.of(operations.show(call.house, call.actor, operation.id))
