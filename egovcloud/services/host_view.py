"""Hosts (宿主机) as they are seen, alone and in the tree site → zone → host pool → host."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Filter, Listing, ListQuery, equals
from egovcloud.services.reading import Noun, ViewPage, allow, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.models import Host, HostPool, Instance, Provider, Site, Zone


def _in_zone() -> Filter:
    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        return Host.host_pool_id.in_(select(HostPool.id).where(HostPool.zone_id.in_(list(values))))

    return build


LISTING = Listing(
    Host,
    "host:read",
    search=func.lower(Host.name),
    sorts={
        "name": Host.name,
        "vcpus_allocated": Host.vcpus_allocated,
        "memory_allocated_mib": Host.memory_allocated_mib,
    },
    filters={
        "host_pool_id": equals(Host.host_pool_id),
        "provider_id": equals(Host.provider_id),
        "zone_id": _in_zone(),
        "state": equals(Host.state),
        "health": equals(Host.health),
    },
)
COUNTS = "vcpus memory_mib vcpus_allocated memory_allocated_mib reserved_memory_mib".split()


def views(session: Session, _actor: Actor, rows: Sequence[Host]) -> list[View]:
    """Hosts with where they stand, what placement may still give out and how many instances they carry."""
    pools = {
        pool.id: (pool, zone)
        for pool, zone in session.execute(
            select(HostPool, Zone)
            .join(Zone, Zone.id == HostPool.zone_id)
            .where(HostPool.id.in_({row.host_pool_id for row in rows}))
        )
    }
    refs = Refs(
        session,
        {Provider: (row.provider_id for row in rows), Site: (zone.site_id for _, zone in pools.values())},
    )
    instances = tally(
        session, Instance.host_id, Instance.host_id.in_([r.id for r in rows]), Instance.state != "deleted"
    )
    result = []
    for row in rows:
        pool, zone = pools[row.host_pool_id]
        result.append(
            {
                **entity(row, "name", "state", "health", "hypervisor", *COUNTS, "seen_at", "detail"),
                **room(row, pool),
                "provider": refs.ref(Provider, row.provider_id),
                "host_pool": {"id": pool.id, "name": pool.name},
                "zone": {"id": zone.id, "name": zone.name},
                "site": refs.ref(Site, zone.site_id),
                "instances": instances.get(row.id, 0),
            }
        )
    return result


def room(host: Host, pool: HostPool) -> dict[str, int]:
    """What may be allocated on a host in all: hardware times the pool's ratio, after what the host keeps."""
    return {
        "vcpus_limit": int(host.vcpus * pool.vcpu_ratio),
        "memory_limit_mib": int(max(host.memory_mib - host.reserved_memory_mib, 0) * pool.memory_ratio),
    }


NOUN = Noun(LISTING, views, centre=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of hosts."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One host."""
    return read_one(house, actor, NOUN, id_)


def tree(house: House, actor: Actor) -> list[View]:
    """Sites → zones → host pools → hosts; five queries, however many hosts there are."""
    with house.read() as session:
        allow(session, actor, LISTING.permission, centre=True)
        instances = tally(session, Instance.host_id, Instance.state != "deleted")
        pools = session.scalars(select(HostPool).order_by(HostPool.name)).all()
        by_id = {pool.id: pool for pool in pools}
        hosts: dict[str, list[View]] = {}
        for row in session.scalars(select(Host).order_by(Host.name)):
            shown = {name: getattr(row, name) for name in ("id", "name", "state", "health", "seen_at", *COUNTS)}
            shown |= room(row, by_id[row.host_pool_id]) | {"instances": instances.get(row.id, 0)}
            hosts.setdefault(row.host_pool_id, []).append(shown)
        zones: dict[str, list[View]] = {}
        for pool in pools:
            shown = {name: getattr(pool, name) for name in ("id", "name", "vcpu_ratio", "memory_ratio", "disk_ratio")}
            zones.setdefault(pool.zone_id, []).append(shown | {"hosts": hosts.get(pool.id, [])})
        sites: dict[str, list[View]] = {}
        for zone in session.scalars(select(Zone).order_by(Zone.name)):
            node: View = {"id": zone.id, "name": zone.name, "host_pools": zones.get(zone.id, [])}
            sites.setdefault(zone.site_id, []).append(node)
        return [
            {"id": site.id, "name": site.name, "zones": sites.get(site.id, [])}
            for site in session.scalars(select(Site).order_by(Site.name))
        ]
