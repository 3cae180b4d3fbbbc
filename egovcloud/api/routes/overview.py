"""The first page (总览)."""

from __future__ import annotations

from egovcloud.api.call import Call
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer
from egovcloud.api.views.operation import OperationView
from egovcloud.api.views.quota import QuotaView
from egovcloud.api.views.request import RequestView
from egovcloud.services import overview as service

routes = Routes("overview")


class ByState(Answer):
    """How many there are in each state."""

    by_state: dict[str, int]


class Total(ByState):
    """How many there are, and in which states."""

    total: int


class HostTotal(Total):
    """Hosts; ``up`` are those that answer."""

    up: int


class Fill(Answer):
    """What may be given out, and what was given."""

    total: int
    allocated: int


class StorageFill(Answer):
    """What there is, what was promised of it, and what the clouds say is written."""

    total: float
    allocated: int
    used: float


class Capacity(Answer):
    """Of the whole centre."""

    vcpus: Fill
    memory_mib: Fill
    storage_gib: StorageFill


class OperationCount(Answer):
    """Operations that are under way, and that failed within a day."""

    running: int
    failed_24h: int


class Forecast(Answer):
    """Days until the storage is full at the growth of the last 90 days; null when that is not known."""

    storage_days_to_full: int | None


class GrowthDay(Answer):
    """What the centre held at the end of a day."""

    date: str
    instances: int
    vcpus: int
    memory_mib: int
    volume_gib: int


class Overview(Answer):
    """What I should look at first; what concerns hosts is null for those who may not read them."""

    instances: Total
    hosts: HostTotal | None
    capacity: Capacity | None
    quota: QuotaView | None
    requests: ByState
    approvals_pending: int
    drifts_open: int
    operations: OperationCount
    forecast: Forecast
    recent_operations: list[OperationView]
    recent_requests: list[RequestView]
    growth: list[GrowthDay]


@routes.get("/overview", signed_in=True)
def show_overview(call: Call) -> Overview:
    """Counts, fill and what happened last, as far as I may see."""
    return Overview.of(service.show(call.house, reader(call)))
