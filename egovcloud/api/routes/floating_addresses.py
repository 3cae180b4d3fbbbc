"""Floating addresses (浮动地址) and what people do to them."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import floating_address as service
from egovcloud.services import floating_address_view as shown
from egovcloud.services import operation_view as operations
from egovcloud.store.models import Operation

routes = Routes("floating_addresses")


class FloatingAddressCreate(Body):
    """For an instance, which gets it at once, or for a NAT network, to be associated later.

    `provider_id` is needed only where several clouds have floating addresses and no instance is named.
    """

    project_id: Id
    instance_id: Id | None = None
    network_id: Id | None = None
    provider_id: Id | None = None


class FloatingAddressAssociate(Body):
    instance_id: Id


class FloatingAddressView(Answer):
    """A floating address, empty until the cloud has given it.

    `fixed_address` is the instance's own in the network; `provider` is for those who may read hosts.
    """

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    address: str
    state: str
    department: Ref
    project: Ref
    network: Ref
    instance: Ref | None
    fixed_address: str | None
    provider: Ref | None
    observed_at: datetime | None
    error: Failure | None


@routes.get("/floating-addresses", permission="floating_address:read", listing=shown.LISTING)
def list_floating_addresses(call: Call, query: ListParams) -> Page[FloatingAddressView]:
    """Floating addresses of my subtree; deleted ones when `state` asks for them."""
    return Page[FloatingAddressView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/floating-addresses/<floating_address_id>", permission="floating_address:read")
def show_floating_address(call: Call, floating_address_id: str) -> FloatingAddressView:
    """One floating address."""
    return FloatingAddressView.of(shown.get(call.house, reader(call), floating_address_id))


@routes.post("/floating-addresses", permission="floating_address:create", status=202)
def create_floating_address(call: Call, body: FloatingAddressCreate) -> OperationView:
    """Take an address of the outer network."""
    return _started(call, service.create(call.house, call.actor, **body.values()))


@routes.post("/floating-addresses/<floating_address_id>/associate", permission="floating_address:associate", status=202)
def associate_floating_address(call: Call, floating_address_id: str, body: FloatingAddressAssociate) -> OperationView:
    """Let it lead to an instance of the same project."""
    started = service.associate(call.house, call.actor, floating_address_id, instance_id=body.instance_id)
    return _started(call, started)


@routes.post(
    "/floating-addresses/<floating_address_id>/disassociate", permission="floating_address:disassociate", status=202
)
def disassociate_floating_address(call: Call, floating_address_id: str) -> OperationView:
    """Take it from the instance that has it."""
    return _started(call, service.disassociate(call.house, call.actor, floating_address_id))


@routes.delete("/floating-addresses/<floating_address_id>", permission="floating_address:delete", status=202)
def delete_floating_address(call: Call, floating_address_id: str) -> OperationView:
    """Give it back to the cloud."""
    return _started(call, service.delete(call.house, call.actor, floating_address_id))


def _started(call: Call, operation: Operation) -> OperationView:
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
