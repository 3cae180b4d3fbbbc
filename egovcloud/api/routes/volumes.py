"""Volumes (云硬盘) and what people do to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routes.instances import Confirm, Origin, RequestRef
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import operation_view as operations
from egovcloud.services import volume as service
from egovcloud.services import volume_view as shown
from egovcloud.store.models import Operation

routes = Routes("volumes")

Size = Annotated[int, Field(ge=service.SIZE_GIB[0], le=service.SIZE_GIB[1], description="GiB")]


class VolumeSource(Body):
    """What a volume starts as a copy of."""

    kind: Literal["volume", "volume_snapshot"]
    id: Id


class VolumeCreate(Body):
    """A volume beside an instance, attached to it; with a ``source`` it starts as a copy, and needs no instance."""

    name: Name
    project_id: Id
    application_id: Id | None = None
    size_gib: Size
    instance_id: Id | None = None
    source: VolumeSource | None = None


class VolumeUpdate(Body):
    name: Name


class Attach(Body):
    instance_id: Id


class Grow(Body):
    size_gib: Size


class CopiedFrom(Answer):
    """What a volume started as a copy of; it may be gone."""

    kind: str
    id: str
    name: str


class VolumeView(Answer):
    """A data volume; ``host`` and ``storage_pool`` are for those who may read hosts."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    name: str
    department: Ref
    project: Ref
    application: Ref | None
    request: RequestRef | None
    instance: Ref | None
    host: Ref | None
    storage_pool: Ref | None
    size_gib: int
    state: str
    device: str | None
    source: CopiedFrom | None
    observed_at: datetime | None
    adopted_at: datetime | None
    origin: Origin | None
    error: Failure | None


@routes.get("/volumes", permission="volume:read", listing=shown.LISTING)
def list_volumes(call: Call, query: ListParams) -> Page[VolumeView]:
    """Volumes of my subtree; deleted ones when `state` asks for them."""
    return Page[VolumeView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/volumes/<volume_id>", permission="volume:read")
def show_volume(call: Call, volume_id: str) -> VolumeView:
    """One volume."""
    return VolumeView.of(shown.get(call.house, reader(call), volume_id))


@routes.post("/volumes", permission="volume:create", status=202)
def create_volume(call: Call, body: VolumeCreate) -> OperationView:
    """Make a volume without a request: attached to an instance, a copy of another one, or both."""
    source = {"source": body.source.values() if body.source else None}
    return _started(call, service.create(call.house, call.actor, **{**body.values(), **source}))


@routes.patch("/volumes/<volume_id>", permission="volume:update")
def update_volume(call: Call, volume_id: str, body: VolumeUpdate) -> VolumeView:
    """Rename a volume."""
    service.rename(call.house, call.actor, volume_id, name=body.name)
    return VolumeView.of(shown.get(call.house, reader(call), volume_id))


@routes.post("/volumes/<volume_id>/attach", permission="volume:attach", status=202)
def attach_volume(call: Call, volume_id: str, body: Attach) -> OperationView:
    """Attach it to an instance of the same project."""
    return _started(call, service.attach(call.house, call.actor, volume_id, instance_id=body.instance_id))


@routes.post("/volumes/<volume_id>/detach", permission="volume:detach", status=202)
def detach_volume(call: Call, volume_id: str) -> OperationView:
    """Take it from the instance that has it."""
    return _started(call, service.detach(call.house, call.actor, volume_id))


@routes.post("/volumes/<volume_id>/grow", permission="volume:grow", status=202)
def grow_volume(call: Call, volume_id: str, body: Grow) -> OperationView:
    """Make it larger."""
    return _started(call, service.grow(call.house, call.actor, volume_id, size_gib=body.size_gib))


@routes.post("/volumes/<volume_id>/release", permission="volume:release", status=202)
def release_volume(call: Call, volume_id: str, query: Confirm) -> OperationView:
    """Give an adopted volume back as it is."""
    return _started(call, service.release(call.house, call.actor, volume_id, confirm=query.confirm))


@routes.delete("/volumes/<volume_id>", permission="volume:delete", status=202)
def delete_volume(call: Call, volume_id: str, query: Confirm) -> OperationView:
    """Wipe and remove it."""
    return _started(call, service.delete(call.house, call.actor, volume_id, confirm=query.confirm))


def _started(call: Call, operation: Operation) -> OperationView:
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
