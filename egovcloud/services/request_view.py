"""Requests (服务申请) and approvals (审批) as they are seen."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.domain.messages import render
from egovcloud.services import approval as approvals
from egovcloud.services import request as requests
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Filter, Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, find, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store import ledger
from egovcloud.store.models import Application, Approval, Bucket, Department, Instance, Project, Request, User, Volume

FIELDS = "number title purpose items state operation_id submitted_at closed_at".split()


def _wants_decision() -> Filter:
    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        waiting = select(Approval.request_id).where(Approval.state == "pending", Approval.level.in_(list(values)))
        return Request.id.in_(waiting)

    return build


LISTING = Listing(
    Request,
    "request:read",
    department=Request.department_id,
    search=func.lower(Request.number + " " + Request.title),
    sorts={"number": Request.number, "title": Request.title},
    filters={
        "department_id": subtree(Request.department_id),
        "project_id": equals(Request.project_id),
        "application_id": equals(Request.application_id),
        "requester_id": equals(Request.requester_id),
        "state": equals(Request.state),
        "pending_level": _wants_decision(),
    },
)


def views(session: Session, _actor: Actor, rows: Sequence[Request]) -> list[View]:
    """Requests with what they point at: one query a page."""
    refs = Refs(
        session,
        {
            Department: [row.department_id for row in rows],
            Project: [row.project_id for row in rows],
            Application: [row.application_id for row in rows],
            User: [row.requester_id for row in rows],
        },
    )
    return [
        {
            **entity(row, *FIELDS),
            "department": refs.ref(Department, row.department_id),
            "project": refs.ref(Project, row.project_id),
            "application": refs.ref(Application, row.application_id),
            "requester": refs.ref(User, row.requester_id),
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of requests."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One request with who decides, what it would do to every quota above it, and what it made."""
    with house.read() as session:
        row = find(session, actor, NOUN, id_)
        return {
            **views(session, actor, [row])[0],
            "approvals": _chain(session, actor, row),
            "quota": _quota(session, actor, row),
            "instances": _made(session, Instance, row.id),
            "volumes": _made(session, Volume, row.id),
            "buckets": _made(session, Bucket, row.id),
        }


def _chain(session: Session, actor: Actor, row: Request) -> list[View]:
    chain = approvals.current_round(session, row.id)
    refs = Refs(session, {Department: [a.department_id for a in chain], User: [a.decided_by for a in chain]})
    fields = ("round", "position", "level", "state", "decided_at", "comment")
    return [
        {
            **entity(one, *fields),
            "department": refs.ref(Department, one.department_id),
            "decided_by": refs.ref(User, one.decided_by),
            "may_decide": requests.may_decide(session, actor, row, one),
        }
        for one in chain
    ]


def _quota(session: Session, actor: Actor, row: Request) -> list[View]:
    """Only while it still asks: afterwards the ledger tells what was taken."""
    if row.state not in ("draft", "returned", "submitted"):
        return []
    try:
        amount = requests.cost(session, session.get_one(Project, row.project_id), row.items)
    except Problem:
        # Something that it names is gone or no longer offered; submitting or approving it says so.
        return []
    return quota_checks(actor, ledger.check(session, row.department_id, amount))


def quota_checks(actor: Actor, checks: Sequence[ledger.Check]) -> list[View]:
    """What every quota above an ask would say.

    Numbers of departments that the reader may not see stay theirs: such a line appears only when it refuses, and then
    without its name and use.
    """
    result: list[View] = []
    for check in checks:
        line = {"resource": check.resource, "asked": check.asked, "ok": check.ok}
        if actor.may("quota:read", check.path):
            department = {"id": check.department_id, "name": check.department_name}
            numbers = {"limit": check.limit, "used": check.used, "after": check.after}
            result.append({**line, **numbers, "department": department})
        elif not check.ok:
            above = {"id": "", "name": render("quota.department_above", {}, actor.language)}
            result.append({**line, "limit": None, "used": 0, "after": check.asked, "department": above})
    return result


def _made(session: Session, model: type[Instance] | type[Volume] | type[Bucket], request_id: str) -> list[View]:
    rows = select(model.id, model.name, model.state).where(model.request_id == request_id).order_by(model.id)
    return [{"id": id_, "name": name, "state": state} for id_, name, state in session.execute(rows)]


def check_view(actor: Actor, checked: requests.Checked) -> View:
    """The answer of the wizard's live check."""
    return {
        "amount": checked.amount.as_dict(),
        "quota": quota_checks(actor, checked.quota),
        "chain": [
            {"position": position, "level": level, "department": {"id": department.id, "name": department.name}}
            for position, level, department in checked.chain
        ],
        "ok": checked.ok,
    }
