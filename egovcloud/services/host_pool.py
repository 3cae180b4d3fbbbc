"""Host pools (资源池): groups of like hosts, and how much more is allocated than there is."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from sqlalchemy import String, cast, func
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.services import rules, zone
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Host, HostPool, Provider, Zone

# Below 1 keeps part of the hardware free; above these a host swaps or its pool fills while everyone is within quota.
RATIOS = {"vcpu_ratio": (0.1, 32.0), "memory_ratio": (0.1, 4.0), "disk_ratio": (0.1, 10.0)}

LISTING = Listing(
    HostPool,
    "host_pool:read",
    search=func.lower(HostPool.name),
    sorts={"name": HostPool.name},
    filters={"zone_id": equals(HostPool.zone_id)},
)


def views(session: Session, _actor: Actor, rows: Sequence[HostPool]) -> list[View]:
    """Pools with their zone and number of hosts."""
    refs = Refs(session, {Zone: (row.zone_id for row in rows)})
    hosts = tally(session, Host.host_pool_id, Host.host_pool_id.in_([row.id for row in rows]))
    return [
        {**entity(row, "name", *RATIOS), "zone": refs.ref(Zone, row.zone_id), "hosts": hosts.get(row.id, 0)}
        for row in rows
    ]


NOUN = Noun(LISTING, views, centre=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of host pools."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One host pool."""
    return read_one(house, actor, NOUN, id_)


def create(
    house: House,
    actor: Actor,
    *,
    zone_id: str,
    name: str,
    vcpu_ratio: float = 4.0,
    memory_ratio: float = 1.0,
    disk_ratio: float = 1.5,
) -> View:
    """A new pool in a zone."""
    with house.write(actor, "host_pool.create", "host_pool") as unit:
        unit.about("host_pool", None, name)
        unit.require("host_pool:create", None)
        home = given(unit.session, actor, zone.NOUN, zone_id, "zone_id")
        name = rules.name(name)
        rules.free(unit.session, HostPool.zone_id == home.id, HostPool.name == name, name=name)
        row = HostPool(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            zone_id=home.id,
            name=name,
            **_checked(vcpu_ratio=vcpu_ratio, memory_ratio=memory_ratio, disk_ratio=disk_ratio),
        )
        unit.session.add(row)
        unit.session.flush()
        unit.about("host_pool", row)
        emit(unit.session, unit.now, "host_pool.create", "host_pool", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def update(house: House, actor: Actor, id_: str, *, name: str | None = None, **ratios: float) -> View:
    """Another name, or other ratios: what runs stays where it is, only placement sees more or less room."""
    with house.write(actor, "host_pool.update", "host_pool") as unit:
        row = find(unit.session, actor, NOUN, id_)
        asked = {**ratios, **({} if name is None else {"name": name[: rules.NAME_LENGTH]})}
        unit.about("host_pool", row, before={key: getattr(row, key) for key in asked}, after=asked)
        unit.require("host_pool:update", None)
        changes: dict[str, Any] = _checked(**ratios)
        if name is not None:
            changes["name"] = rules.name(name)
            same = HostPool.zone_id == row.zone_id, HostPool.name == changes["name"], HostPool.id != row.id
            rules.free(unit.session, *same, name=changes["name"])
        if changes:
            touch(unit.session, row, now=unit.now, **changes)
            emit(unit.session, unit.now, "host_pool.update", "host_pool", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> None:
    """Forget an empty pool; ``Conflict`` counts its hosts, and the providers whose new hosts would join it."""
    with house.write(actor, "host_pool.delete", "host_pool") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("host_pool", row)
        unit.require("host_pool:delete", None)
        hosts = rules.count(unit.session, Host, Host.host_pool_id == row.id)
        providers = rules.count(unit.session, Provider, cast(Provider.config, String).contains(row.id))
        if hosts or providers:
            raise Conflict("host_pool.used", name=row.name, hosts=hosts, providers=providers)
        emit(unit.session, unit.now, "host_pool.delete", "host_pool", row.id, department_id=None)
        unit.session.delete(row)


def _checked(**ratios: float) -> dict[str, float]:
    for name, value in ratios.items():
        low, high = RATIOS[name]
        if not isfinite(value) or not low <= value <= high:
            raise Invalid("input.range", field=name, name=name, value=value, low=low, high=high)
    return {name: float(value) for name, value in ratios.items()}
