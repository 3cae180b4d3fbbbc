"""Departments (委办局/处室): the tenant tree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid
from egovcloud.domain.ids import new_id
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, scope
from egovcloud.services.reading import Noun, ViewPage, allow, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store import ledger
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Department, Instance
from egovcloud.store.models.department import KINDS

CODE = re.compile(r"[a-z0-9-]{1,32}")
PATH_LENGTH = 200
RANK = {kind: rank for rank, kind in enumerate(KINDS)}

LISTING = Listing(
    Department,
    "department:read",
    department=Department.id,
    search=func.lower(Department.name + " " + Department.code),
    sorts={"name": Department.name, "code": Department.code, "path": Department.path},
    filters={
        "parent_id": equals(Department.parent_id),
        "kind": equals(Department.kind),
        "code": equals(Department.code),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[Department]) -> list[View]:
    """Departments with their parent, which is left out for those who may not see it."""
    seen = set(session.scalars(select(Department.id).where(*scope(session, actor, LISTING))))
    refs = Refs(session, {Department: (row.parent_id for row in rows if row.parent_id in seen)})
    result = []
    for row in rows:
        parent = refs.ref(Department, row.parent_id)
        fields = entity(row, "code", "name", "kind", "path")
        result.append({**fields, "parent": parent, "parent_id": parent["id"] if parent else None})
    return result


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of the departments that the caller may see."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One department."""
    return read_one(house, actor, NOUN, id_)


def tree(house: House, actor: Actor) -> list[View]:
    """The subtrees that the caller may see, nested; ``instances`` counts those of the whole subtree."""
    with house.read() as session:
        allow(session, actor, LISTING.permission)
        rows = session.scalars(select(Department).where(*scope(session, actor, LISTING)).order_by(Department.path))
        counts: dict[str, int] = {}
        if actor.may_anywhere("instance:read"):
            counts = tally(session, Instance.department_id, Instance.state != "deleted")
        nodes: dict[str, View] = {}
        tops: list[View] = []
        for row in rows:
            fields = {name: getattr(row, name) for name in ("id", "code", "name", "kind", "path")}
            node: View = {**fields, "children": [], "instances": counts.get(row.id, 0)}
            nodes[row.id] = node
            parent = nodes.get(row.parent_id or "")
            (tops if parent is None else parent["children"]).append(node)
        for node in tops:
            _sum(node)
        return tops


def _sum(node: View) -> int:
    node["instances"] += sum(_sum(child) for child in node["children"])
    return int(node["instances"])


def create(house: House, actor: Actor, *, parent_id: str, code: str, name: str, kind: str) -> View:
    """A new department under ``parent_id``; its code never changes, because every path below is made of it."""
    with house.write(actor, "department.create", "department") as unit:
        session = unit.session
        parent = given(session, actor, NOUN, parent_id, "parent_id")
        unit.about("department", parent, name, code=code)
        unit.require("department:create", parent.id)
        name = rules.name(name)
        if not CODE.fullmatch(code):
            raise Invalid("department.code", field="code", code=code[:64])
        if kind not in RANK or not (RANK[kind] > RANK[parent.kind] or kind == parent.kind == "office"):
            raise Invalid("department.kind", field="kind", kind=kind, parent=parent.kind)
        path = f"{parent.path}{code}/"
        if len(path) > PATH_LENGTH:
            raise Invalid("department.depth", field="code", limit=PATH_LENGTH)
        rules.free(session, Department.code == code, name=code, field="code")
        rules.free(session, Department.parent_id == parent.id, Department.name == name, name=name)
        row = Department(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            parent_id=parent.id,
            code=code,
            name=name,
            kind=kind,
            path=path,
        )
        session.add(row)
        session.flush()
        ledger.open_account(session, row.id)
        unit.about("department", row)
        emit(session, unit.now, "department.create", "department", row.id, department_id=row.id)
        return views(session, actor, [row])[0]


def rename(house: House, actor: Actor, id_: str, *, name: str) -> View:
    """Another name; code and place in the tree stay."""
    with house.write(actor, "department.update", "department") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("department", row, before=row.name)
        unit.require("department:update", row.id)
        name = rules.name(name)
        if row.name != name:
            same = (Department.parent_id == row.parent_id, Department.name == name, Department.id != row.id)
            rules.free(unit.session, *same, name=name)
            touch(unit.session, row, now=unit.now, name=name)
            emit(unit.session, unit.now, "department.update", "department", row.id, department_id=row.id)
        return views(unit.session, actor, [row])[0]
