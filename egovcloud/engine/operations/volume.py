"""Volumes: create, attach, detach, grow and delete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem, Transient
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.domain.quota import volume_amount
from egovcloud.drivers.base import Driver, VolumeSpec
from egovcloud.engine import capacity, tenants
from egovcloud.engine.copies import refuse_copied
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind, Wait
from egovcloud.engine.operations.common import (
    SHORT,
    fail_subject,
    look_again,
    record_wipe,
    wipe_of,
    wipe_result,
    wipes,
)
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Instance, Operation, StoragePool, Volume

_fail = fail_subject(Volume)


def where(run: Run) -> tuple[Driver, str, str, Volume]:
    """(driver, host, pool, row) of the operation's volume."""
    with run.database.read() as session:
        volume = session.get_one(Volume, run.subject_id)
        if volume.host_id is None or volume.storage_pool_id is None:
            raise Permanent("volume.not_placed", id=volume.id)
        pool = session.get_one(StoragePool, volume.storage_pool_id).name
    driver, host = run.providers.of_host(volume.host_id)
    return driver, host, pool, volume


def _row(session: Session, run: Run) -> Volume:
    return session.get_one(Volume, run.subject_id, populate_existing=True)


def ready_instance(session: Session, instance_id: str) -> Instance:
    """The instance, held until the end of the transaction, when nothing is at work that could move it or end it."""
    instance = session.get_one(Instance, instance_id, populate_existing=True, with_for_update=True)
    if instance.state in LIFECYCLES["instance"].transitional:
        raise Transient("instance.not_ready", name=instance.name, state=instance.state)
    if instance.state not in ("active", "stopped"):
        raise Permanent("instance.not_ready", name=instance.name, state=instance.state)
    return instance


# -- create --------------------------------------------------------------------------------------------------------
def place(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """Beside the instance that it is for: its pool is local to that host."""
    volume = _row(session, run)
    instance = ready_instance(session, run.params["instance_id"])
    if instance.host_id is None or instance.storage_pool_id is None:
        raise Permanent("instance.not_placed", id=instance.id)
    ratio = capacity.disk_ratio(session, instance.host_id)
    capacity.claim_pool(session, instance.storage_pool_id, volume.size_gib, ratio)
    transition(
        session,
        volume,
        "build",
        now=run.now,
        operation_id=operation.id,
        host_id=instance.host_id,
        storage_pool_id=instance.storage_pool_id,
    )


def unplace(session: Session, run: Run, operation: Operation) -> None:
    volume = _row(session, run)
    if volume.storage_pool_id is None:
        return
    capacity.claim_pool(session, volume.storage_pool_id, -volume.size_gib, 1.0)
    touch(session, volume, now=run.now, host_id=None, storage_pool_id=None, external_id=None)


def create(run: Run) -> Result:
    driver, host, pool, volume = where(run)
    tenants.ensure(run, driver, volume.project_id, SHORT)
    spec = VolumeSpec(volume.id, volume.name, host, pool, volume.size_gib, tenant=volume.project_id)
    ref = driver.create_volume(spec, within=SHORT)
    # Where a cloud let a second one in, what is seen is what every later call will mean; the sweep takes the other.
    facts = driver.observe_volume(host, pool, volume.id, within=SHORT)
    return {"external_id": (facts.ref if facts else ref).external_id}


def uncreate(run: Run) -> None:
    driver, host, pool, volume = where(run)
    driver.delete_volume(host, pool, volume.id, within=SHORT)


def created(session: Session, run: Run, result: Result, operation: Operation) -> None:
    volume = _row(session, run)
    ledger.commit(
        session,
        volume.department_id,
        volume_amount(volume.size_gib),
        key=operation.id,
        subject=("volume", volume.id),
        now=run.now,
    )
    transition(
        session,
        volume,
        "ready",
        now=run.now,
        operation_id=operation.id,
        external_id=result["external_id"],
        observed_at=run.now,
        error=None,
    )


def create_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    ledger.settle(session, key=f"{operation.id}:{operation.lease}", subject=("volume", run.subject_id), now=run.now)
    _fail(session, run, operation, problem)


def create_retried(session: Session, operation: Operation, now: datetime) -> None:
    volume = session.get_one(Volume, operation.subject_id, populate_existing=True)
    ledger.reserve(
        session,
        volume.department_id,
        volume_amount(volume.size_gib),
        key=f"{operation.id}:{operation.lease}",
        subject=("volume", volume.id),
        now=now,
    )
    transition(session, volume, "retry", now=now, operation_id=operation.id, error=None)


# -- attach and detach ---------------------------------------------------------------------------------------------
def begin_attach(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """For an attach that was planned before the volume existed, the volume enters the state only now."""
    volume = session.get_one(Volume, run.subject_id, populate_existing=True, with_for_update=True)
    if volume.state != "attaching":
        refuse_copied(session, volume, Transient)
        instance = ready_instance(session, run.params["instance_id"])
        place = capacity.beside(session, volume, instance)
        if place is None:
            raise Permanent("volume.other_host", volume=volume.name, instance=instance.name)
        at = run.now
        transition(session, volume, "attach", now=at, operation_id=operation.id, instance_id=instance.id, **place)


def attach(run: Run) -> Result:
    driver, host, pool, volume = where(run)
    device = driver.attach_volume(host, run.params["instance_id"], pool, volume.id, within=SHORT)
    return {"device": device}


def unattach(run: Run) -> None:
    driver, host, _, volume = where(run)
    driver.detach_volume(host, run.params["instance_id"], volume.id, within=SHORT)


def attached(session: Session, run: Run, result: Result, operation: Operation) -> None:
    transition(
        session,
        _row(session, run),
        "attached",
        now=run.now,
        operation_id=operation.id,
        device=result["device"],
        instance_id=run.params["instance_id"],
        error=None,
    )


def retry_attach(session: Session, operation: Operation, now: datetime) -> None:
    """Its first step takes the volume into the state."""


def attach_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It is still there and still free."""
    volume = _row(session, run)
    if volume.state == "attaching":
        error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
        transition(
            session,
            volume,
            "detached",
            now=run.now,
            operation_id=operation.id,
            instance_id=None,
            device=None,
            error=error,
        )


def detach(run: Run) -> Result | Wait:
    """Asked again until the guest has let go."""
    driver, host, _, volume = where(run)
    instance_id = run.params["instance_id"]
    return {} if driver.detach_volume(host, instance_id, volume.id, within=SHORT) else Wait(look_again(run))


def undetach(run: Run) -> None:
    """The journal is about to say that it is still attached; when it is, this changes nothing."""
    driver, host, pool, volume = where(run)
    driver.attach_volume(host, run.params["instance_id"], pool, volume.id, within=SHORT)


def detached(session: Session, run: Run, result: Result, operation: Operation) -> None:
    transition(
        session, _row(session, run), "detached", now=run.now, operation_id=operation.id, instance_id=None, device=None
    )


def detach_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """The guest did not let go: it is still attached."""
    volume = _row(session, run)
    if volume.state == "detaching":
        transition(session, volume, "attached", now=run.now, operation_id=operation.id)


# -- grow ----------------------------------------------------------------------------------------------------------
def claim_growth(session: Session, run: Run, _: Result, operation: Operation) -> None:
    volume = _row(session, run)
    if volume.host_id is None or volume.storage_pool_id is None:
        raise Permanent("volume.not_placed", id=volume.id)
    ratio = capacity.disk_ratio(session, volume.host_id)
    capacity.claim_pool(session, volume.storage_pool_id, run.params["to_gib"] - volume.size_gib, ratio)


def return_growth(session: Session, run: Run, operation: Operation) -> None:
    volume = _row(session, run)
    if "claim" in run.results and volume.storage_pool_id:
        capacity.claim_pool(session, volume.storage_pool_id, volume.size_gib - run.params["to_gib"], 1.0)


def grow(run: Run) -> Result:
    driver, host, pool, volume = where(run)
    driver.grow_volume(host, pool, volume.id, run.params["to_gib"], within=SHORT)
    return {}


def grown(session: Session, run: Run, result: Result, operation: Operation) -> None:
    volume = _row(session, run)
    more = volume_amount(run.params["to_gib"] - volume.size_gib)
    subject = ("volume", volume.id)
    ledger.commit(session, volume.department_id, more, key=operation.id, subject=subject, now=run.now)
    event = "attached" if volume.instance_id else "ready"
    transition(
        session, volume, event, now=run.now, operation_id=operation.id, size_gib=run.params["to_gib"], error=None
    )


def grow_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It keeps the size that it had."""
    volume = _row(session, run)
    more = volume_amount(run.params["to_gib"] - volume.size_gib)
    key = f"{operation.id}:{operation.lease}"
    ledger.cancel(session, volume.department_id, more, key=key, subject=("volume", volume.id), now=run.now)
    event = "attached" if volume.instance_id else "ready"
    error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
    transition(session, volume, event, now=run.now, operation_id=operation.id, error=error)


# -- delete --------------------------------------------------------------------------------------------------------
def wipe(run: Run) -> Result:
    """Overwrite it. A step of its own: the proof is on record before the volume is gone."""
    if not _placed(run):
        return {}
    driver, host, pool, volume = where(run)
    return dict(wipe_result(driver.wipe_volume(host, pool, volume.id, within=run.patience))) if wipes(driver) else {}


def wiped(session: Session, run: Run, result: Result, operation: Operation) -> None:
    record_wipe(session, run.now, operation, _row(session, run), "volume", wipe_of(result))


def delete(run: Run) -> Result:
    if _placed(run):
        driver, host, pool, volume = where(run)
        driver.delete_volume(host, pool, volume.id, within=run.patience)
    return {}


def _placed(run: Run) -> bool:
    with run.database.read() as session:
        return session.get_one(Volume, run.subject_id).host_id is not None


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    volume = _row(session, run)
    if volume.storage_pool_id:
        capacity.claim_pool(session, volume.storage_pool_id, -volume.size_gib, 1.0)
    ledger.settle(session, key=operation.id, subject=("volume", volume.id), now=run.now)
    transition(session, volume, "deleted", now=run.now, operation_id=operation.id, deleted_at=run.now)


def retry_delete(session: Session, operation: Operation, now: datetime) -> None:
    transition(
        session,
        session.get_one(Volume, operation.subject_id, populate_existing=True),
        "delete",
        now=now,
        operation_id=operation.id,
    )


KINDS = (
    OperationKind(
        "volume.create",
        "volume",
        (
            StepKind("place", record=place, undo_record=unplace),
            StepKind("create", effect=create, record=created, undo=uncreate),
        ),
        seconds=600,
        on_failure=create_failed,
        on_retry=create_retried,
    ),
    OperationKind(
        "volume.attach",
        "volume",
        (StepKind("begin", record=begin_attach), StepKind("attach", effect=attach, record=attached, undo=unattach)),
        seconds=300,
        on_failure=attach_failed,
        on_retry=retry_attach,
    ),
    OperationKind(
        "volume.detach",
        "volume",
        (StepKind("detach", effect=detach, record=detached, undo=undetach),),
        seconds=300,
        on_failure=detach_failed,
    ),
    OperationKind(
        "volume.grow",
        "volume",
        (
            StepKind("claim", record=claim_growth, undo_record=return_growth),
            StepKind("grow", effect=grow, record=grown),
        ),
        seconds=300,
        on_failure=grow_failed,
        cancellable=False,  # a disk that has grown cannot shrink
    ),
    OperationKind(
        "volume.delete",
        "volume",
        (StepKind("wipe", effect=wipe, record=wiped), StepKind("delete", effect=delete, record=deleted)),
        seconds=3600,
        gib=lambda session, id_: session.get_one(Volume, id_).size_gib,
        on_failure=_fail,
        on_retry=retry_delete,
        cancellable=False,
    ),
)
