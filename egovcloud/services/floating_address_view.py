"""Floating addresses (浮动地址) as they are seen."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Forbidden
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.models import Department, FloatingAddress, Instance, Network, Port, Project, Provider

LISTING = Listing(
    FloatingAddress,
    "floating_address:read",
    department=FloatingAddress.department_id,
    search=FloatingAddress.address,
    sorts={"address": FloatingAddress.address},
    filters={
        "department_id": subtree(FloatingAddress.department_id),
        "project_id": equals(FloatingAddress.project_id),
        "instance_id": equals(FloatingAddress.instance_id),
        "network_id": equals(FloatingAddress.network_id),
        "provider_id": equals(FloatingAddress.provider_id),
        "state": equals(FloatingAddress.state),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[FloatingAddress]) -> list[View]:
    """With whom each leads to, and that one's own address in the network."""
    open_ = sees_hosts(session, actor)
    refs = Refs(
        session,
        {
            Department: [row.department_id for row in rows],
            Project: [row.project_id for row in rows],
            Network: [row.network_id for row in rows],
            Instance: [row.instance_id for row in rows],
            Provider: [row.provider_id for row in rows] if open_ else [],
        },
    )
    inside = _inside(session, [row.instance_id for row in rows if row.instance_id])
    return [
        {
            **entity(row, "address", "state", "observed_at", "deleted_at"),
            "department": refs.ref(Department, row.department_id),
            "project": refs.ref(Project, row.project_id),
            "network": refs.ref(Network, row.network_id),
            "instance": refs.ref(Instance, row.instance_id),
            "fixed_address": inside.get((row.instance_id or "", row.network_id)),
            "provider": refs.ref(Provider, row.provider_id),
            "error": failure(row.error, actor, open_=open_),
        }
        for row in rows
    ]


def _inside(session: Session, instances: list[str]) -> dict[tuple[str, str], str | None]:
    """Addresses of these instances by instance and network."""
    if not instances:
        return {}
    ports = select(Port.instance_id, Port.network_id, Port.address).where(Port.instance_id.in_(instances))
    return {(instance, network or ""): address for instance, network, address in session.execute(ports)}


NOUN = Noun(LISTING, views, tombstones=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of floating addresses; which cloud they are of is for those who may read hosts."""
    if "provider_id" in query.filters:
        with house.read() as session:
            if not sees_hosts(session, actor):
                raise Forbidden("auth.forbidden", permission="host:read")
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One floating address; a deleted one is still there to be looked at."""
    return read_one(house, actor, NOUN, id_)
