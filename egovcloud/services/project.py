"""Projects (项目): what every resource belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.domain.lifecycle import REQUEST
from egovcloud.services import department, rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, subtree
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import (
    Bucket,
    Department,
    FloatingAddress,
    Instance,
    Project,
    Request,
    SecurityGroup,
    Volume,
)

LISTING = Listing(
    Project,
    "project:read",
    department=Project.department_id,
    search=func.lower(Project.name),
    sorts={"name": Project.name},
    filters={"department_id": subtree(Project.department_id)},
    where=lambda: Project.deleted_at.is_(None),
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
        rules.free(session, *_namesakes(owner.id, name), name=name)
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
            rules.free(unit.session, *_namesakes(row.department_id, name), Project.id != row.id, name=name)
        if description is not None:
            changes["description"] = rules.text(description)
        if changes:
            touch(unit.session, row, now=unit.now, **changes)
            emit(unit.session, unit.now, "project.update", "project", row.id, department_id=row.department_id)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> None:
    """Close a project that holds nothing; ``Conflict`` counts what it still holds.

    What was in it once keeps its project's name. Clouds that keep projects apart lose theirs by the orphan sweep.
    """
    with house.write(actor, "project.delete", "project") as unit:
        session = unit.session
        row = find(session, actor, NOUN, id_)
        unit.about("project", row)
        unit.require("project:delete", row.department_id)
        held: dict[str, Any] = {
            model.__tablename__: rules.count(session, model, model.project_id == row.id, model.deleted_at.is_(None))
            for model in (Instance, Volume, Bucket, SecurityGroup, FloatingAddress)
        }
        asked = Request.state.not_in(REQUEST.final)
        held["requests"] = rules.count(session, Request, Request.project_id == row.id, asked)
        if any(held.values()):
            raise Conflict("project.used", name=row.name, **held)
        touch(session, row, now=unit.now, deleted_at=unit.now)
        emit(session, unit.now, "project.delete", "project", row.id, department_id=row.department_id)


def _namesakes(department_id: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return (Project.department_id == department_id, Project.name == name, Project.deleted_at.is_(None))
