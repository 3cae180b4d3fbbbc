"""Snapshots (快照) and what people do to them."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import operation_view as operations
from egovcloud.services import snapshot as service
from egovcloud.services import snapshot_view as shown
from egovcloud.store.models import Operation

routes = Routes("snapshots")


class SnapshotCreate(Body):
    """Of all disks of an instance; ``quiesce`` freezes the guest's file systems where its agent answers.

    ``external`` keeps it beside the disk, ``false`` inside of it; without it, the form that the machine can have.
    """

    instance_id: Id
    name: Name
    external: bool | None = None
    quiesce: bool = True


class SnapshotView(Answer):
    """A snapshot; ``quiesced`` says whether the file systems were frozen while it was taken."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    name: str
    department: Ref
    instance: Ref
    external: bool
    quiesced: bool
    state: str
    error: Failure | None


@routes.get("/snapshots", permission="snapshot:read", listing=shown.LISTING)
def list_snapshots(call: Call, query: ListParams) -> Page[SnapshotView]:
    """Snapshots of my subtree; deleted ones when `state` asks for them."""
    return Page[SnapshotView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/snapshots/<snapshot_id>", permission="snapshot:read")
def show_snapshot(call: Call, snapshot_id: str) -> SnapshotView:
    """One snapshot."""
    return SnapshotView.of(shown.get(call.house, reader(call), snapshot_id))


@routes.post("/snapshots", permission="snapshot:create", status=202)
def create_snapshot(call: Call, body: SnapshotCreate) -> OperationView:
    """Take a snapshot of all disks of an instance."""
    return _started(call, service.create(call.house, call.actor, **body.values()))


@routes.post("/snapshots/<snapshot_id>/revert", permission="snapshot:revert", status=202)
def revert_snapshot(call: Call, snapshot_id: str) -> OperationView:
    """Throw away everything since."""
    return _started(call, service.revert(call.house, call.actor, snapshot_id))


@routes.delete("/snapshots/<snapshot_id>", permission="snapshot:delete", status=202)
def delete_snapshot(call: Call, snapshot_id: str) -> OperationView:
    """Forget that past."""
    return _started(call, service.delete(call.house, call.actor, snapshot_id))


def _started(call: Call, operation: Operation) -> OperationView:
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
