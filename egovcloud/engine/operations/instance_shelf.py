"""Steps that shelve an instance, and that bring it back where there is room for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import NotFound, Permanent, Problem, QuotaExceeded, Transient
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.drivers.base import Capability
from egovcloud.engine import capacity, shelf
from egovcloud.engine.kinds import Result, Run
from egovcloud.engine.operations import instance_migrate as migrate
from egovcloud.engine.operations.common import attached_volumes, instance_driver
from egovcloud.engine.operations.instance_create import ask_for
from egovcloud.scheduler import Ask, Verdict
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Host, Instance, Operation, StoragePool, Volume


def shelve(run: Run) -> Result:
    driver, host = instance_driver(run)
    if Capability.SHELVE not in driver.capabilities:
        raise Permanent("driver.unsupported", capability=Capability.SHELVE.value)
    driver.shelve_instance(host, run.subject_id, within=run.patience)
    return {}


def shelved(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """Its room on the host comes back in the same moment in which the row says so; the quota stays."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if instance.shelved_at is None:
        shelf.leave(session, instance)
    transition(
        session,
        instance,
        "shelved",
        now=run.now,
        operation_id=operation.id,
        observed_power="shelved",
        observed_at=run.now,
        desired_power="stopped",
        shelved_at=run.now,
        error=None,
    )


def place(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """Claim the host that it was on, or else another one that can reach all that it has."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True, with_for_update=True)
    if instance.host_id is None:
        raise Permanent("instance.not_placed", id=instance.id)
    source = session.get_one(Host, instance.host_id)
    attached = attached_volumes(session, instance.id)
    for volume in attached:
        if volume.state in LIFECYCLES["volume"].transitional:
            raise Transient("volume.busy", volume=volume.name, state=volume.state)
    local = shelf.local(session, instance)
    disk_gib = instance.disk_gib if local else 0
    peers = _peers(session, instance, source, attached)
    best = _choose(session, replace(ask_for(session, instance), disk_gib=disk_gib), source, set(peers))
    shape = (instance.vcpus, instance.memory_mib)
    capacity.claim_host(session, best.host_id, best.generation, *shape, host_name=best.host_name, now=run.now)
    moves = best.host_id != source.id
    names = peers[best.host_id] if moves else _pools(session, source.id)
    sizes = migrate.sizes_of(session, instance, attached)
    root = session.get_one(StoragePool, instance.storage_pool_id or "").name
    if not moves:
        sizes = {root: disk_gib} if local else {}
    claims = {names[name]: size for name, size in sizes.items()}
    ratio = capacity.disk_ratio(session, best.host_id)
    for pool_id, size in claims.items():
        capacity.claim_pool(session, pool_id, size, ratio)
    result.update(
        source=source.id,
        source_name=source.name,
        target=best.host_id,
        target_name=best.host_name,
        pool=names[root],
        pools=names,
        claims=claims,
    )


def _choose(session: Session, ask: Ask, source: Host, peers: set[str]) -> Verdict:
    try:
        return capacity.choose(session, replace(ask, only=source.id))[0]
    except QuotaExceeded:
        others = frozenset(view.id for view in capacity.host_views(session) if view.id not in peers)
        return capacity.choose(session, replace(ask, avoid=others | {source.id}))[0]


def _peers(session: Session, instance: Instance, source: Host, attached: list[Volume]) -> dict[str, dict[str, str]]:
    """Other hosts with its pools by name; none for what has volumes in storage of this host alone."""
    held = [session.get_one(StoragePool, volume.storage_pool_id or "") for volume in attached]
    if not all(pool.shared for pool in held):
        return {}
    found = migrate.peers_of(session, source, set(migrate.sizes_of(session, instance, attached)))
    return {host_id: pools for host_id, pools in found.items() if host_id != source.id}


def _pools(session: Session, host_id: str) -> dict[str, str]:
    rows = session.execute(select(StoragePool.name, StoragePool.id).where(StoragePool.host_id == host_id))
    return {row[0]: row[1] for row in rows}


def unplace(session: Session, run: Run, operation: Operation) -> None:
    placed = run.results.get("place")
    if placed:
        instance = session.get_one(Instance, run.subject_id, populate_existing=True)
        _return_target(session, instance, placed)


def _return_target(session: Session, instance: Instance, placed: Mapping[str, Any]) -> None:
    capacity.return_host(session, placed["target"], instance.vcpus, instance.memory_mib)
    for pool_id, size_gib in placed["claims"].items():
        capacity.claim_pool(session, pool_id, -size_gib, 1.0)


def prepare(run: Run) -> Result:
    """As before a move; the cloud has the disk, or the image that it made of it."""
    return migrate.prepare(run)


def unshelve(run: Run) -> Result:
    """It runs, on the host that was claimed unless the cloud chose another one itself."""
    placed = run.results["place"]
    driver, target = run.providers.of_host(placed["target"])
    ref = driver.unshelve_instance(target, run.subject_id, within=run.patience)
    return {"external_id": ref.external_id, "host": ref.host}


def shelve_again(run: Run) -> None:
    """The journal is about to say that it stays shelved where it was; one that is gone needs nothing."""
    placed = run.results["place"]
    driver, _ = run.providers.of_host(placed["target"])
    try:
        driver.shelve_instance(placed["source_name"], run.subject_id, within=run.patience)
    except NotFound:
        return


def back(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """It runs: its volumes are where it is, and so is what their storage promised."""
    placed = run.results["place"]
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    host_id, pools = _arrived(session, instance, placed, str(result["host"]))
    moved = host_id != placed["source"]
    pool_id = instance.storage_pool_id
    if moved:
        old = session.get_one(StoragePool, pool_id or "")
        if old.shared:
            capacity.claim_pool(session, old.id, -instance.disk_gib, 1.0)
        pool_id = pools[old.name]
        for volume in attached_volumes(session, instance.id):
            stored = session.get_one(StoragePool, volume.storage_pool_id or "")
            capacity.claim_pool(session, stored.id, -volume.size_gib, 1.0)
            touch(session, volume, now=run.now, host_id=host_id, storage_pool_id=pools[stored.name])
    data = {"source": placed["source_name"], "target": str(result["host"])}
    transition(
        session,
        instance,
        "run",
        now=run.now,
        operation_id=operation.id,
        host_id=host_id,
        storage_pool_id=pool_id,
        external_id=result["external_id"],
        observed_power="running",
        observed_at=run.now,
        desired_power="running",
        shelved_at=None,
        error=None,
        data=data if moved else None,
    )


def _arrived(session: Session, instance: Instance, placed: Mapping[str, Any], host: str) -> tuple[str, dict[str, str]]:
    """The host on which it came up, with its pools by name; what was claimed goes along, room or not."""
    target = session.get_one(Host, placed["target"])
    if host == target.name:
        return target.id, placed["pools"]
    other = select(Host).where(Host.name == host, Host.provider_id == target.provider_id)
    found = session.scalars(other).one_or_none()
    pools = _pools(session, found.id) if found else {}
    names = {pool_id: name for name, pool_id in placed["pools"].items()}
    if found is None or not {names[pool_id] for pool_id in placed["claims"]} <= pools.keys():
        return target.id, placed["pools"]  # the reconcile will say that it is elsewhere
    _return_target(session, instance, placed)
    capacity.return_host(session, found.id, -instance.vcpus, -instance.memory_mib)
    sizes = migrate.sizes_of(session, instance, attached_volumes(session, instance.id))
    root = session.get_one(StoragePool, instance.storage_pool_id or "")
    if found.id == placed["source"]:
        sizes = {} if root.shared else {root.name: instance.disk_gib}
    for name, size_gib in sizes.items():
        capacity.note_pool(session, pools[name], size_gib)
    return found.id, pools


def unshelve_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It stays shelved, with the reason."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if instance.state == "unshelving":
        error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
        transition(session, instance, "shelved", now=run.now, operation_id=operation.id, error=error)


def retry_shelve(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    transition(session, instance, "shelve", now=now, operation_id=operation.id)


def retry_unshelve(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    transition(session, instance, "unshelve", now=now, operation_id=operation.id)
