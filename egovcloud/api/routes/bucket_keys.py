"""Access keys of a bucket, for programs that speak to the endpoint themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import bucket_key as service
from egovcloud.services import operation_view as operations

routes = Routes("bucket-keys")


class BucketKeyCreate(Body):
    name: Name
    writes: Annotated[bool, Field(description="It may write and delete too, not only read.")] = False


class BucketKeyView(Answer):
    """A key; ``access_key_id`` is its public half, null until the endpoint has made it."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    writes: bool
    state: str
    access_key_id: str | None
    created_by: Ref | None
    error: Failure | None


class BucketAccess(Answer):
    """What a program must be told beside its key; ``bucket`` is the bucket's name at the endpoint."""

    endpoint: str
    region: str
    path_style: bool
    bucket: str


class BucketKeys(Answer):
    """At most ``limit`` keys; without ``access`` the endpoint has no address that programs could reach."""

    items: list[BucketKeyView]
    limit: int
    access: BucketAccess | None


class BucketKeyCreated(Answer):
    """A new key and its secret, which is shown this once and kept nowhere."""

    key: BucketKeyView
    secret: str


@routes.get("/buckets/<bucket_id>/keys", permission="bucket_key:read")
def list_keys(call: Call, bucket_id: str) -> BucketKeys:
    """Keys of a bucket, oldest first, and the address where they are good."""
    return BucketKeys.of(service.listed(call.house, call.drivers, call.actor, bucket_id))


# Not repeated by a key: the answer holds a secret, and a stored answer would keep it.
@routes.post("/buckets/<bucket_id>/keys", permission="bucket_key:create", status=201, once=False)
def create_key(call: Call, bucket_id: str, body: BucketKeyCreate) -> BucketKeyCreated:
    """Make a key for this bucket alone; whoever loses the answer revokes it and makes another."""
    key, secret = service.create(call.house, call.drivers, call.actor, bucket_id, **body.values())
    return BucketKeyCreated(key=BucketKeyView.of(key), secret=secret)


@routes.delete("/buckets/<bucket_id>/keys/<key_id>", permission="bucket_key:delete", status=202)
def delete_key(call: Call, bucket_id: str, key_id: str) -> OperationView:
    """Revoke a key."""
    operation = service.delete(call.house, call.actor, bucket_id, key_id)
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
