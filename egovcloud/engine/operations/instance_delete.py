"""The steps that take an instance away, and everything that goes with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.engine import capacity, shelf
from egovcloud.engine.kinds import Result, Run
from egovcloud.engine.operations import floating_address
from egovcloud.engine.operations.common import (
    attached_volumes,
    fail_subject,
    forget_snapshots,
    instance_driver,
    record_wipe,
    wipe_of,
    wipe_result,
    wipes,
)
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import Instance, InstanceSecurityGroup, Operation, Port


def wipe(run: Run) -> Result:
    """Cut the power and overwrite the disks. A step of its own: the proof is on record before they are gone."""
    if not _placed(run):
        return {}
    driver, host = instance_driver(run)
    return dict(wipe_result(driver.wipe_instance(host, run.subject_id, within=run.patience))) if wipes(driver) else {}


def wiped(session: Session, run: Run, result: Result, operation: Operation) -> None:
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    record_wipe(session, run.now, operation, instance, "instance", wipe_of(result))


def delete(run: Run) -> Result:
    """Remove it; volumes are let go and stay."""
    if _placed(run):
        driver, host = instance_driver(run)
        driver.delete_instance(host, run.subject_id, within=run.patience)
    return {}


def _placed(run: Run) -> bool:
    with run.database.read() as session:
        return session.get_one(Instance, run.subject_id).host_id is not None


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """Capacity, addresses and quota come back in the same moment in which the row says deleted."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if instance.host_id and instance.storage_pool_id:
        if instance.shelved_at is not None:
            shelf.come_back(session, instance)  # all of it goes now, and of that it had given back a part
        capacity.return_host(session, instance.host_id, instance.vcpus, instance.memory_mib)
        capacity.claim_pool(session, instance.storage_pool_id, -instance.disk_gib, 1.0)
    session.execute(sql_delete(Port).where(Port.instance_id == instance.id))
    session.execute(sql_delete(InstanceSecurityGroup).where(InstanceSecurityGroup.instance_id == instance.id))
    ledger.settle(session, key=operation.id, subject=("instance", instance.id), now=run.now)
    for volume in attached_volumes(session, instance.id):
        transition(session, volume, "detached", now=run.now, operation_id=operation.id, instance_id=None, device=None)
    floating_address.left(session, instance.id, operation, run.now)
    forget_snapshots(session, run, operation)
    transition(
        session,
        instance,
        "deleted",
        now=run.now,
        operation_id=operation.id,
        deleted_at=run.now,
        observed_power=None,
        observed_at=run.now,
    )


def failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """What was to be let go is still attached."""
    for volume in attached_volumes(session, run.subject_id):
        if volume.state == "detaching":
            transition(session, volume, "attached", now=run.now, operation_id=operation.id)
    floating_address.stay(session, run.subject_id, operation, run.now)
    fail_subject(Instance)(session, run, operation, problem)


def retried(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    transition(session, instance, "delete", now=now, operation_id=operation.id)
    for volume in attached_volumes(session, instance.id):
        if volume.state == "in_use":
            transition(session, volume, "detach", now=now, operation_id=operation.id)
    floating_address.leave(session, instance.id, operation, now)
