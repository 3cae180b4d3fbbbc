"""Rows of one provider as facts, in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.drift import rule_text
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.engine.claims import OPEN
from egovcloud.engine.drifts import volume_snapshots
from egovcloud.planner.drift import Estate, HostWanted, PoolWanted
from egovcloud.planner.reconcile import EVERYWHERE, Wanted
from egovcloud.store.models import (
    FloatingAddress,
    Host,
    HostPool,
    Image,
    Instance,
    InstanceSecurityGroup,
    Network,
    Operation,
    Port,
    SecurityGroup,
    SecurityRule,
    Snapshot,
    StoragePool,
    Volume,
)

NEVER = ("deleted", "deleting")


def read(session: Session, provider_id: str, rows: Sequence[Wanted]) -> Estate:
    """Everything that is desired of a provider. ``rows`` are its instances and volumes."""
    busy = at_work(session)
    hosts = list(session.scalars(select(Host).where(Host.provider_id == provider_id)))
    reader = _Reader(session, busy, {host.id: host.name for host in hosts})
    calm = [replace(row, settled=row.settled and row.id not in busy) for row in rows]
    instances, needed = reader.instances([row for row in calm if row.kind == "instance"])
    volumes = reader.volumes([row for row in calm if row.kind == "volume"])
    return Estate(
        rows=[*instances, *volumes, *reader.snapshots(instances), *volume_snapshots.calm(session, provider_id, busy)],
        shared={(row.kind, row.id): row for row in reader.shared()},
        needed={key: frozenset(places) for key, places in needed.items()},
        shared_pools=reader.shared_pools(),
        hosts=_hosts(session, hosts),
        floating=list(reader.floating(provider_id)),
    )


def at_work(session: Session) -> set[str]:
    """Ids of everything that an operation has in hand: nobody can say what it should look like just now."""
    return set(session.scalars(select(Operation.subject_id).where(Operation.state.in_(OPEN))))


class _Reader:
    def __init__(self, session: Session, busy: set[str], hosts: dict[str, str]) -> None:
        self._session = session
        self._busy = busy
        self._hosts = hosts
        here = StoragePool.host_id.in_(hosts)
        self._pools = {pool.id: pool for pool in session.scalars(select(StoragePool).where(here))}

    def _of_instances(self) -> Any:
        return Instance.host_id.in_(self._hosts)

    def instances(self, rows: Sequence[Wanted]) -> tuple[list[Wanted], dict[tuple[str, str], set[str]]]:
        """The rows with their facts, and what those at rest need where."""
        shapes = {
            row.id: row
            for row in self._session.execute(
                select(
                    Instance.id,
                    Instance.name,
                    Instance.vcpus,
                    Instance.memory_mib,
                    Instance.disk_gib,
                    Instance.image_id,
                    Instance.storage_pool_id,
                    Instance.adopted_at,
                ).where(self._of_instances(), Instance.state != "deleted")
            )
        }
        nics: dict[str, dict[str, dict[str, str | None]]] = defaultdict(dict)
        ports = select(Port).join(Instance, Instance.id == Port.instance_id).where(self._of_instances())
        for port in self._session.scalars(ports):
            # In a network that is not ours, the address is none of our business either.
            address = port.address if port.network_id else None
            nics[port.instance_id][port.mac] = {"network": port.network_id, "address": address}
        groups: dict[str, list[str]] = defaultdict(list)
        guards = select(InstanceSecurityGroup).join(Instance, Instance.id == InstanceSecurityGroup.instance_id)
        for guard in self._session.scalars(guards.where(self._of_instances())):
            groups[guard.instance_id].append(guard.security_group_id)
        found, needed = [], defaultdict[tuple[str, str], set[str]](set)
        for row in rows:
            shape = shapes.get(row.id)
            if shape is None:
                continue
            facts = {
                "name": shape.name,
                "vcpus": shape.vcpus,
                "memory_mib": shape.memory_mib,
                "disk_gib": shape.disk_gib,
                "image": shape.image_id,
                "nics": nics[row.id],
                "groups": sorted(groups[row.id]),
            }
            if shape.adopted_at is not None:
                # Disks, image and guards are others' affair; how many bytes a disk has to the guest, we rounded.
                facts |= {"adopted": True, "disk_gib": None, "image": None, "groups": None}
            found.append(replace(row, facts=facts))
            if row.settled and row.state in ("active", "stopped"):
                for nic in nics[row.id].values():
                    if nic["network"]:
                        needed["network", nic["network"]].add(row.host)
                for group in groups[row.id]:
                    needed["security_group", group].add(row.host)
                pool = self._pools.get(shape.storage_pool_id)
                if pool is not None and shape.image_id:
                    needed["image", shape.image_id].add(f"{row.host}/{pool.name}")
        return found, needed

    def volumes(self, rows: Sequence[Wanted]) -> list[Wanted]:
        """With the instance that holds each: unless that one is at work, which may have it in hand."""
        facts = {
            id_: {"size_gib": size, "instance": holder or ""}
            for id_, size, holder in self._session.execute(
                select(Volume.id, Volume.size_gib, Volume.instance_id).where(Volume.host_id.in_(self._hosts))
            )
        }
        known = [row for row in rows if row.id in facts]
        return [
            replace(row, settled=row.settled and facts[row.id]["instance"] not in self._busy, facts=facts[row.id])
            for row in known
        ]

    def snapshots(self, instances: Iterable[Wanted]) -> list[Wanted]:
        """Of instances that are at rest; a snapshot is where its instance is."""
        calm = {row.id: row for row in instances if row.settled and row.state in ("active", "stopped")}
        busy = LIFECYCLES["snapshot"].transitional
        statement = (
            select(Snapshot)
            .join(Instance, Instance.id == Snapshot.instance_id)
            .where(self._of_instances(), Snapshot.state != "deleted")
        )
        return [
            Wanted(
                "snapshot",
                row.id,
                row.state,
                row.generation,
                calm[row.instance_id].host if row.instance_id in calm else "",
                None,
                row.instance_id in calm and row.state not in busy and row.id not in self._busy,
                facts={"instance": row.instance_id},
            )
            for row in self._session.scalars(statement)
        ]

    def floating(self, provider_id: str) -> Iterable[Wanted]:
        """With the instance that has each: unless that one is at work, which may take it along."""
        busy = LIFECYCLES["floating_address"].transitional
        statement = select(FloatingAddress).where(
            FloatingAddress.provider_id == provider_id, FloatingAddress.state.not_in(NEVER)
        )
        for row in self._session.scalars(statement):
            calm = row.state not in busy and row.id not in self._busy and row.instance_id not in self._busy
            yield Wanted(
                "floating_address",
                row.id,
                row.state,
                row.generation,
                EVERYWHERE,
                row.external_id,
                calm,
                True,
                {"instance": row.instance_id or ""},
            )

    def shared(self) -> Iterable[Wanted]:
        """Networks, security groups and images as they should be wherever they are."""
        for network in self._session.scalars(select(Network).where(Network.state == "active")):
            facts = {
                "mode": network.mode,
                "cidr": network.cidr,
                "gateway": network.gateway,
                "bridge": network.bridge or "",
            }
            yield self._definition("network", network.id, network.state, network.generation, facts)
        rules: dict[str, list[str]] = defaultdict(list)
        for rule in self._session.scalars(select(SecurityRule)):
            text = rule_text(rule.direction, rule.protocol, rule.port_min, rule.port_max, rule.cidr)
            rules[rule.security_group_id].append(text)
        for group in self._session.scalars(select(SecurityGroup).where(SecurityGroup.state == "active")):
            facts_of_group = {"rules": sorted(set(rules[group.id]))}
            yield self._definition("security_group", group.id, group.state, group.generation, facts_of_group)
        for image in self._session.scalars(select(Image).where(Image.state.not_in(NEVER))):
            yield self._definition("image", image.id, image.state, image.generation, {"sha256": image.sha256})

    def _definition(self, kind: str, id_: str, state: str, generation: int, facts: dict[str, Any]) -> Wanted:
        return Wanted(kind, id_, state, generation, "", None, id_ not in self._busy, facts=facts)

    def shared_pools(self) -> frozenset[str]:
        return frozenset(f"{self._hosts[pool.host_id]}/{pool.name}" for pool in self._pools.values() if pool.shared)


def _hosts(session: Session, hosts: Sequence[Host]) -> list[HostWanted]:
    shares = {row.id: row for row in session.scalars(select(HostPool))}
    pools: dict[str, list[PoolWanted]] = defaultdict(list)
    ratio_of = {host.id: shares[host.host_pool_id].disk_ratio for host in hosts}
    for pool in session.scalars(select(StoragePool).where(StoragePool.host_id.in_(ratio_of))):
        wanted = PoolWanted(pool.id, pool.name, pool.allocated_gib, ratio_of[pool.host_id])
        pools[pool.host_id].append(wanted)
    return [
        HostWanted(
            host.id,
            host.name,
            host.generation,
            host.vcpus,
            host.memory_mib,
            (host.vcpus_allocated, host.memory_allocated_mib),
            (
                int(host.vcpus * shares[host.host_pool_id].vcpu_ratio),
                int((host.memory_mib - host.reserved_memory_mib) * shares[host.host_pool_id].memory_ratio),
            ),
            tuple(pools[host.id]),
        )
        for host in hosts
    ]
