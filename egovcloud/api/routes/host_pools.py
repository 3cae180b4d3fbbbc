"""Host pools (资源池)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Patch, Ref
from egovcloud.services import host_pool as service

routes = Routes("host-pools")


def _bounds(name: str) -> dict[str, float]:
    low, high = service.RATIOS[name]
    return {"ge": low, "le": high}


VcpuRatio = Annotated[float, Field(**_bounds("vcpu_ratio"))]
MemoryRatio = Annotated[float, Field(**_bounds("memory_ratio"))]
DiskRatio = Annotated[float, Field(**_bounds("disk_ratio"))]


class HostPoolCreate(Body):
    """A group of like hosts; a ratio of 1.0 allocates no more than there is."""

    zone_id: Id
    name: Name
    vcpu_ratio: VcpuRatio = 4.0
    memory_ratio: MemoryRatio = 1.0
    disk_ratio: DiskRatio = 1.5


class HostPoolUpdate(Patch):
    name: Name = ""
    vcpu_ratio: VcpuRatio = 4.0
    memory_ratio: MemoryRatio = 1.0
    disk_ratio: DiskRatio = 1.5


class HostPoolView(Answer):
    """A group of like hosts."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    zone: Ref
    vcpu_ratio: float
    memory_ratio: float
    disk_ratio: float
    hosts: int


@routes.get("/host-pools", permission="host_pool:read", listing=service.LISTING)
def list_host_pools(call: Call, query: ListParams) -> Page[HostPoolView]:
    """All host pools."""
    return Page[HostPoolView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/host-pools/<host_pool_id>", permission="host_pool:read")
def show_host_pool(call: Call, host_pool_id: str) -> HostPoolView:
    """One host pool."""
    return HostPoolView.of(service.get(call.house, call.actor, host_pool_id))


@routes.post("/host-pools", permission="host_pool:create", status=201)
def create_host_pool(call: Call, body: HostPoolCreate) -> HostPoolView:
    """Add a pool to a zone."""
    return HostPoolView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/host-pools/<host_pool_id>", permission="host_pool:update")
def update_host_pool(call: Call, host_pool_id: str, body: HostPoolUpdate) -> HostPoolView:
    """Change its name, or how much more is allocated than there is."""
    return HostPoolView.of(service.update(call.house, call.actor, host_pool_id, **body.values()))


@routes.delete("/host-pools/<host_pool_id>", permission="host_pool:delete")
def delete_host_pool(call: Call, host_pool_id: str) -> None:
    """Forget a pool without hosts."""
    service.delete(call.house, call.actor, host_pool_id)
