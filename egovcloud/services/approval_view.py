"""Approvals (审批) as a list of their own: what waits for a decision, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from egovcloud.services import request_view
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, page
from egovcloud.services.reading import ViewPage, allow, own_departments
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.models import Approval, Department, Request, User

LISTING = Listing(
    Approval,
    "request:read",
    sorts={"decided_at": Approval.decided_at},
    filters={
        "state": equals(Approval.state),
        "level": equals(Approval.level),
        "request_id": equals(Approval.request_id),
        "decided_by": equals(Approval.decided_by),
    },
)
FIELDS = ("round", "position", "level", "state", "decided_at", "comment")


def views(session: Session, actor: Actor, rows: Sequence[Approval]) -> list[View]:
    """Approvals with their request in short."""
    found = session.scalars(select(Request).where(Request.id.in_({row.request_id for row in rows}))).all()
    shown = {view["id"]: view for view in request_view.views(session, actor, found)}
    mine = select(Approval.id).where(Approval.id.in_([row.id for row in rows]), mine_to_decide(session, actor))
    decidable = set(session.scalars(mine))
    refs = Refs(session, {Department: [row.department_id for row in rows], User: [row.decided_by for row in rows]})
    return [
        {
            **entity(row, *FIELDS),
            "department": refs.ref(Department, row.department_id),
            "decided_by": refs.ref(User, row.decided_by),
            "may_decide": row.id in decidable,
            "request": shown[row.request_id],
        }
        for row in rows
    ]


def page_of(house: House, actor: Actor, query: ListQuery, *, mine: bool) -> ViewPage:
    """Approvals of requests that the caller may see; ``mine`` leaves those that it may decide now."""
    with house.read() as session:
        allow(session, actor, LISTING.permission)
        where = mine_to_decide(session, actor) if mine else _visible(session, actor)
        rows = page(session, actor, replace(LISTING, where=lambda: where), query)
        return ViewPage(views(session, actor, rows.items), rows.next, rows.total)


def _visible(session: Session, actor: Actor) -> ColumnElement[bool]:
    departments = own_departments(session, actor, "request:read")
    asked = select(Request.id)
    if departments is not None:
        asked = asked.where(Request.department_id.in_(departments))
    return Approval.request_id.in_(asked)


def mine_to_decide(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Pending ones at a department where the caller approves, except what it asked for or decided before."""
    departments = own_departments(session, actor, "request:approve")
    pending: ColumnElement[bool] = Approval.state == "pending"
    if departments is not None:
        pending &= Approval.department_id.in_(departments)
    earlier = Approval.__table__.alias("earlier")
    decided = select(earlier.c.id).where(
        earlier.c.request_id == Approval.request_id,
        earlier.c.round == Approval.round,
        earlier.c.decided_by == actor.user_id,
    )
    own = select(Request.id).where(Request.requester_id == actor.user_id)
    return pending & Approval.request_id.not_in(own) & ~decided.exists() & _visible(session, actor)
