"""Looks at every host of a provider at once, and writes what was seen."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem
from egovcloud.domain.ids import new_id
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.drivers.base import Driver, HostFacts, PoolFacts
from egovcloud.drivers.objects import OBJECT_CAPABILITIES
from egovcloud.engine import shelf, tenants
from egovcloud.engine.capacity import space
from egovcloud.engine.drifts import confirm, desired, volume_snapshots
from egovcloud.engine.drifts import journal as drifts
from egovcloud.engine.drifts.seen import seen_of, storable
from egovcloud.engine.kinds import Result, Run
from egovcloud.planner.drift import Comparison, HostSeen, compare
from egovcloud.planner.reconcile import EVERYWHERE, Finding, Seen, Wanted, differences, orphans
from egovcloud.store.base import Model
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import (
    CapacitySample,
    FloatingAddress,
    Host,
    HostPool,
    Image,
    Instance,
    Network,
    Operation,
    Project,
    Provider,
    SecurityGroup,
    Sighting,
    Snapshot,
    StoragePool,
    Volume,
)

log = structlog.get_logger()

LOOK = 10.0  # seconds that one host may take; it delays nobody but itself
MISSES = 45.0  # seconds of silence after which a host counts as down
SWEEP_AGE = 20.0  # seconds between the two sightings of an orphan
NOUNS: dict[str, type[Model]] = {
    "instance": Instance,
    "volume": Volume,
    "snapshot": Snapshot,
    "network": Network,
    "floating_address": FloatingAddress,
    "security_group": SecurityGroup,
    "image": Image,
}


@dataclass
class HostLook:
    """What one host answered; ``error`` when it did not."""

    facts: HostFacts
    pools: Sequence[PoolFacts] = ()
    seen: list[Seen] = field(default_factory=list)
    unmanaged: tuple[str, ...] = ()
    strays: Mapping[str, tuple[str, dict[str, int]]] = field(default_factory=dict)
    error: str = ""


def look(run: Run) -> Result:
    """One thread a host; what was seen is compared here, so that the journal keeps only what differs."""
    with run.database.read() as session:
        provider = session.get_one(Provider, run.subject_id)
        before = wanted(session, provider.id)
        estate = desired.read(session, provider.id, before)
        quiet = {host.name: _silence(host, run.now) for host in _hosts(session, provider.id)}
    driver = run.providers.driver(provider)
    begun = time.perf_counter()
    facts = driver.hosts(within=LOOK)
    latency = time.perf_counter() - begun
    _need_pool(run, provider, facts)
    with ThreadPoolExecutor(max_workers=max(1, min(32, len(facts)))) as pool:
        # The right to call the cloud lies in the context, which a thread does not inherit; no two share one.
        looks = list(
            pool.map(lambda mine, one: mine.run(_look_at, driver, one), [copy_context() for _ in facts], facts)
        )
    with run.database.read() as session:
        after = {(row.kind, row.id): row for row in wanted(session, provider.id, every=True)}
    seen = [one for host in looks for one in host.seen]
    after.update(_doubled_snapshots(run, driver, seen))
    tenants.align(run, driver, {one.id for one in seen if one.kind == "tenant"}, LOOK)
    comparison = compare(estate, seen, [_host_seen(host, quiet) for host in looks])
    return {
        "looked_at": run.now.isoformat(),
        "capabilities": sorted(driver.capabilities),
        "latency_ms": round(latency * 1000),
        "allowances": _allowances(driver),
        # Of a cloud of which a part is silent, what was counted before still stands.
        "strays": None if any(h.error for h in looks) else {k: v for h in looks for k, v in h.strays.items()},
        "hosts": [{**asdict(h.facts), "error": h.error, "pools": [asdict(p) for p in h.pools]} for h in looks],
        "findings": [asdict(finding) for finding in _recovered(driver, run, before, seen, comparison)],
        "drifts": drifts.as_data(confirm.each(driver, run.database, comparison.findings)),
        "vanished": _vanished(run, comparison),
        "orphans": [
            {"kind": o.kind, "id": o.id, "external_id": o.external_id, "host": o.host, "power": o.power}
            for o in orphans(seen, after)
        ],
    }


def _need_pool(run: Run, provider: Provider, facts: Sequence[HostFacts]) -> None:
    """Hosts that are seen for the first time join the pool of the configuration; ``Permanent`` when it names none."""
    pool = provider.config.get("host_pool_id")
    with run.database.read() as session:
        known = {host.name for host in _hosts(session, provider.id)}
        fresh = [one.name for one in facts if one.name not in known]
        if fresh and (not isinstance(pool, str) or session.get(HostPool, pool) is None):
            raise Permanent("provider.no_pool", name=provider.name, hosts=len(fresh))


def _allowances(driver: Driver) -> list[dict[str, Any]] | None:
    """``None`` when the cloud would not tell: what it said last still stands then."""
    try:
        return [asdict(one) for one in driver.allowances(within=LOOK)]
    except Problem as problem:
        log.warning("quota not told", error=problem.text("en"))
        return None


def _recovered(
    driver: Driver, run: Run, before: Sequence[Wanted], seen: Sequence[Seen], comparison: Comparison
) -> list[Finding]:
    """Rows that did not know how their thing fares, in error or out of sight, and know it again: that is no drift."""
    lost = [row for row in before if row.state in ("error", "unknown")]
    found = differences(lost, seen, comparison.answered)
    return [one for one in found if one.event != "gone" or confirm.absent(driver, run.database, one.kind, one.id)]


def _vanished(run: Run, comparison: Comparison) -> list[str]:
    with run.database.read() as session:
        return drifts.vanished(session, run.subject_id, comparison)


def _hosts(session: Session, provider_id: str) -> Sequence[Host]:
    return session.scalars(select(Host).where(Host.provider_id == provider_id)).all()


def _silence(host: Host, now: datetime) -> float:
    """Seconds since it last answered, once that is too long."""
    seconds = (now - (host.seen_at or host.created_at)).total_seconds()
    return seconds if seconds >= MISSES else 0.0


def _host_seen(look: HostLook, quiet: dict[str, float]) -> HostSeen:
    return HostSeen(
        look.facts.name,
        not look.error,
        look.facts.vcpus,
        look.facts.memory_mib,
        {pool.name: pool.capacity_gib for pool in look.pools},
        look.unmanaged,
        quiet.get(look.facts.name, 0.0),
    )


def _look_at(driver: Driver, facts: HostFacts) -> HostLook:
    if not facts.reachable:
        return HostLook(facts, error=facts.detail or "unreachable")
    try:
        survey = driver.survey(facts.name, within=LOOK)
        foreign = driver.list_unmanaged(facts.name, within=LOOK)
        pools = driver.pools(facts.name, within=LOOK)
    except Problem as problem:
        return HostLook(facts, error=problem.text("en"))
    unmanaged = tuple(sorted(storable(f"{one.kind.value} {one.name or one.external_id}") for one in foreign))
    return HostLook(facts, pools, seen_of(survey), unmanaged, tenants.strays_of(foreign))


def wanted(session: Session, provider_id: str, *, every: bool = False, only: str | None = None) -> list[Wanted]:
    """Rows of this provider; ``every`` adds the nouns that have no host of their own; ``only`` this id."""
    rows: list[Wanted] = []
    for kind, model in (("instance", Instance), ("volume", Volume)):
        statement = (
            select(model.id, model.state, model.generation, Host.name, model.external_id)
            .outerjoin(Host, Host.id == model.host_id)
            .where(model.state != "deleted")
        )
        if not every:
            statement = statement.where(Host.provider_id == provider_id)
        if only is not None:
            statement = statement.where(model.id == only)
        busy = LIFECYCLES[kind].transitional
        shared = _in_shared_pools(session) if kind == "volume" else frozenset[str]()
        found = session.execute(statement).all()
        rows += [Wanted(kind, i, s, g, h or "", e, s not in busy, i in shared) for i, s, g, h, e in found]
    if every:
        rows += volume_snapshots.rows(session, only=only)
        for kind in ("snapshot", "network", "security_group", "image"):
            other = NOUNS[kind]
            plain = select(other.id, other.state, other.generation).where(other.state != "deleted")  # type: ignore[attr-defined]
            if only is not None:
                plain = plain.where(other.id == only)  # type: ignore[attr-defined]
            rows += [Wanted(kind, i, s, g, "", None, False) for i, s, g in session.execute(plain)]
        projects = select(Project.id).where(Project.deleted_at.is_(None))
        if only is not None:
            projects = projects.where(Project.id == only)
        rows += [Wanted("tenant", id_, "", 0, "", None, False) for id_ in session.scalars(projects)]
        rows += _floating(session, only)
    return rows


def _floating(session: Session, only: str | None) -> list[Wanted]:
    """They belong to a cloud as a whole; which of two with one mark is the row's, its external id says."""
    one = FloatingAddress
    statement = select(one.id, one.state, one.generation, one.external_id).where(one.state != "deleted")
    if only is not None:
        statement = statement.where(one.id == only)
    busy = LIFECYCLES["floating_address"].transitional
    found = session.execute(statement).all()
    return [Wanted("floating_address", i, s, g, EVERYWHERE, e, s not in busy, True) for i, s, g, e in found]


def _doubled_snapshots(run: Run, driver: Driver, seen: Sequence[Seen]) -> dict[tuple[str, str], Wanted]:
    """Snapshots that a cloud let in twice, each with the one that later calls will mean: their rows know no more."""
    counts = Counter(one.id for one in seen if one.kind == "snapshot")
    rows: dict[tuple[str, str], Wanted] = {}
    for id_ in [id_ for id_, count in counts.items() if count > 1]:
        with run.database.read() as session:
            row = session.get(Snapshot, id_)
            host = session.get(Host, session.get_one(Instance, row.instance_id).host_id or "") if row else None
        if row is None or host is None:
            continue
        try:
            facts = driver.observe_snapshot(host.name, row.instance_id, id_, within=LOOK)
        except Problem:
            continue
        if facts is not None:
            mine = facts.ref.external_id
            rows["snapshot", id_] = Wanted(
                "snapshot", id_, row.state, row.generation, host.name, mine, row.state == "available"
            )
    return rows


def _in_shared_pools(session: Session) -> frozenset[str]:
    """Ids of volumes that every host of their pool may list."""
    joined = select(Volume.id).join(StoragePool, StoragePool.id == Volume.storage_pool_id)
    return frozenset(session.scalars(joined.where(StoragePool.shared.is_(True))))


def write(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """Inventory, health, differences and sightings; a row that moved since it was read is left to its mover."""
    provider = session.get_one(Provider, run.subject_id, populate_existing=True)
    provider.checked_at, provider.problem, provider.latency_ms = run.now, None, result["latency_ms"]
    if result["allowances"] is not None:
        provider.allowances = result["allowances"]
    if result["strays"] is not None:
        tenants.count(session, provider, result["strays"])
    # What it can do as an object storage is told by its own look (``provider.meter``).
    objects = [one for one in provider.capabilities if one in OBJECT_CAPABILITIES]
    if sorted(provider.capabilities) != sorted([*result["capabilities"], *objects]):
        provider.capabilities = sorted([*result["capabilities"], *objects])
    _write_hosts(session, run, provider, result["hosts"], operation)
    for finding in result["findings"]:
        _write_finding(session, run, Finding(**finding), operation)
    looked_at = datetime.fromisoformat(result["looked_at"])
    found, gone = result["drifts"], result["vanished"]
    drifts.write(session, provider.id, found, gone, looked_at=looked_at, now=run.now, operation=operation)
    answered = {host["name"] for host in result["hosts"] if not host["error"]}
    doomed = _write_sightings(session, run, provider.id, [Seen(**one) for one in result["orphans"]], answered)
    _sample(session, run.now)
    silent = [host["name"] for host in result["hosts"] if host["error"]]
    provider.detail = "; ".join(f"{h['name']}: {h['error']}" for h in result["hosts"] if h["error"])[:1000]
    result.update(doomed=doomed, silent=silent, hosts=len(result["hosts"]), orphans=len(result["orphans"]))


def failed(session: Session, run: Run, operation: Operation, _problem: Problem) -> None:
    """A cloud that could not be looked at at all says why, in whatever language its reader has."""
    provider = session.get(Provider, run.subject_id, populate_existing=True)
    if provider is not None:
        provider.problem = operation.error


def _write_hosts(
    session: Session, run: Run, provider: Provider, hosts: list[dict[str, Any]], operation: Operation
) -> None:
    known = {host.name: host for host in session.scalars(select(Host).where(Host.provider_id == provider.id))}
    for facts in hosts:
        host = known.get(facts["name"])
        if host is None:
            host = _register(session, provider, facts, run.now)
        healthy = not facts["error"]
        silence = (run.now - (host.seen_at or host.created_at)).total_seconds()
        health = "up" if healthy else ("down" if silence >= MISSES else host.health)
        changes: dict[str, Any] = {}
        if health != host.health:
            changes["health"] = health
        if healthy and not host.vcpus:  # it was silent when it was first heard of
            changes.update(vcpus=facts["vcpus"], memory_mib=facts["memory_mib"])
        if changes:
            if changes.get("health") == "down":
                _lose_sight(session, run, host, operation)
            touch(session, host, now=run.now, **changes)
        # Not guarded: when it was last seen is no reason to place anything anew.
        quiet: dict[str, Any] = {"detail": facts["error"][:500]}
        if healthy:
            quiet.update(seen_at=run.now, hypervisor=f"{facts['hypervisor']} {facts['version']}".strip()[:120])
        session.execute(update(Host).where(Host.id == host.id).values(quiet))
        _write_pools(session, host, facts["pools"], run.now)


def _register(session: Session, provider: Provider, facts: dict[str, Any], now: datetime) -> Host:
    """A host that the provider's configuration names and that was never seen before joins the configured pool."""
    host = Host(
        id=new_id(),
        name=facts["name"],
        provider_id=provider.id,
        host_pool_id=provider.config["host_pool_id"],
        created_at=now,
        updated_at=now,
        vcpus=facts["vcpus"],
        memory_mib=facts["memory_mib"],
        reserved_memory_mib=int(provider.config.get("reserved_memory_mib", 0)),
        health="unknown",
        state="enabled",
    )
    session.add(host)
    session.flush()
    return host


def _write_pools(session: Session, host: Host, pools: list[dict[str, Any]], now: datetime) -> None:
    known = {pool.name: pool for pool in session.scalars(select(StoragePool).where(StoragePool.host_id == host.id))}
    for facts in pools:
        pool = known.get(facts["name"])
        if pool is None:
            pool = StoragePool(host_id=host.id, name=facts["name"], kind=facts["kind"], created_at=now, updated_at=now)
            session.add(pool)
        pool.capacity_gib, pool.used_gib = facts["capacity_gib"], facts["used_gib"]
        pool.kind, pool.shared = facts["kind"], facts["shared"]
    session.flush()


def _lose_sight(session: Session, run: Run, host: Host, operation: Operation) -> None:
    """Nobody knows how its instances fare; nobody may start a second copy of them either."""
    statement = select(Instance).where(Instance.host_id == host.id, Instance.state.in_(("active", "stopped")))
    for instance in session.scalars(statement.execution_options(populate_existing=True)):
        transition(session, instance, "lost", now=run.now, operation_id=operation.id, data={"host": host.name})


def _write_finding(session: Session, run: Run, finding: Finding, operation: Operation) -> None:
    model = NOUNS[finding.kind]
    row = session.get(model, finding.id, populate_existing=True)
    if row is None or row.generation != finding.generation:  # type: ignore[attr-defined]
        return
    if finding.event not in LIFECYCLES[finding.kind].events(row.state):  # type: ignore[attr-defined]
        return
    changes: dict[str, Any] = {"observed_at": run.now}
    if finding.kind == "instance":
        changes["observed_power"] = None if finding.event == "gone" else finding.seen
        if isinstance(row, Instance):
            changes |= shelf.as_seen(session, row, finding.event, run.now)
    if finding.event == "gone":
        problem = {"code": f"{finding.kind}.gone", "params": {"id": finding.id}, "detail": "not found on its host"}
        changes["error"] = problem
    data = {"out_of_band": True, "was": finding.was, "seen": finding.seen}
    transition(session, row, finding.event, now=run.now, operation_id=operation.id, data=data, **changes)


def _write_sightings(
    session: Session, run: Run, provider_id: str, found: list[Seen], answered: set[str]
) -> list[dict[str, Any]]:
    """Remember what was seen; what was seen before, long enough ago, is doomed."""
    statement = select(Sighting).where(Sighting.provider_id == provider_id, Sighting.host.in_(answered))
    known = {(s.host, s.kind, s.external_id): s for s in session.scalars(statement)}
    doomed = []
    for one in found:
        sighting = known.pop((one.host, one.kind, one.external_id), None)
        if sighting is None:
            session.add(
                Sighting(
                    provider_id=provider_id,
                    host=one.host,
                    kind=one.kind,
                    external_id=one.external_id,
                    object_id=one.id,
                    first_seen_at=run.now,
                    last_seen_at=run.now,
                )
            )
            continue
        sighting.last_seen_at = run.now
        age = timedelta(seconds=float(run.params.get("sweep_age", SWEEP_AGE)))
        if run.now - sighting.first_seen_at >= age:
            doomed.append({"kind": one.kind, "id": one.id, "external_id": one.external_id, "host": one.host})
    for gone in known.values():
        session.delete(gone)
    return doomed


def _sample(session: Session, now: datetime) -> None:
    """One row a day for the growth chart and the forecast."""
    totals = session.execute(
        select(
            func.count(), func.coalesce(func.sum(Instance.vcpus), 0), func.coalesce(func.sum(Instance.memory_mib), 0)
        ).where(Instance.state != "deleted")
    ).one()
    pools = space(session)
    sample = session.get(CapacitySample, now.date().isoformat())
    if sample is None:
        sample = CapacitySample(day=now.date().isoformat())
        session.add(sample)
    sample.instances, sample.vcpus, sample.memory_mib = totals
    sample.volume_gib, sample.storage_used_gib = pools.allocated, pools.used
