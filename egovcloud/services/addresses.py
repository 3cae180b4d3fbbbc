"""Which address a new port gets: the lowest that is free in its network, once.

The network's row is locked while an address is chosen, so that concurrent requests wait in line instead of taking
the same one; the unique key of ``ports`` (network, address) is what holds even without the lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, QuotaExceeded, Transient
from egovcloud.domain.ids import derived_id, mac_address
from egovcloud.store.models import Instance, Network, Port

ATTEMPTS = 5
BATCH = 2000  # values in one IN list


def total_addresses(cidr: str) -> int:
    """How many instances the network holds: all addresses but the network's own, broadcast and gateway."""
    return max(IPv4Network(cidr).num_addresses - 3, 0)


def usable(cidr: str, gateway: str) -> Iterator[int]:
    """Addresses that an instance may have, lowest first, as integers."""
    network, taken = IPv4Network(cidr), int(IPv4Address(gateway))
    first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1
    return (number for number in range(first, last + 1) if number != taken)


def allocate(session: Session, network: Network, count: int) -> list[str]:
    """The ``count`` lowest free addresses of ``network``, held until the transaction ends.

    Raises ``QuotaExceeded`` when fewer are left, ``Conflict`` when the network is being deleted.
    """
    used = _used(session, network)
    found: list[int] = []
    for number in usable(network.cidr, network.gateway):
        if len(found) == count:
            break
        if number not in used:
            found.append(number)
    if len(found) < count:
        raise QuotaExceeded("address.exhausted", network=network.name, total=total_addresses(network.cidr))
    used.update(found)
    return [str(IPv4Address(number)) for number in found]


def add_ports(
    session: Session, instances: Sequence[Instance], networks: Sequence[Network], now: datetime
) -> list[Port]:
    """One new port of each instance in each of ``networks``; by instance, then in the order of ``networks``.

    The instances must be in the session; their search texts are brought up to date.
    """
    session.flush()
    ports: list[Port] = []
    for network in sorted(networks, key=lambda network: network.id):
        ports += _insert(session, instances, network, networks.index(network))
    of: dict[str, list[Port]] = {instance.id: [] for instance in instances}
    for port in sorted(ports, key=lambda port: port.position):
        of[port.instance_id].append(port)
    for instance in instances:
        addresses = (port.address or "" for port in of[instance.id])
        instance.search = search_text(instance.name, instance.hostname, *addresses)
        instance.updated_at = now
    return [port for mine in of.values() for port in mine]


def search_text(*parts: str) -> str:
    """The lower-case text that a list searches in."""
    return " ".join(part for part in parts if part).lower()


def _insert(session: Session, instances: Sequence[Instance], network: Network, position: int) -> list[Port]:
    ids = [derived_id(instance.id, network.id) for instance in instances]
    for _ in range(ATTEMPTS):
        addresses, macs = allocate(session, network, len(ids)), _free_macs(session, ids)
        ports = [
            Port(
                id=id_,
                instance_id=instance.id,
                network_id=network.id,
                position=position,
                mac=mac,
                address=address,
            )
            for id_, instance, address, mac in zip(ids, instances, addresses, macs, strict=True)
        ]
        try:
            with session.begin_nested():
                session.add_all(ports)
        except IntegrityError:
            # Another transaction took a MAC, or an address without the lock: look again.
            session.info.pop(_key(network), None)
        else:
            return ports
    raise Transient("state.changed", noun="network")


def _free_macs(session: Session, port_ids: Sequence[str]) -> list[str]:
    """A MAC has 24 free bits, so that among thousands of ports two ids do meet; then the next one derived is taken."""
    candidates = {id_: [mac_address(id_), *(mac_address(f"{id_}/{turn}") for turn in range(1, 8))] for id_ in port_ids}
    every = [mac for macs in candidates.values() for mac in macs]
    taken: set[str] = set()
    for begin in range(0, len(every), BATCH):
        taken.update(session.scalars(select(Port.mac).where(Port.mac.in_(every[begin : begin + BATCH]))))
    chosen = []
    for macs in candidates.values():
        free = next((mac for mac in macs if mac not in taken), None)
        if free is None:
            raise Transient("state.changed", noun="port")
        taken.add(free)
        chosen.append(free)
    return chosen


def _key(network: Network) -> tuple[str, str]:
    return ("addresses", network.id)


def _used(session: Session, network: Network) -> set[int]:
    """Addresses in use, read once a transaction: the lock on the network keeps the answer true until it ends."""
    transaction = session.get_transaction()
    known = session.info.get(_key(network))
    if known is not None and known[0] is transaction:
        return cast(set[int], known[1])
    state = session.scalar(select(Network.state).where(Network.id == network.id).with_for_update(key_share=True))
    if state != "active":
        raise Conflict("network.not_active", network=network.name, state=state or "deleted")
    rows = session.scalars(select(Port.address).where(Port.network_id == network.id))
    used = {int(IPv4Address(address)) for address in rows if address}
    session.info[_key(network)] = (transaction, used)
    return used
