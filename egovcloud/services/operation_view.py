"""Operations (作业) as they are seen: with their subject, their progress and their steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from egovcloud.engine.operations import REGISTRY
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, find, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.base import Model
from egovcloud.store.models import (
    Bucket,
    Department,
    Drift,
    FloatingAddress,
    Host,
    Image,
    Instance,
    Network,
    Operation,
    Project,
    Provider,
    Request,
    SecurityGroup,
    Snapshot,
    Step,
    User,
    Volume,
    VolumeSnapshot,
)

SUBJECTS: dict[str, type[Model]] = {
    "bucket": Bucket,
    "drift": Drift,
    "floating_address": FloatingAddress,
    "host": Host,
    "image": Image,
    "instance": Instance,
    "network": Network,
    "project": Project,
    "provider": Provider,
    "request": Request,
    "security_group": SecurityGroup,
    "snapshot": Snapshot,
    "volume": Volume,
    "volume_snapshot": VolumeSnapshot,
}
INTERNAL = sorted(kind.name for kind in REGISTRY.kinds.values() if kind.internal)
FIELDS = "kind state parent_id started_at finished_at not_before deadline_at attempts cancel_requested".split()

LISTING = Listing(
    Operation,
    "operation:read",
    department=Operation.department_id,
    filters={
        "state": equals(Operation.state),
        "kind": equals(Operation.kind),
        "subject_id": equals(Operation.subject_id),
        "subject_type": equals(Operation.subject_type),
        "parent_id": equals(Operation.parent_id),
        "requested_by": equals(Operation.requested_by),
        "department_id": subtree(Operation.department_id),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[Operation]) -> list[View]:
    """Operations with references and progress: three queries a page."""
    wanted: dict[type[Model], Iterable[str | None]] = {
        Department: [row.department_id for row in rows],
        User: [row.requested_by for row in rows],
    }
    for type_, model in SUBJECTS.items():
        wanted[model] = [row.subject_id for row in rows if row.subject_type == type_]
    refs = Refs(session, wanted)
    open_ = sees_hosts(session, actor)
    progress = _progress(session, [row.id for row in rows])
    return [
        {
            **entity(row, *FIELDS),
            "subject": {
                "type": row.subject_type,
                "id": row.subject_id,
                "name": refs.name(SUBJECTS[row.subject_type], row.subject_id) or "",
            },
            "department": refs.ref(Department, row.department_id),
            "requested_by": refs.ref(User, row.requested_by),
            "error": failure(row.error, actor, open_=open_),
            "progress": progress.get(row.id, {"done": 0, "total": 0}),
            **_steering(row),
        }
        for row in rows
    ]


def _steering(row: Operation) -> View:
    """What may be asked of it now: a face shows no button that is refused whoever presses it."""
    kind = REGISTRY.kinds.get(row.kind)
    cancellable = kind is not None and kind.cancellable and row.state in ("queued", "running")
    return {
        "retryable": kind is not None and kind.on_retry is not None and row.state == "failed",
        "cancellable": cancellable and not row.cancel_requested,
    }


def _progress(session: Session, ids: Sequence[str]) -> dict[str, View]:
    """Steps done out of all; of an operation that consists of others, parts ended well out of all."""
    steps = select(Step.operation_id, func.sum(case((Step.state == "done", 1), else_=0)), func.count())
    found = {
        id_: {"done": int(done), "total": int(total)}
        for id_, done, total in session.execute(steps.where(Step.operation_id.in_(ids)).group_by(Step.operation_id))
    }
    parts = select(Operation.parent_id, func.sum(case((Operation.state == "succeeded", 1), else_=0)), func.count())
    for id_, done, total in session.execute(parts.where(Operation.parent_id.in_(ids)).group_by(Operation.parent_id)):
        found[str(id_)] = {"done": int(done), "total": int(total)}
    return found


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page, newest first; the house's own upkeep is left out unless its kind is asked for."""
    noun = NOUN
    if "kind" not in query.filters:
        listing = Listing(
            Operation,
            LISTING.permission,
            department=LISTING.department,
            filters=LISTING.filters,
            where=lambda: Operation.kind.not_in(INTERNAL),
        )
        noun = Noun(listing, views)
    return read_page(house, actor, noun, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One operation with its steps and its parts."""
    with house.read() as session:
        row = find(session, actor, NOUN, id_)
        open_ = sees_hosts(session, actor)
        steps = session.scalars(select(Step).where(Step.operation_id == row.id).order_by(Step.position))
        parts = session.scalars(select(Operation).where(Operation.parent_id == row.id).order_by(Operation.id)).all()
        fields = "position name state attempts started_at finished_at".split()
        return {
            **views(session, actor, [row])[0],
            "steps": [
                {
                    **{name: getattr(step, name) for name in fields},
                    "error": failure(step.error, actor, open_=open_),
                    "result": step.result if open_ else None,
                }
                for step in steps
            ],
            "children": views(session, actor, parts),
        }


def show(house: House, actor: Actor, id_: str) -> View:
    """What a caller is told of the operation that it has just started or changed, whatever it may read besides."""
    with house.read() as session:
        return views(session, actor, [session.get_one(Operation, id_)])[0]
