"""What adopting would count and where it would go, and everything that stands in its way (纳管预览)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid, Permanent, Problem
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import Amount, instance_amount, volume_amount
from egovcloud.drivers.adoption import Found, FoundNic
from egovcloud.drivers.base import Driver, OwnedKind
from egovcloud.engine.providers import Providers
from egovcloud.services import rules
from egovcloud.store.models import Host, HostPool, Instance, Network, Port, StoragePool, Volume

LOOK = 8.0  # seconds that one host may take to tell of one thing
MOST = 100  # things in one adoption


@dataclass
class Line:
    """One thing to be adopted: what was found, the row that it will have, and why it cannot."""

    kind: str
    host: Host
    external_id: str
    name: str
    found: Found | None = None
    id: str = ""
    pool: StoragePool | None = None
    zone_id: str | None = None
    networks: dict[str, Network] = field(default_factory=dict)  # by the MAC of the card
    volumes: list[Line] = field(default_factory=list)
    obstacles: list[Problem] = field(default_factory=list)

    @property
    def size_gib(self) -> int:
        """What the row says: whole GiB, never less than what is there."""
        if self.found is None:
            return 0
        disks = sum(disk.size_gib for disk in self.found.disks) if self.found.disks else self.found.size_gib
        return max(math.ceil(disks), 1 if self.kind == "volume" else 0)

    @property
    def amount(self) -> Amount:
        """What it costs, with the volumes that come along."""
        if self.found is None:
            return Amount()
        if self.kind == "volume":
            return volume_amount(self.size_gib)
        mine = instance_amount(self.found.vcpus, self.found.memory_mib, self.size_gib, len(self.found.nics))
        return sum((line.amount for line in self.volumes), mine)

    @property
    def all_obstacles(self) -> list[Problem]:
        return [*self.obstacles, *(problem for line in self.volumes for problem in line.obstacles)]


@dataclass(frozen=True)
class Asked:
    """One thing as a person named it."""

    kind: str
    host_id: str
    external_id: str
    name: str | None


def read_items(items: Sequence[Mapping[str, Any]]) -> list[Asked]:
    """``Invalid("adoption.none")`` for none, too many, or one twice."""
    asked = [Asked(i["kind"], i["host_id"], i["external_id"], i.get("name")) for i in items]
    keys = {(one.kind, one.host_id, one.external_id) for one in asked}
    if not asked or len(asked) > MOST or len(keys) != len(asked):
        raise Invalid("adoption.none", field="items")
    return asked


def inspect(providers: Providers, asked: Sequence[Asked], hosts: Mapping[str, Host]) -> list[Line]:
    """Ask the clouds for all of it at once; what a host does not tell stands in the way of that thing alone."""
    with ThreadPoolExecutor(max_workers=min(16, len(asked))) as pool:
        return list(pool.map(lambda one: _inspect(providers, one, hosts[one.host_id]), asked))


def _inspect(providers: Providers, one: Asked, host: Host) -> Line:
    line = Line(one.kind, host, one.external_id, one.name or one.external_id[:120])
    try:
        driver, name = providers.of_host(host.id)
        _look(line, driver, name, one.name)
        for external_id in line.found.volumes if line.found else ():
            volume = Line("volume", host, external_id, external_id)
            _look(volume, driver, name, None)
            line.volumes.append(volume)
    except Problem as problem:
        reason = {"code": problem.code, "params": problem.params}
        line.obstacles.append(Conflict("adoption.silent", host=host.name, reason=reason))
    return line


def _look(line: Line, driver: Driver, host: str, name: str | None) -> None:
    line.found = driver.inspect_unmanaged(host, OwnedKind(line.kind), line.external_id, within=LOOK)
    if line.found is None:
        line.obstacles.append(Permanent("adoption.absent", external_id=line.external_id, host=host))
        return
    line.name = rules.name(name) if name else clean(line.found.name) or line.external_id[:120]


def clean(name: str) -> str:
    """A foreign name as one of ours: one line that shows as what it is."""
    return "".join(char if rules.seen(char) else " " for char in name).strip()[: rules.NAME_LENGTH].strip()


def judge(session: Session, lines: Sequence[Line]) -> None:
    """Rows, pools, networks and addresses that each would have here, and what of them is taken."""
    macs: set[str] = set()
    for line in lines:
        _judge(session, line)
        for volume in line.volumes:
            _judge(session, volume, holder=line)
        for nic in line.found.nics if line.found else ():
            known = session.scalar(select(Port.id).where(Port.mac == nic.mac))
            if known is not None or nic.mac in macs:
                line.obstacles.append(Conflict("adoption.mac", name=line.name, mac=nic.mac))
            macs.add(nic.mac)
            _map_network(session, line, nic)


def _judge(session: Session, line: Line, holder: Line | None = None) -> None:
    found = line.found
    if found is None:
        return
    model: type[Instance] | type[Volume] = Volume if line.kind == "volume" else Instance
    alive = select(model.id).where(
        model.external_id == line.external_id, model.host_id == line.host.id, model.state != "deleted"
    )
    known = session.scalar(alive)
    line.id = found.id or new_id()
    row = session.get(Instance, line.id) if found.id else None
    if known is not None or found.our_id is not None or (row is not None and row.state != "deleted"):
        line.obstacles.append(Conflict("adoption.taken", name=line.name, id=known or found.our_id or line.id))
    elif row is not None and row.origin is None:  # somebody copied the id of a machine of ours that is gone
        line.obstacles.append(Conflict("adoption.taken", name=line.name, id=line.id))
    if found.owner == "other":
        line.obstacles.append(Conflict("adoption.foreign", name=line.name))
    if found.obstacle is not None:
        line.obstacles.append(found.obstacle)
    here = select(StoragePool).where(StoragePool.host_id == line.host.id, StoragePool.name == (found.pool or ""))
    line.pool = session.scalar(here)
    line.zone_id = session.scalar(select(HostPool.zone_id).where(HostPool.id == line.host.host_pool_id))
    if line.kind == "volume":
        if line.pool is None:
            line.obstacles.append(Conflict("adoption.poolless", name=line.name, host=line.host.name))
        if found.instance is not None and (holder is None or found.instance != holder.external_id):
            line.obstacles.append(Conflict("adoption.held", name=line.name, instance=found.instance))


def _map_network(session: Session, line: Line, nic: FoundNic) -> None:
    """A card in a network of ours takes its address in that network's book; any other network stays the cloud's own."""
    network = session.get(Network, nic.network_id) if nic.network_id and nic.address else None
    if network is None or network.state != "active":
        return
    taken = session.scalar(select(Port.id).where(Port.network_id == network.id, Port.address == nic.address))
    if taken is not None:
        problem = Conflict("adoption.address", name=line.name, address=nic.address, network=network.name)
        line.obstacles.append(problem)
    line.networks[nic.mac] = network
