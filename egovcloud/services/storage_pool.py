"""Storage pools (存储池) of the hosts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals
from egovcloud.services.reading import Noun, ViewPage, find, flag, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Host, StoragePool, Volume

TIER = re.compile(r"[a-z0-9-]{1,32}")

LISTING = Listing(
    StoragePool,
    "storage_pool:read",
    search=func.lower(StoragePool.name),
    sorts={"name": StoragePool.name, "used_gib": StoragePool.used_gib, "allocated_gib": StoragePool.allocated_gib},
    filters={
        "host_id": equals(StoragePool.host_id),
        "kind": equals(StoragePool.kind),
        "tier": equals(StoragePool.tier),
        "shared": flag(StoragePool.shared),
    },
)


def views(session: Session, _actor: Actor, rows: Sequence[StoragePool]) -> list[View]:
    """Pools with their host, how full they are and how many volumes lie in them."""
    refs = Refs(session, {Host: (row.host_id for row in rows)})
    ids = [row.id for row in rows]
    volumes = tally(session, Volume.storage_pool_id, Volume.storage_pool_id.in_(ids), Volume.state != "deleted")
    fields = ("name", "kind", "tier", "shared", "capacity_gib", "used_gib", "allocated_gib")
    return [
        {**entity(row, *fields), "host": refs.ref(Host, row.host_id), "volumes": volumes.get(row.id, 0)} for row in rows
    ]


NOUN = Noun(LISTING, views, centre=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of storage pools."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One storage pool."""
    return read_one(house, actor, NOUN, id_)


def update(house: House, actor: Actor, id_: str, *, tier: str) -> View:
    """Another tier; what lies there stays."""
    with house.write(actor, "storage_pool.update", "storage_pool") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("storage_pool", row, tier=tier[:32])
        unit.require("storage_pool:update", None)
        if not TIER.fullmatch(tier):
            raise Invalid("storage_pool.tier", field="tier")
        touch(unit.session, row, now=unit.now, tier=tier)
        emit(unit.session, unit.now, "storage_pool.update", "storage_pool", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]
