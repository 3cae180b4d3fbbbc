"""What runs in the clouds that nobody asked us for (未纳管)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Failure, Id, Query, Ref
from egovcloud.services import unmanaged as service

routes = Routes("unmanaged")


class UnmanagedQuery(Query):
    """Which part of the clouds."""

    provider_id: Id | None = None
    host_id: Id | None = None
    kind: Literal["instance", "volume", "bucket"] | None = None
    q: Annotated[str | None, Field(max_length=200, description="Part of the name or of the cloud's id.")] = None


class UnmanagedThing(Answer):
    """One machine, volume or bucket without our mark.

    Memory in MiB; a machine's disks are told by the plan of its adoption. A bucket is on no host, and is not adopted.
    ``project`` is ours, where somebody made it in that project on the cloud itself.
    """

    kind: str
    external_id: str
    name: str
    provider: Ref
    host: Ref | None
    vcpus: int
    memory_mib: int
    size_gib: float
    project: Ref | None


class HostSeen(Answer):
    """When a host was looked at; ``problem`` is why it says nothing now, so that what is shown of it may be old."""

    host: Ref
    seen_at: datetime | None
    problem: Failure | None


class StoreSeen(Answer):
    """The same of an endpoint that holds buckets."""

    provider: Ref
    seen_at: datetime | None
    problem: Failure | None


class UnmanagedList(Answer):
    """At most a thousand of them, by name; ``total`` counts them all."""

    items: list[UnmanagedThing]
    total: int
    hosts: list[HostSeen]
    stores: list[StoreSeen]


@routes.get("/unmanaged", permission="unmanaged:read")
def list_unmanaged(call: Call, query: UnmanagedQuery) -> UnmanagedList:
    """Machines, volumes and buckets that others made, as hosts and endpoints tell now."""
    found = service.listed(call.house, call.drivers, reader(call), **query.model_dump())
    return UnmanagedList.of(found)
