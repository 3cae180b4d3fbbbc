"""Buckets: create, update and delete. Their names derive from our ids, so that each effect finds its own work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem
from egovcloud.domain.quota import bucket_amount, object_amount
from egovcloud.drivers.objects import BucketSpec, ObjectCapability, ObjectStore
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind, Wait
from egovcloud.engine.operations import bucket_key
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import Bucket, Operation, Provider, Upload, UploadPart

GIB = 1024**3
EMPTYING = 60.0  # seconds that one call may spend on deleting objects; it is asked again until nothing is left
SETTINGS = ("name", "quota_gib", "versioning", "expire_days", "expire_prefix")

_fail = fail_subject(Bucket)


def _row(session: Session, run: Run) -> Bucket:
    return session.get_one(Bucket, run.subject_id, populate_existing=True)


def _where(run: Run) -> tuple[ObjectStore, Bucket]:
    with run.database.read() as session:
        bucket = session.get_one(Bucket, run.subject_id)
        if bucket.provider_id is None:
            raise Permanent("bucket.absent", id=bucket.id)
        provider = session.get_one(Provider, bucket.provider_id)
    return run.providers.store(provider), bucket


def spec(bucket_id: str, store: ObjectStore, settings: Mapping[str, Any]) -> BucketSpec:
    """A bucket as the endpoint is to make it, without what it does not know."""
    able = store.capabilities
    expires = ObjectCapability.BUCKET_EXPIRY in able
    return BucketSpec(
        bucket_id,
        settings["name"],
        settings["quota_gib"] * GIB if ObjectCapability.BUCKET_QUOTA in able else None,
        bool(settings["versioning"]) and ObjectCapability.BUCKET_VERSIONING in able,
        settings["expire_days"] if expires else None,
        settings["expire_prefix"] if expires else "",
    )


def settings_of(bucket: Bucket) -> dict[str, Any]:
    """What people may change of it."""
    return {name: getattr(bucket, name) for name in SETTINGS}


# -- create --------------------------------------------------------------------------------------------------------
def create(run: Run) -> Result:
    store, bucket = _where(run)
    return {"external_id": store.create_bucket(spec(bucket.id, store, settings_of(bucket)), within=SHORT).external_id}


def uncreate(run: Run) -> None:
    """Nobody was told of it, so that it is empty."""
    store, bucket = _where(run)
    store.delete_bucket(bucket.id, within=SHORT)


def created(session: Session, run: Run, result: Result, operation: Operation) -> None:
    bucket = _row(session, run)
    amount, subject = bucket_amount(bucket.quota_gib), ("bucket", bucket.id)
    ledger.commit(session, bucket.department_id, amount, key=operation.id, subject=subject, now=run.now)
    changes: dict[str, Any] = {"external_id": result["external_id"], "error": None}
    transition(session, bucket, "ready", now=run.now, operation_id=operation.id, **changes)


def create_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    ledger.settle(session, key=f"{operation.id}:{operation.lease}", subject=("bucket", run.subject_id), now=run.now)
    _fail(session, run, operation, problem)


def create_retried(session: Session, operation: Operation, now: datetime) -> None:
    bucket = session.get_one(Bucket, operation.subject_id, populate_existing=True)
    amount, subject = bucket_amount(bucket.quota_gib), ("bucket", bucket.id)
    key = f"{operation.id}:{operation.lease}"
    ledger.reserve(session, bucket.department_id, amount, key=key, subject=subject, now=now)
    transition(session, bucket, "retry", now=now, operation_id=operation.id, error=None)


# -- update --------------------------------------------------------------------------------------------------------
def configure(run: Run) -> Result:
    store, bucket = _where(run)
    store.configure_bucket(spec(bucket.id, store, run.params["wanted"]), within=SHORT)
    return {}


def unconfigure(run: Run) -> None:
    """The row still says what it was."""
    store, bucket = _where(run)
    store.configure_bucket(spec(bucket.id, store, settings_of(bucket)), within=SHORT)


def _growth(bucket: Bucket, operation: Operation) -> int:
    wanted: int = operation.params["wanted"]["quota_gib"]
    return wanted - bucket.quota_gib


def configured(session: Session, run: Run, result: Result, operation: Operation) -> None:
    bucket = _row(session, run)
    more, subject = _growth(bucket, operation), ("bucket", bucket.id)
    move = ledger.commit if more > 0 else ledger.release
    move(session, bucket.department_id, object_amount(abs(more)), key=operation.id, subject=subject, now=run.now)
    wanted = {name: operation.params["wanted"][name] for name in SETTINGS}
    changes: dict[str, Any] = {**wanted, "search": wanted["name"].lower(), "error": None}
    transition(session, bucket, "ready", now=run.now, operation_id=operation.id, **changes)


def update_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It keeps what it had."""
    bucket = _row(session, run)
    if bucket.state != "updating":
        return
    more, key = _growth(bucket, operation), f"{operation.id}:{operation.lease}"
    if more > 0:
        subject = ("bucket", bucket.id)
        ledger.cancel(session, bucket.department_id, object_amount(more), key=key, subject=subject, now=run.now)
    error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
    transition(session, bucket, "ready", now=run.now, operation_id=operation.id, error=error)


# -- delete --------------------------------------------------------------------------------------------------------
def empty(run: Run) -> Result | Wait:
    """Its keys first. What it holds only when that was confirmed too; some at a time: no call lasts for ever."""
    if not _made(run):
        return {}
    store, bucket = _where(run)
    bucket_key.end_all(run, store, bucket.id)
    if not run.params.get("contents"):
        return {}
    return {} if store.empty_bucket(bucket.id, within=EMPTYING) else Wait(0.0)


def delete(run: Run) -> Result:
    if _made(run):
        store, bucket = _where(run)
        store.delete_bucket(bucket.id, within=SHORT)
    return {}


def _made(run: Run) -> bool:
    with run.database.read() as session:
        return session.get_one(Bucket, run.subject_id).external_id is not None


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    bucket = _row(session, run)
    forget_uploads(session, bucket.id)
    bucket_key.all_ended(session, bucket.id, operation, run.now)
    ledger.settle(session, key=operation.id, subject=("bucket", bucket.id), now=run.now)
    changes: dict[str, Any] = {"deleted_at": run.now, "objects": 0, "bytes": 0}
    transition(session, bucket, "deleted", now=run.now, operation_id=operation.id, **changes)


def forget_uploads(session: Session, bucket_id: str) -> None:
    """What was on its way into it never arrives."""
    uploads = select(Upload.id).where(Upload.bucket_id == bucket_id)
    session.execute(sql_delete(UploadPart).where(UploadPart.upload_id.in_(uploads)))
    session.execute(sql_delete(Upload).where(Upload.bucket_id == bucket_id))


def retry_delete(session: Session, operation: Operation, now: datetime) -> None:
    bucket = session.get_one(Bucket, operation.subject_id, populate_existing=True)
    transition(session, bucket, "delete", now=now, operation_id=operation.id)


KINDS = (
    OperationKind(
        "bucket.create",
        "bucket",
        (StepKind("create", effect=create, record=created, undo=uncreate),),
        seconds=300,
        on_failure=create_failed,
        on_retry=create_retried,
    ),
    OperationKind(
        "bucket.update",
        "bucket",
        (StepKind("configure", effect=configure, record=configured, undo=unconfigure),),
        seconds=300,
        on_failure=update_failed,
    ),
    OperationKind(
        "bucket.delete",
        "bucket",
        (StepKind("empty", effect=empty), StepKind("delete", effect=delete, record=deleted)),
        seconds=6 * 3600,
        on_failure=_fail,
        on_retry=retry_delete,
        cancellable=False,
    ),
)
