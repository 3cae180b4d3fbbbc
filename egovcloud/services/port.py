"""Ports: which instance has which address of a network."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.services import network
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, page
from egovcloud.services.reading import ViewPage, find, own_departments
from egovcloud.services.refs import Refs, View
from egovcloud.store.models import Instance, Port

LISTING = Listing(
    Port,
    "network:read",
    search=func.coalesce(Port.address, ""),
    sorts={"address": Port.address},
    filters={"instance_id": equals(Port.instance_id)},
)


def of_network(house: House, actor: Actor, network_id: str, query: ListQuery) -> ViewPage:
    """Ports of a network; in a shared one a department sees those of its own instances alone."""
    with house.read() as session:
        row = find(session, actor, network.NOUN, network_id)
        conditions = Port.network_id == row.id
        departments = own_departments(session, actor, "instance:read")
        if departments is not None:
            mine = select(Instance.id).where(Instance.department_id.in_(departments))
            conditions &= Port.instance_id.in_(mine)
        listing = Listing(
            Port,
            LISTING.permission,
            search=LISTING.search,
            sorts=LISTING.sorts,
            filters=LISTING.filters,
            where=lambda: conditions,
        )
        rows = page(session, actor, listing, query)
        return ViewPage(views(session, rows.items), rows.next, rows.total)


def views(session: Session, rows: Sequence[Port]) -> list[View]:
    """Ports with their instance."""
    refs = Refs(session, {Instance: (row.instance_id for row in rows)})
    return [
        {"id": row.id, "address": row.address, "mac": row.mac, "instance": refs.ref(Instance, row.instance_id)}
        for row in rows
    ]
