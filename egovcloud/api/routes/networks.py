"""Networks (网络) and the addresses in them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import network as service
from egovcloud.services import operation_view as operations
from egovcloud.services import port as ports

routes = Routes("networks")

Cidr = Annotated[str, StringConstraints(min_length=9, max_length=18)]
Address = Annotated[str, StringConstraints(min_length=7, max_length=15)]


class NetworkCreate(Body):
    """An IPv4 network; without ``gateway`` its first address, without ``department_id`` shared by all."""

    name: Name
    mode: Literal["nat", "isolated", "bridged"]
    cidr: Cidr
    gateway: Address | None = None
    bridge: Annotated[str, StringConstraints(min_length=1, max_length=15)] | None = None
    zone_id: Id | None = None
    department_id: Id | None = None


class NetworkUpdate(Body):
    name: Name


class NetworkView(Answer):
    """A network and how full it is."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    state: str
    mode: str
    cidr: str
    gateway: str
    bridge: str | None
    zone: Ref | None
    department: Ref | None
    used_addresses: int
    total_addresses: int


class PortView(Answer):
    """One address of an instance."""

    id: str
    address: str
    mac: str
    instance: Ref


@routes.get("/networks", permission="network:read", listing=service.LISTING)
def list_networks(call: Call, query: ListParams) -> Page[NetworkView]:
    """Networks that I may use."""
    return Page[NetworkView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/networks/<network_id>", permission="network:read")
def show_network(call: Call, network_id: str) -> NetworkView:
    """One network."""
    return NetworkView.of(service.get(call.house, call.actor, network_id))


@routes.get("/networks/<network_id>/ports", permission="network:read", listing=ports.LISTING)
def list_ports(call: Call, network_id: str, query: ListParams) -> Page[PortView]:
    """Who has which address, as far as I may see the instances."""
    return Page[PortView].of(ports.of_network(call.house, call.actor, network_id, query.query()))


@routes.post("/networks", permission="network:create", status=201)
def create_network(call: Call, body: NetworkCreate) -> NetworkView:
    """Define a network; hosts get it when an instance first needs it there."""
    return NetworkView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/networks/<network_id>", permission="network:update")
def update_network(call: Call, network_id: str, body: NetworkUpdate) -> NetworkView:
    """Rename a network."""
    return NetworkView.of(service.rename(call.house, call.actor, network_id, name=body.name))


@routes.delete("/networks/<network_id>", permission="network:delete", status=202)
def delete_network(call: Call, network_id: str) -> OperationView:
    """Take it off every host."""
    operation = service.delete(call.house, call.actor, network_id)
    return OperationView.of(operations.show(call.house, call.actor, operation.id))
