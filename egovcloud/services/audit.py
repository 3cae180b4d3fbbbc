"""The audit trail, for those who may read it: a department's administrators see what concerns their subtree."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, moment, read_one, read_page
from egovcloud.services.refs import Refs, View
from egovcloud.store.models import AuditEntry, Department

LISTING = Listing(
    AuditEntry,
    "audit:read",
    department=AuditEntry.department_id,
    search=func.lower(AuditEntry.subject_name + " " + AuditEntry.actor_name),
    filters={
        "actor_id": equals(AuditEntry.actor_id),
        "action": equals(AuditEntry.action),
        "subject_id": equals(AuditEntry.subject_id),
        "subject_type": equals(AuditEntry.subject_type),
        "outcome": equals(AuditEntry.outcome),
        "department_id": subtree(AuditEntry.department_id),
        "from": moment(AuditEntry.at, "from", after=True),
        "to": moment(AuditEntry.at, "to", after=False),
    },
)
FIELDS = "id at actor_id actor_name action subject_type subject_id subject_name outcome code address trace_id data"


def views(session: Session, actor: Actor, rows: Sequence[AuditEntry]) -> list[View]:
    """Entries with their department."""
    refs = Refs(session, {Department: (row.department_id for row in rows)})
    return [
        {
            **{name: getattr(row, name) for name in FIELDS.split()},
            "department": refs.ref(Department, row.department_id),
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of the trail, newest first."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One entry."""
    return read_one(house, actor, NOUN, id_)
