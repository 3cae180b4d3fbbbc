"""Steps that move a running instance, with its disks where they are not shared, to another host."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Permanent, Problem, Transient
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.drivers.base import Capability
from egovcloud.engine import capacity
from egovcloud.engine.kinds import Result, Run
from egovcloud.engine.operations.common import SHORT, attached_volumes
from egovcloud.engine.operations.instance_create import ask_for
from egovcloud.engine.specs import instance_spec
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Host, Instance, Operation, StoragePool, Volume


def place(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """Choose and claim the target; the source stays claimed until the machine has left it."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True, with_for_update=True)
    if instance.host_id is None:
        raise Permanent("instance.not_placed", id=instance.id)
    if instance.origin is not None:
        raise Permanent("adoption.stays", id=instance.name)
    source = session.get_one(Host, instance.host_id)
    attached = attached_volumes(session, instance.id)
    for volume in attached:
        # It would be moved or left behind according to who is faster.
        if volume.state in LIFECYCLES["volume"].transitional:
            raise Transient("volume.busy", volume=volume.name, state=volume.state)
    volumes = sum(volume.size_gib for volume in attached)
    ask = replace(ask_for(session, instance, volumes), avoid=frozenset({source.id}), only=run.params.get("host_id"))
    sizes = sizes_of(session, instance, attached)
    peers = peers_of(session, source, set(sizes))
    others = frozenset(view.id for view in capacity.host_views(session) if view.id not in peers)
    ask = replace(ask, avoid=ask.avoid | others)
    best, _ = capacity.choose(session, ask)
    capacity.claim_host(
        session,
        best.host_id,
        best.generation,
        instance.vcpus,
        instance.memory_mib,
        host_name=best.host_name,
        now=run.now,
    )
    pools = peers[best.host_id]
    ratio = capacity.disk_ratio(session, best.host_id)
    for name, size_gib in sizes.items():
        capacity.claim_pool(session, pools[name], size_gib, ratio)
    result.update(
        source=source.id,
        source_name=source.name,
        target=best.host_id,
        target_name=best.host_name,
        pool=pools[session.get_one(StoragePool, instance.storage_pool_id or "").name],
        pools=pools,
        sizes=sizes,
    )


def sizes_of(session: Session, instance: Instance, attached: list[Volume]) -> dict[str, int]:
    """GiB to be found in each pool, by its name: a disk moves to the pool of the same name."""
    sizes: dict[str, int] = {}
    for pool_id, size_gib in [
        (instance.storage_pool_id, instance.disk_gib),
        *((volume.storage_pool_id, volume.size_gib) for volume in attached),
    ]:
        name = session.get_one(StoragePool, pool_id or "").name
        sizes[name] = sizes.get(name, 0) + size_gib
    return sizes


def peers_of(session: Session, source: Host, names: set[str]) -> dict[str, dict[str, str]]:
    """Hosts of the same provider and host pool that have every storage pool by name: host → pool's name → its id.

    A running guest keeps the processor that it started on, and the hosts of one pool are alike; those of another may be
    of another make altogether.
    """
    found: dict[str, dict[str, str]] = {}
    rows = session.execute(
        select(StoragePool.host_id, StoragePool.name, StoragePool.id)
        .join(Host, Host.id == StoragePool.host_id)
        .where(Host.provider_id == source.provider_id, Host.host_pool_id == source.host_pool_id)
    )
    for host_id, name, pool_id in rows:
        found.setdefault(host_id, {})[name] = pool_id
    return {host_id: pools for host_id, pools in found.items() if names <= pools.keys()}


def unplace(session: Session, run: Run, operation: Operation) -> None:
    placed = run.results.get("place")
    if not placed:
        return
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    capacity.return_host(session, placed["target"], instance.vcpus, instance.memory_mib)
    for name, size_gib in placed["sizes"].items():
        capacity.claim_pool(session, placed["pools"][name], -size_gib, 1.0)


def prepare(run: Run) -> Result:
    """Image, networks and guards must be on the target before the machine arrives."""
    placed = run.results["place"]
    driver, target = run.providers.of_host(placed["target"])
    with run.database.read() as session:
        instance = session.get_one(Instance, run.subject_id)
        spec = instance_spec(session, run.cipher, instance, host_id=placed["target"], pool_id=placed["pool"])
    driver.ensure_image(target, spec.pool, spec.image, within=run.patience)
    for nic in spec.nics:
        driver.ensure_network(target, nic.network, within=SHORT)
        for group in nic.security_groups:
            driver.ensure_security_group(target, group, within=SHORT)
    return {}


def migrate(run: Run) -> Result:
    """Move it; when it is there already, because we were cut off last time, that is the answer."""
    placed = run.results["place"]
    driver, target = run.providers.of_host(placed["target"])
    with run.database.read() as session:
        shared = session.get_one(StoragePool, placed["pool"]).shared
    needed = Capability.LIVE_MIGRATION_SHARED if shared else Capability.LIVE_MIGRATION_COPY
    if needed not in driver.capabilities:
        raise Permanent("driver.unsupported", capability=needed.value)
    ref = driver.live_migrate(run.subject_id, placed["source_name"], target, shared=shared, within=run.patience)
    return {"external_id": ref.external_id, "host": ref.host}


def unmigrate(run: Run) -> None:
    """If it is on the target after all, bring it back: the journal is about to say that it never moved."""
    placed = run.results["place"]
    driver, target = run.providers.of_host(placed["target"])
    there = driver.observe_instance(target, run.subject_id, within=SHORT)
    here = driver.observe_instance(placed["source_name"], run.subject_id, within=SHORT)
    if there is not None and here is None:
        driver.live_migrate(run.subject_id, target, placed["source_name"], shared=False, within=run.patience)


def moved(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """The machine is on the target: the source's claim goes, the volumes go with it."""
    placed = run.results["place"]
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    old_pool = instance.storage_pool_id
    capacity.return_host(session, placed["source"], instance.vcpus, instance.memory_mib)
    if old_pool:
        capacity.claim_pool(session, old_pool, -instance.disk_gib, 1.0)
    for volume in attached_volumes(session, instance.id):
        old = session.get_one(StoragePool, volume.storage_pool_id or "")
        capacity.claim_pool(session, old.id, -volume.size_gib, 1.0)
        new = placed["pools"][old.name]
        touch(session, volume, now=run.now, host_id=placed["target"], storage_pool_id=new)
    transition(
        session,
        instance,
        "run",
        now=run.now,
        operation_id=operation.id,
        host_id=placed["target"],
        storage_pool_id=placed["pool"],
        external_id=result["external_id"],
        observed_power="running",
        observed_at=run.now,
        data={"source": placed["source_name"], "target": placed["target_name"]},
    )


def failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It still runs where it was: a move that did not happen is no harm to the machine."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if instance.state != "migrating":
        raise Conflict("state.changed", noun="instance", state=instance.state, event="run")
    error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
    transition(session, instance, "run", now=run.now, operation_id=operation.id, error=error)
