"""Snapshots of volumes (云硬盘快照) and what people do to them."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import operation_view as operations
from egovcloud.services import volume_snapshot as service
from egovcloud.services import volume_snapshot_view as shown
from egovcloud.store.models import Operation

routes = Routes("volume_snapshots")


class VolumeSnapshotCreate(Body):
    """Of a volume that is available or in use."""

    volume_id: Id
    name: Name


class VolumeSnapshotView(Answer):
    """A snapshot of a volume; ``size_gib`` is the volume's size when it was taken."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    name: str
    department: Ref
    project: Ref
    volume: Ref
    size_gib: int
    state: str
    error: Failure | None


@routes.get("/volume-snapshots", permission="volume_snapshot:read", listing=shown.LISTING)
def list_volume_snapshots(call: Call, query: ListParams) -> Page[VolumeSnapshotView]:
    """Snapshots of volumes of my subtree; deleted ones when `state` asks for them."""
    return Page[VolumeSnapshotView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/volume-snapshots/<volume_snapshot_id>", permission="volume_snapshot:read")
def show_volume_snapshot(call: Call, volume_snapshot_id: str) -> VolumeSnapshotView:
    """One snapshot of a volume."""
    return VolumeSnapshotView.of(shown.get(call.house, reader(call), volume_snapshot_id))


@routes.post("/volume-snapshots", permission="volume_snapshot:create", status=202)
def create_volume_snapshot(call: Call, body: VolumeSnapshotCreate) -> OperationView:
    """Take a snapshot of a volume."""
    return _started(call, service.create(call.house, call.actor, **body.values()))


@routes.delete("/volume-snapshots/<volume_snapshot_id>", permission="volume_snapshot:delete", status=202)
def delete_volume_snapshot(call: Call, volume_snapshot_id: str) -> OperationView:
    """Delete it; the volume and what was made of the snapshot stay."""
    return _started(call, service.delete(call.house, call.actor, volume_snapshot_id))


def _started(call: Call, operation: Operation) -> OperationView:
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
