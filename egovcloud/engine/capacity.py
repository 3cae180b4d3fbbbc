"""What hosts and pools have promised: claimed and given back under the host's generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, case, func, select, update
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Permanent, QuotaExceeded
from egovcloud.engine.claims import OPEN
from egovcloud.scheduler import Ask, HostView, StorageView, Verdict, place
from egovcloud.store.models import Host, HostPool, Instance, Operation, Provider, Step, StoragePool, Volume


def host_views(session: Session, groups: Iterable[str] = ()) -> list[HostView]:
    """Every host of an enabled provider, as placement sees it. ``groups`` are the anti-affinity groups to look up."""
    pools: dict[str, list[tuple[StoragePool, float]]] = {}
    rows = session.execute(
        select(Host, HostPool, Provider)
        .join(HostPool, HostPool.id == Host.host_pool_id)
        .join(Provider, Provider.id == Host.provider_id)
        .where(Provider.enabled.is_(True))
        .order_by(Host.name)
        .execution_options(populate_existing=True)
    ).all()
    ratios = {host.id: host_pool.disk_ratio for host, host_pool, _ in rows}
    for pool in session.scalars(select(StoragePool).execution_options(populate_existing=True)):
        pools.setdefault(pool.host_id, []).append((pool, ratios.get(pool.host_id, 1.0)))
    members: dict[str, set[str]] = {}
    wanted = [group for group in groups if group]
    if wanted:
        found = select(Instance.host_id, Instance.anti_affinity).where(
            Instance.anti_affinity.in_(wanted),
            Instance.host_id.is_not(None),
            Instance.state != "deleted",
            Instance.shelved_at.is_(None),
        )
        for host_id, group in session.execute(found):
            members.setdefault(str(host_id), set()).add(str(group))
        for host_id, group in _coming(session, wanted):
            members.setdefault(host_id, set()).add(group)
    return [
        HostView(
            id=host.id,
            name=host.name,
            zone_id=host_pool.zone_id,
            state=host.state,
            health=host.health,
            vcpus=host.vcpus,
            memory_mib=host.memory_mib,
            vcpus_allocated=host.vcpus_allocated,
            memory_allocated_mib=host.memory_allocated_mib,
            generation=host.generation,
            vcpu_ratio=host_pool.vcpu_ratio,
            memory_ratio=host_pool.memory_ratio,
            reserved_memory_mib=host.reserved_memory_mib,
            storage=tuple(
                StorageView(pool.id, pool.name, pool.capacity_gib, pool.allocated_gib, ratio)
                for pool, ratio in pools.get(host.id, ())
            ),
            capabilities=frozenset(provider.capabilities),
            groups=frozenset(members.get(host.id, ())),
        )
        for host, host_pool, provider in rows
    ]


def _coming(session: Session, groups: list[str]) -> Iterator[tuple[str, str]]:
    """Hosts to which members of these groups are on their way, as a cloud that keeps them apart sees it."""
    under_way = (
        select(Step.result, Instance.anti_affinity)
        .join(Operation, Operation.id == Step.operation_id)
        .join(Instance, Instance.id == Operation.subject_id)
        .where(
            Operation.kind.in_(("instance.migrate", "instance.unshelve")),
            Operation.state.in_(OPEN),
            Step.name == "place",
            Step.state == "done",
            Instance.anti_affinity.in_(groups),
        )
    )
    for result, group in session.execute(under_way):
        if result:
            yield str(result["target"]), str(group)


def choose(session: Session, ask: Ask) -> tuple[Verdict, list[Verdict]]:
    """The best host for ``ask`` and everyone's verdict; ``QuotaExceeded`` says what binds when none fits."""
    verdicts = place(ask, host_views(session, [ask.anti_affinity] if ask.anti_affinity else []))
    if not verdicts or not verdicts[0].accepted:
        raise QuotaExceeded(
            "placement.none",
            vcpus=ask.vcpus,
            memory_mib=ask.memory_mib,
            disk_gib=ask.disk_gib,
            reasons=binding(verdicts),
        )
    return verdicts[0], verdicts


def binding(verdicts: list[Verdict]) -> str:
    """How many hosts each filter refused: ``memory 3, state 1``; no host is named to a tenant."""
    counts: dict[str, int] = {}
    for verdict in verdicts:
        for reason in verdict.reasons:
            if not reason.ok:
                counts[reason.name] = counts.get(reason.name, 0) + 1
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda c: -c[1])) or "no hosts"


def claim_host(
    session: Session, host_id: str, generation: int, vcpus: int, memory_mib: int, *, host_name: str, now: datetime
) -> None:
    """Take capacity of the host as it was when it was judged; ``Conflict`` when it has changed since."""
    statement = (
        update(Host)
        .where(Host.id == host_id, Host.generation == generation)
        .values(
            vcpus_allocated=Host.vcpus_allocated + vcpus,
            memory_allocated_mib=Host.memory_allocated_mib + memory_mib,
            generation=generation + 1,
            updated_at=now,
        )
    )
    if _count(session, statement) != 1:
        raise Conflict("placement.conflict", host=host_name)


def claim_room(session: Session, host_id: str, vcpus: int, memory_mib: int, *, now: datetime) -> None:
    """Take so much more of a host by name; ``Permanent("instance.no_room")`` when it has not got it."""
    view = next((v for v in host_views(session) if v.id == host_id), None)
    if view is None:
        raise Permanent("instance.not_placed", id=host_id)
    free_vcpus = view.vcpu_capacity - view.vcpus_allocated
    free_mib = view.memory_capacity_mib - view.memory_allocated_mib
    if (vcpus > 0 and vcpus > free_vcpus) or (memory_mib > 0 and memory_mib > free_mib):
        raise Permanent(
            "instance.no_room", vcpus=vcpus, memory_mib=memory_mib, free_vcpus=free_vcpus, free_mib=free_mib
        )
    claim_host(session, view.id, view.generation, vcpus, memory_mib, host_name=view.name, now=now)


def return_host(session: Session, host_id: str, vcpus: int, memory_mib: int) -> None:
    """Give capacity back."""
    _count(
        session,
        update(Host)
        .where(Host.id == host_id)
        .values(
            vcpus_allocated=Host.vcpus_allocated - vcpus,
            memory_allocated_mib=Host.memory_allocated_mib - memory_mib,
            generation=Host.generation + 1,
        ),
    )


def claim_pool(session: Session, pool_id: str, size_gib: int, ratio: float) -> None:
    """Promise space of a pool; ``QuotaExceeded`` when it has promised all it may. Negative sizes give back."""
    statement = update(StoragePool).where(StoragePool.id == pool_id)
    if size_gib > 0:
        statement = statement.where(StoragePool.allocated_gib + size_gib <= StoragePool.capacity_gib * ratio)
    if _count(session, statement.values(allocated_gib=StoragePool.allocated_gib + size_gib)) != 1:
        pool = session.get_one(StoragePool, pool_id, populate_existing=True)
        free = int(pool.capacity_gib * ratio - pool.allocated_gib)
        raise QuotaExceeded("pool.full", pool=pool.name, asked=size_gib, free=free)


def note_pool(session: Session, pool_id: str, size_gib: int) -> None:
    """Count what is there already, whether or not the pool may promise it."""
    pool = update(StoragePool).where(StoragePool.id == pool_id)
    _count(session, pool.values(allocated_gib=StoragePool.allocated_gib + size_gib))


def beside(session: Session, volume: Volume, instance: Instance) -> dict[str, Any] | None:
    """Changes of the volume's row that put it where the instance is; ``None`` when its storage is not seen there.

    A volume of shared storage is reached through any host of its cloud; the promise of its space moves along.
    """
    if volume.host_id == instance.host_id:
        return {}
    there = seen_from(session, volume.storage_pool_id, instance.host_id)
    if there is None or volume.storage_pool_id is None or instance.host_id is None:
        return None
    claim_pool(session, there, volume.size_gib, disk_ratio(session, instance.host_id))
    claim_pool(session, volume.storage_pool_id, -volume.size_gib, 1.0)
    return {"host_id": instance.host_id, "storage_pool_id": there}


def seen_from(session: Session, pool_id: str | None, host_id: str | None) -> str | None:
    """The pool's row on a host of its cloud: its own, or that of the same shared storage; ``None`` where unseen."""
    if pool_id is None or host_id is None:
        return None
    here = session.get_one(StoragePool, pool_id)
    if here.host_id == host_id:
        return here.id
    provider = select(Host.provider_id).where(Host.id == here.host_id).scalar_subquery()
    found = (
        select(StoragePool.id)
        .join(Host, Host.id == StoragePool.host_id)
        .where(Host.id == host_id, Host.provider_id == provider)
        .where(StoragePool.name == here.name, StoragePool.shared.is_(True))
    )
    return session.scalars(found).one_or_none() if here.shared else None


@dataclass(frozen=True)
class Space:
    """GiB of all pools together: what they hold, what was promised of it, and what is written."""

    total: float
    allocated: int
    used: float


def space(session: Session) -> Space:
    """Of every pool; one that several hosts share is counted once, though each host's row counts its own promises."""
    pool = case((StoragePool.shared, Host.provider_id + "/" + StoragePool.name), else_=StoragePool.id)
    each = (
        select(
            func.max(StoragePool.capacity_gib).label("total"),
            func.sum(StoragePool.allocated_gib).label("allocated"),
            func.max(StoragePool.used_gib).label("used"),
        )
        .join(Host, Host.id == StoragePool.host_id)
        .group_by(pool)
        .subquery()
    )
    total, allocated, used = session.execute(
        select(func.sum(each.c.total), func.sum(each.c.allocated), func.sum(each.c.used))
    ).one()
    return Space(float(total or 0), int(allocated or 0), float(used or 0))


def disk_ratio(session: Session, host_id: str) -> float:
    """How much more than its size a pool of this host may promise."""
    statement = select(HostPool.disk_ratio).join(Host, Host.host_pool_id == HostPool.id).where(Host.id == host_id)
    return session.scalars(statement).one()


def _count(session: Session, statement: Any) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount
