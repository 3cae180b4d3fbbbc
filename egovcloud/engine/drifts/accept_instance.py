"""What is accepted of an instance: power, shape, place, name, address, guards."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.quota import Amount
from egovcloud.engine import capacity, shelf
from egovcloud.engine.drifts.amounts import move
from egovcloud.engine.drifts.subject import held, place_of
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import (
    Drift,
    Image,
    Instance,
    InstanceSecurityGroup,
    Network,
    Port,
    SecurityGroup,
    StoragePool,
)

EVENTS = {"running": "seen_running", "stopped": "seen_stopped", "crashed": "seen_stopped"}
NAME_LIMIT = 120


def _row(session: Session, drift: Drift) -> Instance:
    return held(session, Instance, drift.subject_id, "active", "stopped")


def power(session: Session, drift: Drift, now: datetime) -> None:
    row = _row(session, drift)
    seen = str(drift.observed["power"])
    data = {"out_of_band": True, "was": row.state, "seen": seen, "drift": drift.id}
    transition(session, row, EVENTS[seen], now=now, data=data, observed_at=now, observed_power=seen)


def shelved(session: Session, drift: Drift, now: datetime) -> None:
    """Somebody else shelved it: its room comes back."""
    row = _row(session, drift)
    changes: dict[str, Any] = dict(shelf.as_seen(session, row, "seen_shelved", now))
    changes |= {"observed_power": "shelved", "desired_power": "stopped"}
    data = {"out_of_band": True, "was": row.state, "seen": "shelved", "drift": drift.id}
    transition(session, row, "seen_shelved", now=now, data=data, observed_at=now, **changes)


def unshelved(session: Session, drift: Drift, now: datetime) -> None:
    """Somebody else brought it back: it is counted where it is, if there is room for it in our books."""
    row = held(session, Instance, drift.subject_id, "shelved")
    host = place_of(session, drift, str(drift.observed["host"]))
    if row.storage_pool_id is None:
        raise Conflict("drift.moved_on", name=row.name, state=row.state)
    old = session.get_one(StoragePool, row.storage_pool_id)
    pool = other_pool(session, old.id, host.id)
    if old.shared:
        capacity.claim_pool(session, old.id, -row.disk_gib, 1.0)
    capacity.claim_pool(session, pool.id, row.disk_gib, capacity.disk_ratio(session, host.id))
    capacity.claim_room(session, host.id, row.vcpus, row.memory_mib, now=now)
    seen = str(drift.observed["power"])
    data = {"out_of_band": True, "was": row.state, "seen": seen, "drift": drift.id}
    event = EVENTS.get(seen, "seen_running")
    place: dict[str, Any] = {"host_id": host.id, "storage_pool_id": pool.id, "shelved_at": None}
    transition(session, row, event, now=now, data=data, observed_at=now, observed_power=seen, **place)


def shape(session: Session, drift: Drift, now: datetime) -> None:
    """The other size costs what it costs, in the quota and on the host; there may be no flavor of that size."""
    row = _row(session, drift)
    vcpus, memory = int(drift.observed.get("vcpus", row.vcpus)), int(drift.observed.get("memory_mib", row.memory_mib))
    if vcpus < 1 or memory < 1:
        raise Conflict("drift.bad_size", size=min(vcpus, memory))
    if row.host_id:
        capacity.claim_room(session, row.host_id, vcpus - row.vcpus, memory - row.memory_mib, now=now)
    move(session, drift, row.department_id, Amount(vcpus=vcpus - row.vcpus, memory_mib=memory - row.memory_mib), now)
    touch(session, row, now=now, vcpus=vcpus, memory_mib=memory)


def disk(session: Session, drift: Drift, now: datetime) -> None:
    row = _row(session, drift)
    size = int(drift.observed["disk_gib"])
    if size < 1:
        raise Conflict("drift.bad_size", size=size)
    if row.storage_pool_id and row.host_id:
        ratio = capacity.disk_ratio(session, row.host_id)
        capacity.claim_pool(session, row.storage_pool_id, size - row.disk_gib, ratio)
    move(session, drift, row.department_id, Amount(volume_gib=size - row.disk_gib), now)
    touch(session, row, now=now, disk_gib=size)


def image(session: Session, drift: Drift, now: datetime) -> None:
    row = _row(session, drift)
    found = session.get(Image, str(drift.observed["image"]))
    if found is None or found.state == "deleted":
        raise Conflict("drift.not_ours")
    touch(session, row, now=now, image_id=found.id)


def renamed(session: Session, drift: Drift, now: datetime) -> None:
    row = _row(session, drift)
    name = str(drift.observed["name"]).strip()
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise Conflict("drift.bad_name", limit=NAME_LIMIT)
    touch(session, row, now=now, name=name, search=_search(session, row, name))


def moved(session: Session, drift: Drift, now: datetime) -> None:
    """Its share of the old host is given back and taken of the new one; its disk is in the pool of the same name."""
    row = _row(session, drift)
    if row.host_id is None or row.storage_pool_id is None:
        raise Conflict("drift.moved_on", name=row.name, state=row.state)
    target = place_of(session, drift, str(drift.observed["host"]))
    pool = other_pool(session, row.storage_pool_id, target.id)
    capacity.return_host(session, row.host_id, row.vcpus, row.memory_mib)
    capacity.claim_pool(session, row.storage_pool_id, -row.disk_gib, 1.0)
    capacity.claim_pool(session, pool.id, row.disk_gib, capacity.disk_ratio(session, target.id))
    capacity.claim_room(session, target.id, row.vcpus, row.memory_mib, now=now)
    touch(session, row, now=now, host_id=target.id, storage_pool_id=pool.id)


def other_pool(session: Session, pool_id: str, host_id: str) -> StoragePool:
    """The pool of the same name on another host."""
    name = session.get_one(StoragePool, pool_id).name
    found = session.scalars(select(StoragePool).where(StoragePool.host_id == host_id, StoragePool.name == name)).first()
    if found is None:
        raise Conflict("drift.other_place")
    return found


def address(session: Session, drift: Drift, now: datetime) -> None:
    row = _row(session, drift)
    for mac, seen in dict(drift.observed["addresses"]).items():
        port = session.scalars(select(Port).where(Port.instance_id == row.id, Port.mac == mac)).one_or_none()
        if port is None:
            raise Conflict("drift.not_ours")
        _check_address(session, port, str(seen))
        port.address = str(seen)
    session.flush()
    touch(session, row, now=now, search=_search(session, row, row.name))


def _check_address(session: Session, port: Port, seen: str) -> None:
    network = session.get_one(Network, port.network_id or "")
    taken = select(Port.id).where(Port.network_id == network.id, Port.address == seen, Port.id != port.id)
    try:
        inside = IPv4Address(seen) in IPv4Network(network.cidr) and seen != network.gateway
    except ValueError:
        inside = False
    if not inside or session.scalars(taken).first() is not None:
        raise Conflict("drift.bad_address", address=seen, cidr=network.cidr)


def groups(session: Session, drift: Drift, now: datetime) -> None:
    """Only groups of its own project may guard it."""
    row = _row(session, drift)
    wanted = [str(id_) for id_ in drift.observed["security_groups"]]
    usable = select(SecurityGroup.id).where(
        SecurityGroup.id.in_(wanted),
        SecurityGroup.project_id == row.project_id,
        SecurityGroup.state.not_in(("deleting", "deleted")),
    )
    if set(session.scalars(usable)) != set(wanted):
        raise Conflict("drift.not_ours")
    session.execute(delete(InstanceSecurityGroup).where(InstanceSecurityGroup.instance_id == row.id))
    session.add_all(InstanceSecurityGroup(instance_id=row.id, security_group_id=id_) for id_ in wanted)
    touch(session, row, now=now)


def _search(session: Session, row: Instance, name: str) -> str:
    """The text that lists search in."""
    addresses = session.scalars(select(Port.address).where(Port.instance_id == row.id).order_by(Port.position))
    return " ".join([name, row.hostname, *(address for address in addresses if address)]).lower()
