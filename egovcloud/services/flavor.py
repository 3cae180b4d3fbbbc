"""Flavors (规格): the sizes that instances come in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery
from egovcloud.services.reading import Noun, ViewPage, find, flag, read_one, read_page
from egovcloud.services.refs import View, entity
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Flavor, Instance, Request

# What one machine can be given by the hypervisors that there are; memory in MiB, disk in GiB.
BOUNDS = {"vcpus": (1, 256), "memory_mib": (64, 4 * 1024 * 1024), "disk_gib": (1, 16 * 1024)}
NAME_LENGTH = 64

LISTING = Listing(
    Flavor,
    "flavor:read",
    search=func.lower(Flavor.name),
    sorts={"name": Flavor.name, "vcpus": Flavor.vcpus, "memory_mib": Flavor.memory_mib, "disk_gib": Flavor.disk_gib},
    filters={"enabled": flag(Flavor.enabled)},
)


def views(_session: Session, _actor: Actor, rows: Sequence[Flavor]) -> list[View]:
    """Flavors as they are."""
    return [entity(row, "name", "vcpus", "memory_mib", "disk_gib", "enabled") for row in rows]


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of flavors."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One flavor."""
    return read_one(house, actor, NOUN, id_)


def create(house: House, actor: Actor, *, name: str, vcpus: int, memory_mib: int, disk_gib: int) -> View:
    """A new size, open to everyone."""
    with house.write(actor, "flavor.create", "flavor") as unit:
        unit.about("flavor", None, name)
        unit.require("flavor:create", None)
        name = rules.name(name, maximum=NAME_LENGTH)
        shape = {"vcpus": vcpus, "memory_mib": memory_mib, "disk_gib": disk_gib}
        for field, value in shape.items():
            rules.within(value, field, *BOUNDS[field])
        rules.free(unit.session, Flavor.name == name, name=name)
        row = Flavor(id=new_id(), created_at=unit.now, updated_at=unit.now, name=name, enabled=True, **shape)
        unit.session.add(row)
        unit.session.flush()
        unit.about("flavor", row, shape=shape)
        emit(unit.session, unit.now, "flavor.create", "flavor", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def update(house: House, actor: Actor, id_: str, *, enabled: bool) -> View:
    """Retire a size or offer it again; instances that have it keep it either way."""
    with house.write(actor, "flavor.update", "flavor") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("flavor", row, enabled=enabled)
        unit.require("flavor:update", None)
        if row.enabled != enabled:
            touch(unit.session, row, now=unit.now, enabled=enabled)
            emit(unit.session, unit.now, "flavor.update", "flavor", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> None:
    """Forget a size that nobody ever had; ``Conflict`` counts who has it, had it or asks for it."""
    with house.write(actor, "flavor.delete", "flavor") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("flavor", row)
        unit.require("flavor:delete", None)
        # What was deleted keeps its shape on record; a request keeps the id in its items.
        had = unit.session.scalar(select(func.count()).where(Instance.flavor_id == row.id)) or 0
        named = cast(Request.items, String).contains(row.id)
        asked = unit.session.scalar(select(func.count()).select_from(Request).where(named)) or 0
        if had or asked:
            raise Conflict("flavor.used", flavor=row.name, instances=had, requests=asked)
        emit(unit.session, unit.now, "flavor.delete", "flavor", row.id, department_id=None)
        unit.session.delete(row)
