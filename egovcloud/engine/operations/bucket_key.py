"""Access keys of buckets: their end is an operation; their beginning is not, because no journal may hold the secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.drivers.objects import ObjectCapability, ObjectStore
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT
from egovcloud.store.journal import transition
from egovcloud.store.models import Bucket, BucketKey, Operation, Provider

MAKING = 30.0  # seconds that the endpoint may take to make a key
LAPSE = timedelta(seconds=4 * MAKING)  # a key that is still being made after so long has nobody who waits for it


def start_deletion(session: Session, key: BucketKey, *, now: datetime, requested_by: str | None = None) -> Operation:
    """The row on its way out, with the operation that owns it."""
    operation = end(session, key, now=now, requested_by=requested_by)
    transition(session, key, "delete", now=now, operation_id=operation.id, error=None)
    return operation


def end(session: Session, key: BucketKey, *, now: datetime, requested_by: str | None = None) -> Operation:
    """The operation that ends whatever the endpoint has of the key; it is seen with those of its bucket."""
    from egovcloud.engine.enqueue import enqueue  # it knows every kind of operation, this one among them

    return enqueue(
        session,
        "bucket_key.delete",
        key.bucket_id,
        now=now,
        department_id=key.department_id,
        params={"key_id": key.id, "name": key.name},
        requested_by=requested_by,
    )


def end_all(run: Run, store: ObjectStore, bucket_id: str) -> None:
    """At the endpoint, every key of a bucket that is about to go."""
    if ObjectCapability.BUCKET_ACCESS_KEY not in store.capabilities:
        return
    with run.database.read() as session:
        keys = _live(session, bucket_id)
    for key in keys:
        store.delete_key(key.id, within=SHORT)


def all_ended(session: Session, bucket_id: str, operation: Operation, now: datetime) -> None:
    """The bucket is gone: its keys open nothing, and what still ends one of them finds that done."""
    for key in _live(session, bucket_id):
        transition(session, key, "deleted", now=now, operation_id=operation.id, deleted_at=now, error=None)


def _live(session: Session, bucket_id: str) -> Sequence[BucketKey]:
    return session.scalars(
        select(BucketKey).where(BucketKey.bucket_id == bucket_id, BucketKey.state != "deleted")
    ).all()


def delete(run: Run) -> Result:
    """At an endpoint that is no longer ours there is nothing to be ended."""
    with run.database.read() as session:
        bucket = session.get_one(Bucket, run.subject_id)
        provider = session.get(Provider, bucket.provider_id) if bucket.provider_id else None
    if provider is not None:
        run.providers.store(provider).delete_key(run.params["key_id"], within=SHORT)
    return {}


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    key = session.get_one(BucketKey, run.params["key_id"], populate_existing=True)
    if key.state == "deleting":
        transition(session, key, "deleted", now=run.now, operation_id=operation.id, deleted_at=run.now, error=None)


def delete_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    key = session.get_one(BucketKey, run.params["key_id"], populate_existing=True)
    if key.state == "deleting":
        error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
        transition(session, key, "fail", now=run.now, operation_id=operation.id, error=error)


def delete_retried(session: Session, operation: Operation, now: datetime) -> None:
    key = session.get_one(BucketKey, operation.params["key_id"], populate_existing=True)
    if key.state != "deleted":
        transition(session, key, "delete", now=now, operation_id=operation.id, error=None)


KINDS = (
    OperationKind(
        "bucket_key.delete",
        "bucket",
        (StepKind("delete", effect=delete, record=deleted),),
        seconds=24 * 3600,
        on_failure=delete_failed,
        on_retry=delete_retried,
        cancellable=False,
    ),
)
