"""Projects (项目): what every resource belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.domain.ids import new_id
from egovcloud.services import department, rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, subtree
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Department, Project

LISTING = Listing(
    Project,
    "project:read",
    department=Project.department_id,
    search=func.lower(Project.name),
    sorts={"name": Project.name},
    filters={"department_id": subtree(Project.department_id)},
)


def views(session: Session, _actor: Actor, rows: Sequence[Project]) -> list[View]:
    """Projects with their department."""
    refs = Refs(session, {Department: (row.department_id for row in rows)})
    return [
        {**entity(row, "name", "description"), "department": refs.ref(Department, row.department_id)} for row in rows
    ]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of projects."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One project."""
    return read_one(house, actor, NOUN, id_)


def create(house: House, actor: Actor, *, department_id: str, name: str, description: str = "") -> View:
    """A new project of a department."""
    with house.write(actor, "project.create", "project") as unit:
        session = unit.session
        owner = given(session, actor, department.NOUN, department_id, "department_id")
        unit.about("project", owner, name)
        unit.require("project:create", owner.id)
        name = rules.name(name)
        rules.free(session, Project.department_id == owner.id, Project.name == name, name=name)
        row = Project(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            department_id=owner.id,
            name=name,
            description=rules.text(description),
        )
        session.add(row)
        session.flush()
        unit.about("project", row)
        emit(session, unit.now, "project.create", "project", row.id, department_id=row.department_id)
        return views(session, actor, [row])[0]


def update(house: House, actor: Actor, id_: str, *, name: str | None = None, description: str | None = None) -> View:
    """Another name or description; what is ``None`` stays."""
    with house.write(actor, "project.update", "project") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("project", row)
        unit.require("project:update", row.department_id)
        changes: dict[str, object] = {}
        if name is not None:
            changes["name"] = name = rules.name(name)
            same = (Project.department_id == row.department_id, Project.name == name, Project.id != row.id)
            rules.free(unit.session, *same, name=name)
        if description is not None:
            changes["description"] = rules.text(description)
        if changes:
            touch(unit.session, row, now=unit.now, **changes)
            emit(unit.session, unit.now, "project.update", "project", row.id, department_id=row.department_id)
        return views(unit.session, actor, [row])[0]
