"""Placement: why this host, and why not that one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Body, Id
from egovcloud.api.views.place import HostReason, host_reasons
from egovcloud.services import placement as service

routes = Routes("placement")


class PlacementAsk(Body):
    """A machine that is not asked for yet; a flavor replaces the three numbers (MiB, GiB)."""

    flavor_id: Id | None = None
    vcpus: Annotated[int, Field(ge=1, le=256)] = 1
    memory_mib: Annotated[int, Field(ge=1, le=4 * 1024 * 1024)] = 1024
    disk_gib: Annotated[int, Field(ge=1, le=65536)] = 1
    zone_id: Id | None = None
    anti_affinity: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


@routes.post("/placement/preview", permission="placement:preview", once=False)
def preview(call: Call, body: PlacementAsk) -> list[HostReason]:
    """Every host with its reasons, the best first; claims nothing."""
    return host_reasons(service.preview(call.house, call.actor, **body.values()), reader(call).language)
