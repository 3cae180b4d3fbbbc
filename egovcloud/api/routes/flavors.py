"""Flavors (规格)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body
from egovcloud.services import flavor as service

routes = Routes("flavors")


class FlavorCreate(Body):
    """Memory in MiB, root disk in GiB."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=service.NAME_LENGTH)]
    vcpus: Annotated[int, Field(ge=1, le=service.BOUNDS["vcpus"][1])]
    memory_mib: Annotated[int, Field(ge=1, le=service.BOUNDS["memory_mib"][1])]
    disk_gib: Annotated[int, Field(ge=1, le=service.BOUNDS["disk_gib"][1])]


class FlavorUpdate(Body):
    enabled: bool


class FlavorView(Answer):
    """A size that instances come in; one that is not enabled stays for those who have it."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    enabled: bool


@routes.get("/flavors", permission="flavor:read", listing=service.LISTING)
def list_flavors(call: Call, query: ListParams) -> Page[FlavorView]:
    """Sizes on offer, and those that are offered no more."""
    return Page[FlavorView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/flavors/<flavor_id>", permission="flavor:read")
def show_flavor(call: Call, flavor_id: str) -> FlavorView:
    """One flavor."""
    return FlavorView.of(service.get(call.house, call.actor, flavor_id))


@routes.post("/flavors", permission="flavor:create", status=201)
def create_flavor(call: Call, body: FlavorCreate) -> FlavorView:
    """Offer a new size."""
    return FlavorView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/flavors/<flavor_id>", permission="flavor:update")
def update_flavor(call: Call, flavor_id: str, body: FlavorUpdate) -> FlavorView:
    """Offer it, or offer it no more."""
    return FlavorView.of(service.update(call.house, call.actor, flavor_id, enabled=body.enabled))


@routes.delete("/flavors/<flavor_id>", permission="flavor:delete")
def delete_flavor(call: Call, flavor_id: str) -> None:
    """Forget a size that nobody ever had."""
    service.delete(call.house, call.actor, flavor_id)
