"""Storage pools (存储池)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Ref
from egovcloud.services import storage_pool as service

routes = Routes("storage-pools")


class StoragePoolUpdate(Body):
    tier: Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,32}$", max_length=32)]


class StoragePoolView(Answer):
    """A pool of one host; ``used_gib`` is what the cloud states, ``allocated_gib`` what was promised."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    host: Ref
    kind: str
    tier: str
    shared: bool
    capacity_gib: float
    used_gib: float
    allocated_gib: int
    volumes: int


@routes.get("/storage-pools", permission="storage_pool:read", listing=service.LISTING)
def list_storage_pools(call: Call, query: ListParams) -> Page[StoragePoolView]:
    """All storage pools."""
    return Page[StoragePoolView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/storage-pools/<storage_pool_id>", permission="storage_pool:read")
def show_storage_pool(call: Call, storage_pool_id: str) -> StoragePoolView:
    """One storage pool."""
    return StoragePoolView.of(service.get(call.house, call.actor, storage_pool_id))


@routes.patch("/storage-pools/<storage_pool_id>", permission="storage_pool:update")
def update_storage_pool(call: Call, storage_pool_id: str, body: StoragePoolUpdate) -> StoragePoolView:
    """Name its tier."""
    return StoragePoolView.of(service.update(call.house, call.actor, storage_pool_id, tier=body.tier))
