"""Applications (业务系统): what citizens and officials use, with its 等保 and 容灾 level and its owner."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.ids import new_id
from egovcloud.services import project, rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Application, Department, Instance, Project

LISTING = Listing(
    Application,
    "application:read",
    department=Application.department_id,
    search=func.lower(Application.name + " " + Application.owner),
    sorts={"name": Application.name},
    filters={"department_id": subtree(Application.department_id), "project_id": equals(Application.project_id)},
    where=lambda: Application.project_id.in_(select(Project.id).where(Project.deleted_at.is_(None))),
)
LEVELS = {"protection_level": (1, 5), "recovery_level": (0, 6)}


def views(session: Session, _actor: Actor, rows: Sequence[Application]) -> list[View]:
    """Applications with their project, department and number of instances."""
    refs = Refs(session, {Department: (row.department_id for row in rows), Project: (row.project_id for row in rows)})
    counts = tally(
        session,
        Instance.application_id,
        Instance.application_id.in_([row.id for row in rows]),
        Instance.state != "deleted",
    )
    fields = ("name", "description", "protection_level", "recovery_level", "owner", "contact")
    return [
        {
            **entity(row, *fields),
            "department": refs.ref(Department, row.department_id),
            "project": refs.ref(Project, row.project_id),
            "instances": counts.get(row.id, 0),
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of applications."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One application."""
    return read_one(house, actor, NOUN, id_)


def create(
    house: House,
    actor: Actor,
    *,
    project_id: str,
    name: str,
    description: str = "",
    protection_level: int = 2,
    recovery_level: int = 1,
    owner: str = "",
    contact: str = "",
) -> View:
    """A new application of a project."""
    with house.write(actor, "application.create", "application") as unit:
        session = unit.session
        home = given(session, actor, project.NOUN, project_id, "project_id")
        unit.about("application", home, name)
        unit.require("application:create", home.department_id)
        values = _checked(
            name=name,
            description=description,
            protection_level=protection_level,
            recovery_level=recovery_level,
            owner=owner,
            contact=contact,
        )
        name = str(values["name"])
        rules.free(session, Application.project_id == home.id, Application.name == name, name=name)
        row = Application(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            project_id=home.id,
            department_id=home.department_id,
            **values,
        )
        session.add(row)
        session.flush()
        unit.about("application", row)
        emit(session, unit.now, "application.create", "application", row.id, department_id=row.department_id)
        return views(session, actor, [row])[0]


def update(house: House, actor: Actor, id_: str, **changes: str | int) -> View:
    """Change what is named: name, description, protection_level, recovery_level, owner, contact."""
    with house.write(actor, "application.update", "application") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("application", row, fields=sorted(changes))
        unit.require("application:update", row.department_id)
        values = _checked(**changes)
        if "name" in values:
            taken = (Application.project_id == row.project_id, Application.name == values["name"])
            rules.free(unit.session, *taken, Application.id != row.id, name=str(values["name"]))
        if values:
            touch(unit.session, row, now=unit.now, **values)
            emit(unit.session, unit.now, "application.update", "application", row.id, department_id=row.department_id)
        return views(unit.session, actor, [row])[0]


def _checked(**values: str | int) -> dict[str, str | int]:
    checked: dict[str, str | int] = {}
    for field, value in values.items():
        if field in LEVELS:
            checked[field] = rules.within(int(value), field, *LEVELS[field])
        elif field == "name":
            checked[field] = rules.name(str(value))
        else:
            checked[field] = rules.text(str(value), field, 4000 if field == "description" else rules.NAME_LENGTH)
    return checked
