"""Events (事件) as a list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer
from egovcloud.services import event_view as service

routes = Routes("events")


class EventView(Answer):
    """What happened, in the order in which it was written."""

    id: int
    at: datetime
    type: str
    subject_type: str
    subject_id: str
    department_id: str | None
    operation_id: str | None
    data: dict[str, Any]


@routes.get("/events", permission="event:read", listing=service.LISTING)
def list_events(call: Call, query: ListParams) -> Page[EventView]:
    """Events of my subtree, newest first."""
    return Page[EventView].of(service.page(call.house, call.actor, query.query()))
