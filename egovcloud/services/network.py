"""Networks (网络) and the addresses in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import department, rules
from egovcloud.services.actor import Actor
from egovcloud.services.addresses import total_addresses
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, scope, subtree
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.journal import emit, touch, transition
from egovcloud.store.models import Department, FloatingAddress, Network, Operation, Port, Zone

MODES = ("nat", "isolated", "bridged")
BRIDGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
# RFC 1918 and RFC 6598: what no one outside of the centre can own.
PRIVATE = [IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
PREFIXES = (8, 29)

LISTING = Listing(
    Network,
    "network:read",
    department=Network.department_id,
    shared=True,
    search=func.lower(Network.name + " " + Network.cidr),
    sorts={"name": Network.name},
    filters={
        "state": equals(Network.state),
        "mode": equals(Network.mode),
        "zone_id": equals(Network.zone_id),
        "department_id": subtree(Network.department_id),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[Network]) -> list[View]:
    """Networks with how full they are; the host's bridge is the centre's business."""
    refs = Refs(session, {Department: (row.department_id for row in rows), Zone: (row.zone_id for row in rows)})
    used = tally(session, Port.network_id, Port.network_id.in_([row.id for row in rows]))
    return [
        {
            **entity(row, "name", "state", "mode", "cidr", "gateway"),
            "bridge": row.bridge if actor.may_anywhere("network:update") else None,
            "zone": refs.ref(Zone, row.zone_id),
            "department": refs.ref(Department, row.department_id),
            "used_addresses": used.get(row.id, 0),
            "total_addresses": total_addresses(row.cidr),
        }
        for row in rows
    ]


NOUN = Noun(LISTING, views, tombstones=True, inherited=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of networks."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One network."""
    return read_one(house, actor, NOUN, id_)


def create(
    house: House,
    actor: Actor,
    *,
    name: str,
    mode: str,
    cidr: str,
    gateway: str | None = None,
    bridge: str | None = None,
    zone_id: str | None = None,
    department_id: str | None = None,
) -> View:
    """A new network; hosts get it when an instance first needs it there. No ``gateway`` means the first address."""
    with house.write(actor, "network.create", "network") as unit:
        session = unit.session
        unit.about("network", None, name, cidr=cidr[:64])
        if department_id is not None:
            unit.department_id = given(session, actor, department.NOUN, department_id, "department_id").id
        unit.require("network:create", unit.department_id)
        name = rules.name(name)
        if mode not in MODES:
            raise Invalid("input.choice", field="mode", name="mode", allowed=", ".join(MODES))
        if (bridge is not None) != (mode == "bridged") or (bridge is not None and not BRIDGE.fullmatch(bridge)):
            raise Invalid("network.bridge", field="bridge")
        if zone_id is not None and session.get(Zone, zone_id) is None:
            raise Invalid("input.reference", field="zone_id", name="zone_id", id=zone_id)
        net = parse_cidr(cidr, private=mode != "bridged")
        door = parse_gateway(gateway, net)
        # One at a time: two networks that overlap must not be made at the same moment.
        root = select(Department.id).where(Department.parent_id.is_(None))
        session.execute(root.with_for_update(key_share=True))
        if mode != "bridged":
            _refuse_overlap(session, actor, net, zone_id)
        owner = unit.department_id
        _free_name(session, name, owner)
        row = Network(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            name=name,
            mode=mode,
            cidr=str(net),
            gateway=door,
            bridge=bridge,
            zone_id=zone_id,
            department_id=owner,
        )
        session.add(row)
        session.flush()
        unit.about("network", row)
        emit(session, unit.now, "network.create", "network", row.id, department_id=owner)
        return views(session, actor, [row])[0]


def rename(house: House, actor: Actor, id_: str, *, name: str) -> View:
    """Another name; addresses stay as they are."""
    with house.write(actor, "network.update", "network") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("network", row, before=row.name)
        unit.require("network:update", row.department_id)
        name = rules.name(name)
        _free_name(unit.session, name, row.department_id, row.id)
        touch(unit.session, row, now=unit.now, name=name)
        emit(unit.session, unit.now, "network.update", "network", row.id, department_id=row.department_id)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> Operation:
    """Take it off every host; ``Conflict`` counts the ports that are still in it."""
    with house.write(actor, "network.delete", "network") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("network", row)
        unit.require("network:delete", row.department_id)
        # The state first: from here on no address is given out, so that the count stays true.
        transition(unit.session, row, "delete", now=unit.now)
        count = unit.session.scalar(select(func.count()).select_from(Port).where(Port.network_id == row.id)) or 0
        if count:
            raise Conflict("network.used", network=row.name, count=count)
        floating = (FloatingAddress.network_id == row.id, FloatingAddress.state != "deleted")
        if kept := unit.session.scalar(select(func.count()).select_from(FloatingAddress).where(*floating)):
            raise Conflict("network.floating", network=row.name, count=kept)
        return enqueue(
            unit.session,
            "network.delete",
            row.id,
            now=unit.now,
            department_id=row.department_id,
            requested_by=actor.user_id,
        )


def parse_cidr(cidr: str, *, private: bool) -> IPv4Network:
    """The network that ``cidr`` names exactly; ``private`` refuses what could belong to somebody else."""
    try:
        net = IPv4Network(cidr)
    except ValueError:
        raise Invalid("network.cidr", field="cidr", cidr=cidr[:64]) from None
    low, high = PREFIXES
    if not low <= net.prefixlen <= high:
        raise Invalid("network.prefix", field="cidr", low=low, high=high, prefix=net.prefixlen)
    if private and not any(net.subnet_of(block) for block in PRIVATE):
        raise Invalid("network.private", field="cidr", cidr=cidr, blocks=", ".join(str(block) for block in PRIVATE))
    if net.is_loopback or net.is_link_local or net.is_multicast or net.network_address in IPv4Network("0.0.0.0/8"):
        raise Invalid("network.special", field="cidr", cidr=cidr)
    return net


def parse_gateway(gateway: str | None, net: IPv4Network) -> str:
    """The gateway's address: a host of ``net``, its first when none is named."""
    if gateway is None:
        return str(net.network_address + 1)
    try:
        address = IPv4Address(gateway)
    except ValueError:
        address = None
    if address is None or address not in net or address in (net.network_address, net.broadcast_address):
        raise Invalid("network.gateway", field="gateway", gateway=gateway[:64], cidr=str(net))
    return str(address)


def _free_name(session: Session, name: str, owner: str | None, id_: str = "") -> None:
    mine = Network.department_id.is_(None) if owner is None else Network.department_id == owner
    rules.free(session, Network.name == name, Network.state != "deleted", Network.id != id_, mine, name=name)


def _refuse_overlap(session: Session, actor: Actor, net: IPv4Network, zone_id: str | None) -> None:
    """Two networks that hosts route must not share addresses; a network without a zone may be made on any host."""
    others = select(Network).where(Network.mode != "bridged", Network.state != "deleted")
    if zone_id is not None:
        others = others.where(or_(Network.zone_id == zone_id, Network.zone_id.is_(None)))
    for other in session.scalars(others):
        if not net.overlaps(IPv4Network(other.cidr)):
            continue
        if session.scalar(select(Network.id).where(Network.id == other.id, *scope(session, actor, LISTING))):
            raise Conflict("network.overlap", field="cidr", cidr=str(net), other=other.name, other_cidr=other.cidr)
        raise Conflict("network.overlap_hidden", field="cidr", cidr=str(net))
