"""Zones (可用区/网络区): failure or network domains of a site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, cast, func
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.services import rules, site
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import HostPool, Instance, Network, Request, Site, Zone

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


def rename(house: House, actor: Actor, id_: str, *, name: str) -> View:
    """Another name; what runs there stays."""
    with house.write(actor, "zone.update", "zone") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("zone", row, before=row.name)
        unit.require("zone:update", None)
        name = rules.name(name)
        rules.free(unit.session, Zone.id != row.id, Zone.site_id == row.site_id, Zone.name == name, name=name)
        touch(unit.session, row, now=unit.now, name=name)
        emit(unit.session, unit.now, "zone.update", "zone", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> None:
    """Forget an empty zone; ``Conflict`` counts what is still in it or asks for it."""
    with house.write(actor, "zone.delete", "zone") as unit:
        session = unit.session
        row = find(session, actor, NOUN, id_)
        unit.about("zone", row)
        unit.require("zone:delete", None)
        pools = rules.count(session, HostPool, HostPool.zone_id == row.id)
        networks = rules.count(session, Network, Network.zone_id == row.id, Network.state != "deleted")
        machines = rules.count(session, Instance, Instance.zone_id == row.id, Instance.state != "deleted")
        named = cast(Request.items, String).contains(row.id)
        asked = rules.count(session, Request, named, Request.closed_at.is_(None))
        if pools or networks or machines or asked:
            counts: dict[str, Any] = {"host_pools": pools, "networks": networks, "instances": machines}
            raise Conflict("zone.used", name=row.name, requests=asked, **counts)
        # What was deleted long ago forgets where it was; the journal still knows.
        for model in (Instance, Network):
            gone = sql_update(model).where(model.zone_id == row.id).values(zone_id=None)
            session.execute(gone, execution_options={"synchronize_session": False})
        emit(session, unit.now, "zone.delete", "zone", row.id, department_id=None)
        session.delete(row)
