"""Snapshots of volumes (云硬盘快照) as they are seen."""

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
from egovcloud.store.models import Department, Project, Volume, VolumeSnapshot

LISTING = Listing(
    VolumeSnapshot,
    "volume_snapshot:read",
    department=VolumeSnapshot.department_id,
    search=func.lower(VolumeSnapshot.name),
    sorts={"name": VolumeSnapshot.name, "size_gib": VolumeSnapshot.size_gib},
    filters={
        "department_id": subtree(VolumeSnapshot.department_id),
        "project_id": equals(VolumeSnapshot.project_id),
        "volume_id": equals(VolumeSnapshot.volume_id),
        "state": equals(VolumeSnapshot.state),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[VolumeSnapshot]) -> list[View]:
    """Snapshots with their volume."""
    open_ = sees_hosts(session, actor)
    refs = Refs(
        session,
        {
            Department: [row.department_id for row in rows],
            Project: [row.project_id for row in rows],
            Volume: [row.volume_id for row in rows],
        },
    )
    return [
        {
            **entity(row, "name", "size_gib", "state", "deleted_at"),
            "department": refs.ref(Department, row.department_id),
            "project": refs.ref(Project, row.project_id),
            "volume": refs.ref(Volume, row.volume_id),
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
