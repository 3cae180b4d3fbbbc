"""Events (事件) as a list; following them live is the stream's business."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from egovcloud.services.actor import Actor
from egovcloud.services.failure import sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, read_page
from egovcloud.services.refs import View
from egovcloud.store.models import Event

LISTING = Listing(
    Event,
    "event:read",
    department=Event.department_id,
    filters={
        "subject_id": equals(Event.subject_id),
        "subject_type": equals(Event.subject_type),
        "type": equals(Event.type),
        "operation_id": equals(Event.operation_id),
        "department_id": subtree(Event.department_id),
    },
)
FIELDS = "id at type subject_type subject_id department_id operation_id".split()
# Values of an event that may name a host.
CLOSED = frozenset({"host", "host_id", "from_host", "to_host", "pool", "storage_pool_id"})


def views(session: Session, actor: Actor, rows: Sequence[Event]) -> list[View]:
    """Events, without the names of hosts for those who may not know them."""
    open_ = sees_hosts(session, actor)
    return [
        {
            **{name: getattr(row, name) for name in FIELDS},
            "data": row.data if open_ else {key: value for key, value in row.data.items() if key not in CLOSED},
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of events, newest first."""
    return read_page(house, actor, NOUN, query)
