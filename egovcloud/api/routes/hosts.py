"""Hosts (宿主机)."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import host_action as actions
from egovcloud.services import host_view as service
from egovcloud.services import operation_view as operations

routes = Routes("hosts")


class HostLoad(Answer):
    """What a host has, may give out (``*_limit``) and has given (``*_allocated*``)."""

    id: str
    name: str
    state: str
    health: str
    seen_at: datetime | None
    vcpus: int
    memory_mib: int
    vcpus_allocated: int
    memory_allocated_mib: int
    reserved_memory_mib: int
    vcpus_limit: int
    memory_limit_mib: int
    instances: int


class HostView(HostLoad):
    """A hypervisor and where it stands."""

    generation: int
    created_at: datetime
    updated_at: datetime
    hypervisor: str
    detail: str
    provider: Ref
    host_pool: Ref
    zone: Ref
    site: Ref


class HostPoolNode(Answer):
    """A pool with its hosts."""

    id: str
    name: str
    vcpu_ratio: float
    memory_ratio: float
    disk_ratio: float
    hosts: list[HostLoad]


class ZoneNode(Answer):
    """A zone with its pools."""

    id: str
    name: str
    host_pools: list[HostPoolNode]


class SiteNode(Answer):
    """A data centre with its zones."""

    id: str
    name: str
    zones: list[ZoneNode]


@routes.get("/hosts", permission="host:read", listing=service.LISTING)
def list_hosts(call: Call, query: ListParams) -> Page[HostView]:
    """All hosts."""
    return Page[HostView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/hosts/tree", permission="host:read")
def show_tree(call: Call) -> list[SiteNode]:
    """Sites → zones → host pools → hosts."""
    return [SiteNode.of(node) for node in service.tree(call.house, call.actor)]


@routes.get("/hosts/<host_id>", permission="host:read")
def show_host(call: Call, host_id: str) -> HostView:
    """One host."""
    return HostView.of(service.get(call.house, call.actor, host_id))


@routes.post("/hosts/<host_id>/enable", permission="host:update")
def enable_host(call: Call, host_id: str) -> HostView:
    """New machines may come here."""
    actions.enable(call.house, call.actor, host_id)
    return HostView.of(service.get(call.house, call.actor, host_id))


@routes.post("/hosts/<host_id>/disable", permission="host:update")
def disable_host(call: Call, host_id: str) -> HostView:
    """No new machines; those that are here stay."""
    actions.disable(call.house, call.actor, host_id)
    return HostView.of(service.get(call.house, call.actor, host_id))


@routes.post("/hosts/<host_id>/drain", permission="host:update", status=202)
def drain_host(call: Call, host_id: str) -> OperationView:
    """Close it and move every running machine away."""
    operation = actions.drain(call.house, call.actor, host_id)
    return OperationView.of(operations.show(call.house, call.actor, operation.id))
