"""Taking what others made under management, and giving it back: our mark goes on or off, the thing runs on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Permanent, Problem
from egovcloud.drivers.base import Driver, OwnedKind, Power
from egovcloud.engine import adoption
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.children import await_children
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.store.journal import transition
from egovcloud.store.models import Instance, Operation, StoragePool, Volume

OFF = frozenset({Power.STOPPED, Power.CRASHED})


# -- an instance, with the volumes that it holds -----------------------------------------------------------------------
def _instance(session: Session, run: Run) -> Instance:
    return session.get_one(Instance, run.subject_id, populate_existing=True)


def _machine(run: Run) -> tuple[Driver, str, Instance, list[tuple[str, str, str]]]:
    """(driver, host, row, its volumes as (our id, pool, external id))."""
    with run.database.read() as session:
        instance = _instance(session, run)
        held = [
            (volume.id, session.get_one(StoragePool, volume.storage_pool_id or "").name, volume.origin["external_id"])
            for volume in adoption.volumes_of(session, instance)
            if volume.origin and volume.state in ("adopting", "releasing")
        ]
    driver, host = run.providers.of_host(instance.host_id or "")
    return driver, host, instance, held


def look(run: Run) -> Result:
    """What was planned is what is there, still nobody's or already ours: what was counted has to be what is taken."""
    driver, host, instance, _ = _machine(run)
    origin = _origin(instance)
    found = driver.inspect_unmanaged(host, OwnedKind.INSTANCE, origin["external_id"], within=SHORT)
    if found is None:
        raise Permanent("adoption.absent", external_id=origin["external_id"], host=host)
    if found.owner == "other":
        raise Conflict("adoption.foreign", name=instance.name)
    if found.our_id not in (None, instance.id):
        raise Conflict("adoption.taken", name=instance.name, id=found.our_id)
    size = math.ceil(sum(disk.size_gib for disk in found.disks) if found.disks else found.size_gib)
    counted = {"vcpus": instance.vcpus, "memory_mib": instance.memory_mib, "disk_gib": instance.disk_gib}
    now = {"vcpus": found.vcpus, "memory_mib": found.memory_mib, "disk_gib": size}
    changed = [f"{name} {counted[name]} → {now[name]}" for name in counted if counted[name] != now[name]]
    if sorted(found.volumes) != sorted(origin.get("volume_refs", [])):
        changed.append("volumes")
    if changed:
        raise Conflict("adoption.changed", name=instance.name, what=", ".join(changed))
    return {}


def mark(run: Run) -> Result:
    driver, host, instance, held = _machine(run)
    for volume_id, pool, external_id in held:
        driver.adopt_volume(host, pool, external_id, volume_id, within=SHORT)
    ref = driver.adopt_instance(host, _origin(instance)["external_id"], instance.id, within=SHORT)
    facts = driver.observe_instance(host, instance.id, within=SHORT)
    if facts is None:
        raise Permanent("adoption.absent", external_id=ref.external_id, host=host)
    return {"external_id": ref.external_id, "power": facts.power.value}


def unmark(run: Run) -> Result:
    driver, host, instance, held = _machine(run)
    driver.release_instance(host, instance.id, within=SHORT)
    for volume_id, pool, _ in held:
        driver.release_volume(host, pool, volume_id, within=SHORT)
    return {}


def undo_mark(run: Run) -> None:
    unmark(run)


def undo_unmark(run: Run) -> None:
    """The journal is about to say that it stays: what was taken off goes on again."""
    mark(run)


def adopted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    instance = _instance(session, run)
    adoption.commit(session, instance, key=operation.id, now=run.now)
    off = Power(result["power"]) in OFF
    transition(
        session,
        instance,
        "halt" if off else "run",
        now=run.now,
        operation_id=operation.id,
        external_id=result["external_id"],
        observed_power=result["power"],
        observed_at=run.now,
        desired_power="stopped" if off else "running",
        adopted_at=run.now,
        error=None,
    )
    for volume in _moving(session, instance, "adopting"):
        adoption.commit(session, volume, key=operation.id, now=run.now)
        _volume_adopted(session, run, operation, volume, "attached")


def released(session: Session, run: Run, result: Result, operation: Operation) -> None:
    instance = _instance(session, run)
    for volume in _moving(session, instance, "releasing"):
        _gone(session, run.now, operation, volume)
    _gone(session, run.now, operation, instance)


def adopt_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It was never ours: everything that was counted comes back, and the row stays as a trace of the attempt."""
    instance = _instance(session, run)
    for volume in _moving(session, instance, "adopting"):
        _gone(session, run.now, operation, volume)
    if instance.state == "adopting":
        _gone(session, run.now, operation, instance, _told(problem))


def adopt_retried(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    key = f"{operation.id}:{operation.lease}"
    rows: list[Instance | Volume] = [instance, *adoption.volumes_of(session, instance)]
    for row in rows:
        transition(session, row, "adopt", now=now, operation_id=operation.id, error=None, deleted_at=None)
        if isinstance(row, Volume):
            row.instance_id = instance.id
        adoption.take(session, row, key=key, now=now)


def release_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It stays managed; the reconcile tells how it fares."""
    instance = _instance(session, run)
    for volume in _moving(session, instance, "releasing"):
        transition(session, volume, "attached", now=run.now, operation_id=operation.id, error=_told(problem))
    fail_subject(Instance)(session, run, operation, problem)


def release_retried(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    for volume in adoption.volumes_of(session, instance):
        if volume.state == "in_use" and volume.instance_id == instance.id:
            transition(session, volume, "release", now=now, operation_id=operation.id)
    transition(session, instance, "release", now=now, operation_id=operation.id)


def _moving(session: Session, instance: Instance, state: str) -> Iterator[Volume]:
    return (volume for volume in adoption.volumes_of(session, instance) if volume.state == state)


# -- a volume that nothing holds ---------------------------------------------------------------------------------------
def _volume(session: Session, run: Run) -> Volume:
    return session.get_one(Volume, run.subject_id, populate_existing=True)


def _where(run: Run) -> tuple[Driver, str, str, Volume]:
    with run.database.read() as session:
        volume = _volume(session, run)
        pool = session.get_one(StoragePool, volume.storage_pool_id or "").name
    driver, host = run.providers.of_host(volume.host_id or "")
    return driver, host, pool, volume


def look_at_volume(run: Run) -> Result:
    driver, host, _, volume = _where(run)
    external_id = _origin(volume)["external_id"]
    found = driver.inspect_unmanaged(host, OwnedKind.VOLUME, external_id, within=SHORT)
    if found is None:
        raise Permanent("adoption.absent", external_id=external_id, host=host)
    if found.owner == "other":
        raise Conflict("adoption.foreign", name=volume.name)
    if found.our_id not in (None, volume.id):
        raise Conflict("adoption.taken", name=volume.name, id=found.our_id)
    if found.instance is not None:
        raise Conflict("adoption.held", name=volume.name, instance=found.instance)
    if math.ceil(found.size_gib) != volume.size_gib:
        what = f"size_gib {volume.size_gib} → {math.ceil(found.size_gib)}"
        raise Conflict("adoption.changed", name=volume.name, what=what)
    return {}


def mark_volume(run: Run) -> Result:
    driver, host, pool, volume = _where(run)
    external_id = _origin(volume)["external_id"]
    return {"external_id": driver.adopt_volume(host, pool, external_id, volume.id, within=SHORT).external_id}


def unmark_volume(run: Run) -> Result:
    driver, host, pool, volume = _where(run)
    driver.release_volume(host, pool, volume.id, within=SHORT)
    return {}


def undo_mark_volume(run: Run) -> None:
    unmark_volume(run)


def undo_unmark_volume(run: Run) -> None:
    mark_volume(run)


def volume_adopted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    volume = _volume(session, run)
    adoption.commit(session, volume, key=operation.id, now=run.now)
    _volume_adopted(session, run, operation, volume, "ready")


def _volume_adopted(session: Session, run: Run, operation: Operation, volume: Volume, event: str) -> None:
    transition(
        session,
        volume,
        event,
        now=run.now,
        operation_id=operation.id,
        external_id=_origin(volume)["external_id"],
        device=_origin(volume).get("device"),
        observed_at=run.now,
        adopted_at=run.now,
        error=None,
    )


def volume_released(session: Session, run: Run, result: Result, operation: Operation) -> None:
    _gone(session, run.now, operation, _volume(session, run))


def volume_adopt_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    volume = _volume(session, run)
    if volume.state == "adopting":
        _gone(session, run.now, operation, volume, _told(problem))


def volume_adopt_retried(session: Session, operation: Operation, now: datetime) -> None:
    volume = session.get_one(Volume, operation.subject_id, populate_existing=True)
    transition(session, volume, "adopt", now=now, operation_id=operation.id, error=None, deleted_at=None)
    adoption.take(session, volume, key=f"{operation.id}:{operation.lease}", now=now)


def volume_release_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    volume = _volume(session, run)
    if volume.state == "releasing":
        transition(session, volume, "ready", now=run.now, operation_id=operation.id, error=_told(problem))


def volume_release_retried(session: Session, operation: Operation, now: datetime) -> None:
    volume = session.get_one(Volume, operation.subject_id, populate_existing=True)
    transition(session, volume, "release", now=now, operation_id=operation.id)


# -- both ------------------------------------------------------------------------------------------------------------
def _origin(row: Instance | Volume) -> dict[str, Any]:
    return row.origin or {}


def _told(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "params": problem.params, "detail": problem.text("en")}


def _gone(
    session: Session,
    now: datetime,
    operation: Operation,
    row: Instance | Volume,
    error: dict[str, Any] | None = None,
) -> None:
    """Not ours any more, or never: the row stays as a tombstone that may come to life when it is adopted again."""
    adoption.give_back(session, row, key=f"{operation.id}:{operation.lease}", now=now)
    changes: dict[str, Any] = {"external_id": None, "observed_at": now, "deleted_at": now, "error": error}
    if isinstance(row, Volume):
        changes |= {"instance_id": None, "device": None}
    else:
        changes["observed_power"] = None
    transition(session, row, "released", now=now, operation_id=operation.id, **changes)


KINDS = (
    OperationKind(
        "instance.adopt",
        "instance",
        (StepKind("look", effect=look), StepKind("mark", effect=mark, record=adopted, undo=undo_mark)),
        seconds=600,
        on_failure=adopt_failed,
        on_retry=adopt_retried,
    ),
    OperationKind(
        "instance.release",
        "instance",
        (StepKind("unmark", effect=unmark, record=released, undo=undo_unmark),),
        seconds=600,
        on_failure=release_failed,
        on_retry=release_retried,
        cancellable=False,
    ),
    OperationKind(
        "volume.adopt",
        "volume",
        (
            StepKind("look", effect=look_at_volume),
            StepKind("mark", effect=mark_volume, record=volume_adopted, undo=undo_mark_volume),
        ),
        seconds=600,
        on_failure=volume_adopt_failed,
        on_retry=volume_adopt_retried,
    ),
    OperationKind(
        "volume.release",
        "volume",
        (StepKind("unmark", effect=unmark_volume, record=volume_released, undo=undo_unmark_volume),),
        seconds=600,
        on_failure=volume_release_failed,
        on_retry=volume_release_retried,
        cancellable=False,
    ),
    OperationKind("project.adopt", "project", (StepKind("adopt", effect=await_children),), seconds=3600),
)
