"""Sites (站点)."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Name, Patch, Text
from egovcloud.services import site as service

routes = Routes("sites")


class SiteCreate(Body):
    name: Name
    description: Text = ""


class SiteUpdate(Patch):
    name: Name = ""
    description: Text = ""


class SiteView(Answer):
    """A data centre."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    description: str


@routes.get("/sites", permission="site:read", listing=service.LISTING)
def list_sites(call: Call, query: ListParams) -> Page[SiteView]:
    """All data centres."""
    return Page[SiteView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/sites/<site_id>", permission="site:read")
def show_site(call: Call, site_id: str) -> SiteView:
    """One data centre."""
    return SiteView.of(service.get(call.house, call.actor, site_id))


@routes.post("/sites", permission="site:create", status=201)
def create_site(call: Call, body: SiteCreate) -> SiteView:
    """Add a data centre."""
    return SiteView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/sites/<site_id>", permission="site:update")
def update_site(call: Call, site_id: str, body: SiteUpdate) -> SiteView:
    """Change a data centre's name or description."""
    return SiteView.of(service.update(call.house, call.actor, site_id, **body.values()))


@routes.delete("/sites/<site_id>", permission="site:delete")
def delete_site(call: Call, site_id: str) -> None:
    """Forget a data centre without zones and providers."""
    service.delete(call.house, call.actor, site_id)
