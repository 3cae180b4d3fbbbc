"""Buckets (存储桶) as they are seen, what they held day by day, and the endpoints that can hold one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.clouds import OBJECTS
from egovcloud.drivers.objects import OBJECT_CAPABILITIES
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, allow, find, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.models import Application, Bucket, BucketSample, Department, Project, Provider, Request

DAYS = 400  # samples that one answer holds at most

LISTING = Listing(
    Bucket,
    "bucket:read",
    department=Bucket.department_id,
    search=Bucket.search,
    sorts={"name": Bucket.name, "quota_gib": Bucket.quota_gib, "bytes": Bucket.bytes, "objects": Bucket.objects},
    filters={
        "department_id": subtree(Bucket.department_id),
        "project_id": equals(Bucket.project_id),
        "application_id": equals(Bucket.application_id),
        "request_id": equals(Bucket.request_id),
        "provider_id": equals(Bucket.provider_id),
        "state": equals(Bucket.state),
    },
)
FIELDS = (
    "name state quota_gib versioning expire_days expire_prefix external_id objects bytes metered_at deleted_at"
).split()


def views(session: Session, actor: Actor, rows: Sequence[Bucket]) -> list[View]:
    """Buckets with everything that they point at: two queries a page."""
    open_ = sees_hosts(session, actor)
    refs = Refs(
        session,
        {
            Department: [row.department_id for row in rows],
            Project: [row.project_id for row in rows],
            Application: [row.application_id for row in rows],
            Request: [row.request_id for row in rows],
            Provider: [row.provider_id for row in rows],
        },
    )
    able = _capabilities(session, {row.provider_id for row in rows if row.provider_id})
    return [
        {
            **entity(row, *FIELDS),
            "department": refs.ref(Department, row.department_id),
            "project": refs.ref(Project, row.project_id),
            "application": refs.ref(Application, row.application_id),
            "request": _asked(row, refs),
            "store": refs.ref(Provider, row.provider_id),
            "capabilities": able.get(row.provider_id or "", []),
            "error": failure(row.error, actor, open_=open_),
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views, tombstones=True)


def _asked(row: Bucket, refs: Refs) -> View | None:
    """The request that it came from, by its number."""
    number = refs.name(Request, row.request_id)
    return {"id": row.request_id, "number": number} if number else None


def _capabilities(session: Session, ids: set[str]) -> dict[str, list[str]]:
    rows = session.execute(select(Provider.id, Provider.capabilities).where(Provider.id.in_(ids)))
    return {id_: [one for one in able if one in OBJECT_CAPABILITIES] for id_, able in rows}


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of buckets."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One bucket; a deleted one is still there to be looked at."""
    return read_one(house, actor, NOUN, id_)


def usage(house: House, actor: Actor, id_: str) -> View:
    """What it held at most on each day, oldest first."""
    with house.read() as session:
        row = find(session, actor, NOUN, id_)
        samples = session.scalars(
            select(BucketSample).where(BucketSample.bucket_id == row.id).order_by(BucketSample.day.desc()).limit(DAYS)
        ).all()
        days = [{"day": one.day, "objects": one.objects, "bytes": one.bytes} for one in reversed(samples)]
        return {**entity(row, "objects", "bytes", "quota_gib", "metered_at"), "days": days}


def stores(house: House, actor: Actor) -> list[View]:
    """The endpoints that can hold a bucket, by name alone: where they are is the centre's business."""
    with house.read() as session:
        allow(session, actor, LISTING.permission)
        rows: Sequence[Any] = session.scalars(
            select(Provider).where(Provider.enabled.is_(True), Provider.driver.in_(OBJECTS)).order_by(Provider.name)
        ).all()
        able = _capabilities(session, {row.id for row in rows})
        return [{"id": row.id, "name": row.name, "driver": row.driver, "capabilities": able[row.id]} for row in rows]
