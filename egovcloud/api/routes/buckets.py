"""Buckets (存储桶) and the endpoints that hold them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routes.instances import RequestRef
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Name, Patch, Query, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import bucket as service
from egovcloud.services import bucket_view as shown
from egovcloud.services import operation_view as operations
from egovcloud.store.models import Operation

routes = Routes("buckets")

QuotaGib = Annotated[int, Field(ge=service.QUOTA_GIB[0], le=service.QUOTA_GIB[1], description="GiB")]
Days = Annotated[int, Field(ge=service.EXPIRE_DAYS[0], le=service.EXPIRE_DAYS[1])] | None
Prefix = Annotated[str, StringConstraints(max_length=1024)]


class BucketCreate(Body):
    """A bucket of a project; without ``provider_id`` at the only endpoint that there is."""

    name: Name
    project_id: Id
    application_id: Id | None = None
    provider_id: Id | None = None
    quota_gib: QuotaGib
    versioning: bool = False
    expire_days: Days = None
    expire_prefix: Prefix = ""


class BucketUpdate(Patch):
    """Objects below ``expire_prefix`` are deleted ``expire_days`` after they were written; null keeps them."""

    name: Name = ""
    quota_gib: QuotaGib = 1
    versioning: bool = False
    expire_days: Days = None
    expire_prefix: Prefix = ""


class BucketConfirm(Query):
    """What cannot be taken back is asked for by name; what the bucket holds, by its name again."""

    confirm: Annotated[str | None, Field(max_length=200, description="The bucket's name.")] = None
    contents: Annotated[
        str | None, Field(max_length=200, description="The name again, to delete what it holds with it.")
    ] = None


class BucketView(Answer):
    """A bucket. ``bytes`` and ``objects`` were counted at ``metered_at``; ``external_id`` is its name at the store."""

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
    store: Ref | None
    capabilities: list[str]
    external_id: str | None
    state: str
    quota_gib: int
    versioning: bool
    expire_days: int | None
    expire_prefix: str
    objects: int
    bytes: int
    metered_at: datetime | None
    error: Failure | None


class UsageDay(Answer):
    day: str
    objects: int
    bytes: int


class UsageView(Answer):
    """What it holds now, and the most that it held on each day."""

    id: str
    objects: int
    bytes: int
    quota_gib: int
    metered_at: datetime | None
    days: list[UsageDay]


class StoreView(Answer):
    """An endpoint that can hold a bucket, and what it can do."""

    id: str
    name: str
    driver: str
    capabilities: list[str]


@routes.get("/buckets", permission="bucket:read", listing=shown.LISTING)
def list_buckets(call: Call, query: ListParams) -> Page[BucketView]:
    """Buckets of my subtree; deleted ones when `state` asks for them."""
    return Page[BucketView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/buckets/<bucket_id>", permission="bucket:read")
def show_bucket(call: Call, bucket_id: str) -> BucketView:
    """One bucket."""
    return BucketView.of(shown.get(call.house, reader(call), bucket_id))


@routes.get("/buckets/<bucket_id>/usage", permission="bucket:read")
def show_usage(call: Call, bucket_id: str) -> UsageView:
    """What it holds, and held day by day."""
    return UsageView.of(shown.usage(call.house, reader(call), bucket_id))


@routes.get("/object-stores", permission="bucket:read")
def list_stores(call: Call) -> list[StoreView]:
    """Endpoints that can hold a bucket."""
    return [StoreView.of(one) for one in shown.stores(call.house, call.actor)]


@routes.post("/buckets", permission="bucket:create", status=202)
def create_bucket(call: Call, body: BucketCreate) -> OperationView:
    """Make a bucket within the quotas of its department."""
    return _started(call, service.create(call.house, call.actor, **body.values()))


@routes.patch("/buckets/<bucket_id>", permission="bucket:update", status=202)
def update_bucket(call: Call, bucket_id: str, body: BucketUpdate) -> OperationView:
    """Change its name, quota, versioning or expiry."""
    return _started(call, service.update(call.house, call.actor, bucket_id, **body.values()))


@routes.delete("/buckets/<bucket_id>", permission="bucket:delete", status=202)
def delete_bucket(call: Call, bucket_id: str, query: BucketConfirm) -> OperationView:
    """Delete it when it is empty, or with what it holds."""
    operation = service.delete(
        call.house, call.drivers, call.actor, bucket_id, confirm=query.confirm, contents=query.contents
    )
    return _started(call, operation)


def _started(call: Call, operation: Operation) -> OperationView:
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
