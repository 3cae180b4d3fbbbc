"""Pieces that operations of several nouns share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem
from egovcloud.domain.ids import new_id
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.drivers.base import Capability, Driver, InstanceFacts, InstanceSpec, Power, WipeRecord
from egovcloud.engine.kinds import Fail, Run
from egovcloud.engine.specs import instance_spec
from egovcloud.store.base import Model
from egovcloud.store.journal import NOUNS, transition
from egovcloud.store.models import Instance, Operation, Snapshot, Volume, Wipe

# The limit of one driver call, in seconds; what moves data has ``Run.patience``, and what takes longer is asked for and
# then watched.
SHORT = 30.0

# How often a guest is looked at while something is awaited of it: often at first, since most answers come soon.
FIRST_LOOKS = 20
QUICK, SLOW = 0.1, 1.0


def look_again(run: Run) -> float:
    """Seconds until the next look at something that takes its time."""
    return QUICK if run.step_age < FIRST_LOOKS * QUICK else SLOW


def instance_driver(run: Run) -> tuple[Driver, str]:
    """The driver and the host's name for the instance that the operation is about."""
    with run.database.read() as session:
        host_id = session.get_one(Instance, run.subject_id).host_id
    if host_id is None:
        raise Permanent("instance.not_placed", id=run.subject_id)
    return run.providers.of_host(host_id)


def told(run: Run, *, image_id: str | None = None) -> tuple[Driver, InstanceSpec]:
    """The driver of the operation's instance, and the whole instance as the driver is to make it."""
    with run.database.read() as session:
        instance = session.get_one(Instance, run.subject_id)
        if instance.host_id is None:
            raise Permanent("instance.not_placed", id=run.subject_id)
        spec = instance_spec(session, run.cipher, instance, image_id=image_id)
    driver, _ = run.providers.of_host(instance.host_id)
    return driver, spec


def observe(run: Run) -> InstanceFacts | None:
    """What is seen of the operation's instance now."""
    driver, host = instance_driver(run)
    return driver.observe_instance(host, run.subject_id, within=SHORT)


def settle_power(session: Session, run: Run, operation: Operation, power: str) -> None:
    """Bring the instance out of its transitional state into the one that was seen."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    event = "run" if power == Power.RUNNING else "halt"
    transition(
        session,
        instance,
        event,
        now=run.now,
        operation_id=operation.id,
        observed_power=power,
        observed_at=run.now,
        desired_power="running" if event == "run" else "stopped",
        error=None,
    )


def fail_subject(model: type[Model]) -> Fail:
    """``on_failure`` for nouns with an ``error`` state: leave the transitional state, keep the reason."""

    def fail(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
        row = session.get(model, run.subject_id, populate_existing=True)
        if row is None or row.state not in LIFECYCLES[NOUNS[model]].transitional:  # type: ignore[attr-defined]
            return
        error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
        changes: dict[str, Any] = {"error": error} if hasattr(row, "error") else {}
        transition(session, row, "fail", now=run.now, operation_id=operation.id, **changes)

    return fail


def record_wipe(
    session: Session, now: datetime, operation: Operation, row: Model, noun: str, wipe: WipeRecord | None
) -> None:
    """Keep the proof that the disks were overwritten."""
    if wipe is None:
        return
    session.add(
        Wipe(
            id=new_id(),
            at=now,
            subject_type=noun,
            subject_id=row.id,  # type: ignore[attr-defined]
            subject_name=row.name,  # type: ignore[attr-defined]
            department_id=row.department_id,  # type: ignore[attr-defined]
            operation_id=operation.id,
            method=wipe.method,
            bytes_wiped=wipe.bytes_wiped,
            disks=list(wipe.disks),
        )
    )


def wipes(driver: Driver) -> bool:
    """Whether this cloud overwrites at our word; one that does it in its own way gives no proof to keep."""
    return Capability.WIPE in driver.capabilities


def wipe_result(wipe: WipeRecord | None) -> dict[str, object]:
    """A wipe record as a step's result."""
    if wipe is None:
        return {}
    return {"method": wipe.method, "bytes_wiped": wipe.bytes_wiped, "disks": list(wipe.disks)}


def wipe_of(result: dict[str, object]) -> WipeRecord | None:
    """The wipe record in a step's result."""
    if "method" not in result:
        return None
    disks = result["disks"]
    return WipeRecord(
        method=str(result["method"]),
        bytes_wiped=int(str(result["bytes_wiped"])),
        disks=tuple(str(d) for d in disks) if isinstance(disks, list) else (),
    )


def instance_gib(session: Session, instance_id: str) -> int:
    """Its system disk and its volumes."""
    volumes = attached_volumes(session, instance_id)
    return session.get_one(Instance, instance_id).disk_gib + sum(volume.size_gib for volume in volumes)


def attached_volumes(session: Session, instance_id: str) -> list[Volume]:
    """Volumes that belong to an instance now."""
    return list(session.scalars(select(Volume).where(Volume.instance_id == instance_id).order_by(Volume.id)))


def forget_snapshots(session: Session, run: Run, operation: Operation) -> None:
    """The snapshots of the operation's instance went with its disk."""
    listed = select(Snapshot).where(Snapshot.instance_id == run.subject_id, Snapshot.state != "deleted")
    for snapshot in session.scalars(listed):
        if snapshot.state in ("available", "error"):
            transition(session, snapshot, "delete", now=run.now, operation_id=operation.id)
        if snapshot.state == "deleting":
            transition(session, snapshot, "deleted", now=run.now, operation_id=operation.id, deleted_at=run.now)
