"""Zones (可用区/网络区)."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Ref
from egovcloud.services import zone as service

routes = Routes("zones")


class ZoneCreate(Body):
    site_id: Id
    name: Name


class ZoneUpdate(Body):
    name: Name


class ZoneView(Answer):
    """A failure or network domain of a site."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    site: Ref


@routes.get("/zones", permission="zone:read", listing=service.LISTING)
def list_zones(call: Call, query: ListParams) -> Page[ZoneView]:
    """Zones that a request may name."""
    return Page[ZoneView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/zones/<zone_id>", permission="zone:read")
def show_zone(call: Call, zone_id: str) -> ZoneView:
    """One zone."""
    return ZoneView.of(service.get(call.house, call.actor, zone_id))


@routes.post("/zones", permission="zone:create", status=201)
def create_zone(call: Call, body: ZoneCreate) -> ZoneView:
    """Add a zone to a site."""
    return ZoneView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/zones/<zone_id>", permission="zone:update")
def update_zone(call: Call, zone_id: str, body: ZoneUpdate) -> ZoneView:
    """Rename a zone."""
    return ZoneView.of(service.rename(call.house, call.actor, zone_id, name=body.name))


@routes.delete("/zones/<zone_id>", permission="zone:delete")
def delete_zone(call: Call, zone_id: str) -> None:
    """Forget a zone without host pools, networks and instances."""
    service.delete(call.house, call.actor, zone_id)
