"""Snapshots (快照) as they are seen."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.models import Department, Instance, Snapshot

LISTING = Listing(
    Snapshot,
    "snapshot:read",
    department=Snapshot.department_id,
    search=func.lower(Snapshot.name),
    sorts={"name": Snapshot.name},
    filters={
        "department_id": subtree(Snapshot.department_id),
        "instance_id": equals(Snapshot.instance_id),
        "state": equals(Snapshot.state),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[Snapshot]) -> list[View]:
    """Snapshots with their instance."""
    open_ = sees_hosts(session, actor)
    refs = Refs(session, {Department: [row.department_id for row in rows], Instance: [row.instance_id for row in rows]})
    return [
        {
            **entity(row, "name", "external", "quiesced", "state", "deleted_at"),
            "department": refs.ref(Department, row.department_id),
            "instance": refs.ref(Instance, row.instance_id),
            "error": failure(row.error, actor, open_=open_),
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views, tombstones=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of snapshots."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One snapshot."""
    return read_one(house, actor, NOUN, id_)
