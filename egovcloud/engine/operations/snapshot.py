"""Snapshots: create, revert and delete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem
from egovcloud.drivers.base import Capability, Driver, Power
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind, Wait
from egovcloud.engine.operations.common import SHORT, fail_subject, instance_gib, look_again
from egovcloud.store.journal import transition
from egovcloud.store.models import Instance, Operation, Snapshot

_fail = fail_subject(Snapshot)


def _where(run: Run) -> tuple[Driver, str, Snapshot]:
    with run.database.read() as session:
        snapshot = session.get_one(Snapshot, run.subject_id)
        host_id = session.get_one(Instance, snapshot.instance_id).host_id
    if host_id is None:
        raise Permanent("instance.not_placed", id=snapshot.instance_id)
    driver, host = run.providers.of_host(host_id)
    return driver, host, snapshot


def _gib(session: Session, snapshot_id: str) -> int:
    return instance_gib(session, session.get_one(Snapshot, snapshot_id).instance_id)


def begin(session: Session, run: Run, _: Result, operation: Operation) -> None:
    snapshot = session.get_one(Snapshot, run.subject_id, populate_existing=True)
    transition(session, snapshot, "build", now=run.now, operation_id=operation.id)


def create(run: Run) -> Result:
    driver, host, snapshot = _where(run)
    needed = Capability.SNAPSHOT_EXTERNAL if snapshot.external else Capability.SNAPSHOT_INTERNAL
    if needed not in driver.capabilities:
        raise Permanent("driver.unsupported", capability=needed.value)
    facts = driver.create_snapshot(
        host,
        snapshot.instance_id,
        snapshot.id,
        external=snapshot.external,
        quiesce=bool(run.params.get("quiesce")),
        within=run.patience,
    )
    return {"quiesced": facts.quiesced}


def uncreate(run: Run) -> None:
    driver, host, snapshot = _where(run)
    driver.delete_snapshot(host, snapshot.instance_id, snapshot.id, within=run.patience)


def created(session: Session, run: Run, result: Result, operation: Operation) -> None:
    snapshot = session.get_one(Snapshot, run.subject_id, populate_existing=True)
    quiesced = bool(result["quiesced"])
    transition(session, snapshot, "ready", now=run.now, operation_id=operation.id, quiesced=quiesced, error=None)


def delete(run: Run) -> Result:
    driver, host, snapshot = _where(run)
    driver.delete_snapshot(host, snapshot.instance_id, snapshot.id, within=run.patience)
    return {}


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    snapshot = session.get_one(Snapshot, run.subject_id, populate_existing=True)
    transition(session, snapshot, "deleted", now=run.now, operation_id=operation.id, deleted_at=run.now)


def stop(run: Run) -> Result | Wait:
    """What is reverted is thrown away, so that there is nothing to shut down cleanly."""
    driver, host, snapshot = _where(run)
    facts = driver.observe_instance(host, snapshot.instance_id, within=SHORT)
    if facts is None or facts.power is not Power.RUNNING:
        return {}
    driver.stop_instance(host, snapshot.instance_id, force=True, within=SHORT)
    return Wait(look_again(run))


def revert(run: Run) -> Result:
    driver, host, snapshot = _where(run)
    driver.revert_snapshot(host, snapshot.instance_id, snapshot.id, within=run.patience)
    return {}


def start(run: Run) -> Result | Wait:
    driver, host, snapshot = _where(run)
    if not run.params.get("was_running"):
        return {"power": Power.STOPPED.value}
    facts = driver.observe_instance(host, snapshot.instance_id, within=SHORT)
    if facts is not None and facts.power is Power.RUNNING:
        return {"power": facts.power.value}
    driver.start_instance(host, snapshot.instance_id, within=SHORT)
    return Wait(look_again(run))


def reverted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    snapshot = session.get_one(Snapshot, run.subject_id)
    instance = session.get_one(Instance, snapshot.instance_id, populate_existing=True)
    event = "run" if result["power"] == Power.RUNNING else "halt"
    transition(
        session, instance, event, now=run.now, operation_id=operation.id, observed_power=result["power"], error=None
    )


def revert_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    snapshot = session.get_one(Snapshot, run.subject_id)
    instance = session.get_one(Instance, snapshot.instance_id, populate_existing=True)
    if instance.state == "reverting":
        error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
        transition(session, instance, "fail", now=run.now, operation_id=operation.id, error=error)


def retry_create(session: Session, operation: Operation, now: datetime) -> None:
    snapshot = session.get_one(Snapshot, operation.subject_id, populate_existing=True)
    transition(session, snapshot, "retry", now=now, operation_id=operation.id, error=None)


def retry_delete(session: Session, operation: Operation, now: datetime) -> None:
    snapshot = session.get_one(Snapshot, operation.subject_id, populate_existing=True)
    transition(session, snapshot, "delete", now=now, operation_id=operation.id)


KINDS = (
    OperationKind(
        "snapshot.create",
        "snapshot",
        (
            StepKind("begin", record=begin),
            StepKind("create", effect=create, record=created, undo=uncreate),
        ),
        seconds=1200,
        gib=_gib,
        on_failure=_fail,
        on_retry=retry_create,
    ),
    OperationKind(
        "snapshot.revert",
        "snapshot",
        (
            StepKind("stop", effect=stop),
            StepKind("revert", effect=revert),
            StepKind("start", effect=start, record=reverted),
        ),
        seconds=1200,
        gib=_gib,
        on_failure=revert_failed,
        cancellable=False,
    ),
    OperationKind(
        "snapshot.delete",
        "snapshot",
        (StepKind("delete", effect=delete, record=deleted),),
        seconds=1200,
        gib=_gib,
        on_failure=_fail,
        on_retry=retry_delete,
        cancellable=False,
    ),
)
