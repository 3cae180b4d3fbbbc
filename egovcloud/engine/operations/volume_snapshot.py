"""Snapshots of volumes: taken and deleted. The quota counts them by the size of their volume."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem
from egovcloud.domain.quota import volume_amount
from egovcloud.drivers.base import Capability, Driver
from egovcloud.drivers.volume_copies import VolumeSnapshotSpec
from egovcloud.engine import tenants
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import Operation, StoragePool, Volume, VolumeSnapshot

NOUN = "volume_snapshot"
_fail = fail_subject(VolumeSnapshot)


def _where(run: Run) -> tuple[Driver, str, str, VolumeSnapshot]:
    """(driver, host, pool, row): a snapshot is where its volume is."""
    with run.database.read() as session:
        snapshot = session.get_one(VolumeSnapshot, run.subject_id)
        volume = session.get_one(Volume, snapshot.volume_id)
        if volume.host_id is None or volume.storage_pool_id is None:
            raise Permanent("volume.not_placed", id=volume.id)
        pool = session.get_one(StoragePool, volume.storage_pool_id).name
    driver, host = run.providers.of_host(volume.host_id)
    return driver, host, pool, snapshot


def _row(session: Session, run: Run) -> VolumeSnapshot:
    return session.get_one(VolumeSnapshot, run.subject_id, populate_existing=True)


def _gib(session: Session, snapshot_id: str) -> int:
    return session.get_one(VolumeSnapshot, snapshot_id).size_gib


def begin(session: Session, run: Run, _: Result, operation: Operation) -> None:
    transition(session, _row(session, run), "build", now=run.now, operation_id=operation.id)


def create(run: Run) -> Result:
    driver, host, pool, row = _where(run)
    if Capability.VOLUME_SNAPSHOT not in driver.capabilities:
        raise Permanent("driver.unsupported", capability=Capability.VOLUME_SNAPSHOT.value)
    tenants.ensure(run, driver, row.project_id, SHORT)
    spec = VolumeSnapshotSpec(row.id, row.name, host, pool, row.volume_id, row.project_id)
    facts = driver.create_volume_snapshot(spec, within=run.patience)
    # Where a cloud let a second one in, what is seen is what every later call will mean; the sweep takes the other.
    seen = driver.observe_volume_snapshot(host, pool, row.volume_id, row.id, within=SHORT)
    return {"external_id": (seen or facts).ref.external_id}


def uncreate(run: Run) -> None:
    driver, host, pool, row = _where(run)
    if Capability.VOLUME_SNAPSHOT in driver.capabilities:
        driver.delete_volume_snapshot(host, pool, row.volume_id, row.id, within=run.patience)


def created(session: Session, run: Run, result: Result, operation: Operation) -> None:
    row = _row(session, run)
    amount, subject = volume_amount(row.size_gib), (NOUN, row.id)
    ledger.commit(session, row.department_id, amount, key=operation.id, subject=subject, now=run.now)
    external_id = result["external_id"]
    transition(session, row, "ready", now=run.now, operation_id=operation.id, external_id=external_id, error=None)


def create_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    ledger.settle(session, key=f"{operation.id}:{operation.lease}", subject=(NOUN, run.subject_id), now=run.now)
    _fail(session, run, operation, problem)


def create_retried(session: Session, operation: Operation, now: datetime) -> None:
    row = session.get_one(VolumeSnapshot, operation.subject_id, populate_existing=True)
    key, amount = f"{operation.id}:{operation.lease}", volume_amount(row.size_gib)
    ledger.reserve(session, row.department_id, amount, key=key, subject=(NOUN, row.id), now=now)
    transition(session, row, "retry", now=now, operation_id=operation.id, error=None)


def delete(run: Run) -> Result:
    """What never came to be has no place to be deleted from."""
    driver, host, pool, row = _where(run)
    if Capability.VOLUME_SNAPSHOT in driver.capabilities:
        driver.delete_volume_snapshot(host, pool, row.volume_id, row.id, within=run.patience)
    return {}


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    row = _row(session, run)
    ledger.settle(session, key=operation.id, subject=(NOUN, row.id), now=run.now)
    transition(session, row, "deleted", now=run.now, operation_id=operation.id, deleted_at=run.now)


def retry_delete(session: Session, operation: Operation, now: datetime) -> None:
    row = session.get_one(VolumeSnapshot, operation.subject_id, populate_existing=True)
    transition(session, row, "delete", now=now, operation_id=operation.id)


KINDS = (
    OperationKind(
        "volume_snapshot.create",
        NOUN,
        (StepKind("begin", record=begin), StepKind("create", effect=create, record=created, undo=uncreate)),
        seconds=1200,
        gib=_gib,
        on_failure=create_failed,
        on_retry=create_retried,
    ),
    OperationKind(
        "volume_snapshot.delete",
        NOUN,
        (StepKind("delete", effect=delete, record=deleted),),
        seconds=1200,
        gib=_gib,
        on_failure=_fail,
        on_retry=retry_delete,
        cancellable=False,
    ),
)
