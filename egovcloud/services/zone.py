"""Zones (可用区/网络区): failure or network domains of a site."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.domain.ids import new_id
from egovcloud.services import rules, site
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals
from egovcloud.services.reading import Noun, ViewPage, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.journal import emit
from egovcloud.store.models import Site, Zone

LISTING = Listing(
    Zone,
    "zone:read",
    search=func.lower(Zone.name),
    sorts={"name": Zone.name},
    filters={"site_id": equals(Zone.site_id)},
)


def views(session: Session, _actor: Actor, rows: Sequence[Zone]) -> list[View]:
    """Zones with their site."""
    refs = Refs(session, {Site: (row.site_id for row in rows)})
    return [{**entity(row, "name"), "site": refs.ref(Site, row.site_id)} for row in rows]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of zones."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One zone."""
    return read_one(house, actor, NOUN, id_)


def create(house: House, actor: Actor, *, site_id: str, name: str) -> View:
    """A new zone of a site."""
    with house.write(actor, "zone.create", "zone") as unit:
        unit.about("zone", None, name)
        unit.require("zone:create", None)
        home = given(unit.session, actor, site.NOUN, site_id, "site_id")
        name = rules.name(name)
        rules.free(unit.session, Zone.site_id == home.id, Zone.name == name, name=name)
        row = Zone(id=new_id(), created_at=unit.now, updated_at=unit.now, site_id=home.id, name=name)
        unit.session.add(row)
        unit.session.flush()
        unit.about("zone", row)
        emit(unit.session, unit.now, "zone.create", "zone", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]
