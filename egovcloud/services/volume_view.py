"""Volumes (云硬盘) as they are seen."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Forbidden
from egovcloud.drivers.volume_copies import VOLUME, VOLUME_SNAPSHOT
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.instance_view import origin
from egovcloud.services.listing import Listing, ListQuery, equals, given, subtree
from egovcloud.services.reading import Noun, ViewPage, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.models import (
    Application,
    Department,
    Host,
    Instance,
    Project,
    Request,
    StoragePool,
    Volume,
    VolumeSnapshot,
)

LISTING = Listing(
    Volume,
    "volume:read",
    department=Volume.department_id,
    search=Volume.search,
    sorts={"name": Volume.name, "size_gib": Volume.size_gib},
    filters={
        "department_id": subtree(Volume.department_id),
        "project_id": equals(Volume.project_id),
        "application_id": equals(Volume.application_id),
        "instance_id": equals(Volume.instance_id),
        "request_id": equals(Volume.request_id),
        "state": equals(Volume.state),
        "host_id": equals(Volume.host_id),
        "storage_pool_id": equals(Volume.storage_pool_id),
        "adopted": given(Volume.adopted_at, "adopted"),
    },
)
CENTRE_FILTERS = ("host_id", "storage_pool_id")


def views(session: Session, actor: Actor, rows: Sequence[Volume]) -> list[View]:
    """Volumes with everything that they point at: two queries a page."""
    open_ = sees_hosts(session, actor)
    refs = Refs(
        session,
        {
            Department: [row.department_id for row in rows],
            Project: [row.project_id for row in rows],
            Application: [row.application_id for row in rows],
            Request: [row.request_id for row in rows],
            Instance: [row.instance_id for row in rows],
            Volume: [row.source_id for row in rows if row.source_kind == VOLUME],
            VolumeSnapshot: [row.source_id for row in rows if row.source_kind == VOLUME_SNAPSHOT],
            Host: [row.host_id for row in rows] if open_ else [],
            StoragePool: [row.storage_pool_id for row in rows] if open_ else [],
        },
    )
    result = []
    for row in rows:
        number = refs.name(Request, row.request_id)
        result.append(
            {
                **entity(row, "name", "size_gib", "state", "device", "observed_at", "deleted_at"),
                "department": refs.ref(Department, row.department_id),
                "project": refs.ref(Project, row.project_id),
                "application": refs.ref(Application, row.application_id),
                "request": {"id": row.request_id, "number": number} if number else None,
                "instance": refs.ref(Instance, row.instance_id),
                "host": refs.ref(Host, row.host_id),
                "storage_pool": refs.ref(StoragePool, row.storage_pool_id),
                "source": _source(refs, row),
                "adopted_at": row.adopted_at,
                "origin": origin(row.origin) if open_ else None,
                "error": failure(row.error, actor, open_=open_),
            }
        )
    return result


def _source(refs: Refs, row: Volume) -> View | None:
    """What it started as a copy of, by the name that this has or had."""
    if row.source_kind is None or row.source_id is None:
        return None
    model = VolumeSnapshot if row.source_kind == VOLUME_SNAPSHOT else Volume
    return {"kind": row.source_kind, "id": row.source_id, "name": refs.name(model, row.source_id) or ""}


NOUN = Noun(LISTING, views, tombstones=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of volumes; where they lie is for those who may read hosts."""
    if any(name in query.filters for name in CENTRE_FILTERS):
        with house.read() as session:
            if not sees_hosts(session, actor):
                raise Forbidden("auth.forbidden", permission="host:read")
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One volume; a deleted one is still there to be looked at."""
    return read_one(house, actor, NOUN, id_)
