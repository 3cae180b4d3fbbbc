"""Sites (站点): data centres."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery
from egovcloud.services.reading import Noun, ViewPage, find, read_one, read_page
from egovcloud.services.refs import View, entity
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Provider, Site, Zone

LISTING = Listing(Site, "site:read", search=func.lower(Site.name), sorts={"name": Site.name})


def views(_session: Session, _actor: Actor, rows: Sequence[Site]) -> list[View]:
    """Sites as they are."""
    return [entity(row, "name", "description") for row in rows]


NOUN = Noun(LISTING, views, centre=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of sites."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One site."""
    return read_one(house, actor, NOUN, id_)


def create(house: House, actor: Actor, *, name: str, description: str = "") -> View:
    """A new data centre."""
    with house.write(actor, "site.create", "site") as unit:
        unit.about("site", None, name)
        unit.require("site:create", None)
        name = rules.name(name)
        rules.free(unit.session, Site.name == name, name=name)
        row = Site(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            name=name,
            description=rules.text(description),
        )
        unit.session.add(row)
        unit.session.flush()
        unit.about("site", row)
        emit(unit.session, unit.now, "site.create", "site", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def update(house: House, actor: Actor, id_: str, *, name: str | None = None, description: str | None = None) -> View:
    """Another name or description."""
    with house.write(actor, "site.update", "site") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("site", row, before=row.name)
        unit.require("site:update", None)
        changes: dict[str, str] = {}
        if name is not None:
            changes["name"] = rules.name(name)
            rules.free(unit.session, Site.id != row.id, Site.name == changes["name"], name=changes["name"])
        if description is not None:
            changes["description"] = rules.text(description)
        if changes:
            touch(unit.session, row, now=unit.now, **changes)
            emit(unit.session, unit.now, "site.update", "site", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> None:
    """Forget an empty data centre; ``Conflict`` counts what is still in it."""
    with house.write(actor, "site.delete", "site") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("site", row)
        unit.require("site:delete", None)
        zones = rules.count(unit.session, Zone, Zone.site_id == row.id)
        providers = rules.count(unit.session, Provider, Provider.site_id == row.id)
        if zones or providers:
            raise Conflict("site.used", name=row.name, zones=zones, providers=providers)
        emit(unit.session, unit.now, "site.delete", "site", row.id, department_id=None)
        unit.session.delete(row)
