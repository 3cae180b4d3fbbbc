"""Access keys in the count of a provider's buckets: what nobody waits for, what is gone, and what has no row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.drivers.objects import ObjectCapability, ObjectStore
from egovcloud.engine.kinds import Run
from egovcloud.engine.operations.bucket_key import LAPSE, start_deletion
from egovcloud.engine.operations.common import SHORT
from egovcloud.engine.operations.provider_observe import SWEEP_AGE
from egovcloud.store.journal import transition
from egovcloud.store.models import Bucket, BucketKey, Operation

log = structlog.get_logger()

GONE = "bucket_key.gone"


def look(run: Run, store: ObjectStore) -> dict[str, Any]:
    """Rows are read after the endpoint was: a key is never made before its row."""
    able = ObjectCapability.BUCKET_ACCESS_KEY in store.capabilities
    owned = {one.id: one.external_id for one in store.list_keys(within=SHORT)} if able else {}
    with run.database.read() as session:
        rows = session.scalars(
            select(BucketKey)
            .join(Bucket, Bucket.id == BucketKey.bucket_id)
            .where(
                BucketKey.id.in_(owned) | (Bucket.provider_id == run.subject_id),
                BucketKey.state != "deleted",
            )
        ).all()
    known = {row.id for row in rows}
    age = timedelta(seconds=float(run.params.get("sweep_age", SWEEP_AGE)))
    found: dict[str, list[list[Any]]] = {
        # A list may lag behind what was just made.
        "gone": [
            [row.id, row.generation]
            for row in rows
            if able and row.state == "available" and row.id not in owned and run.now - row.updated_at >= age
        ],
        "back": [
            [row.id, row.generation]
            for row in rows
            if row.state == "error" and row.id in owned and (row.error or {}).get("code") == GONE
        ],
        "lapsed": [
            [row.id, row.generation] for row in rows if row.state == "creating" and run.now - row.created_at >= LAPSE
        ],
    }
    orphans = [[id_, external_id] for id_, external_id in owned.items() if id_ not in known]
    return {**found, "orphans": orphans if able else None}


def write(session: Session, run: Run, found: Mapping[str, Any], operation: Operation) -> None:
    """A row that moved since it was read is left to its mover."""
    for event in ("gone", "back", "lapsed"):
        for id_, generation in found[event]:
            row = session.get(BucketKey, id_, populate_existing=True)
            if row is None or row.generation != generation:
                continue
            if event == "lapsed":
                start_deletion(session, row, now=run.now, requested_by=row.created_by)
                continue
            error = {"code": GONE, "params": {"name": row.name}} if event == "gone" else None
            moved = "gone" if event == "gone" else "ready"
            data = {"out_of_band": True}
            transition(session, row, moved, now=run.now, operation_id=operation.id, data=data, error=error)


def sweep(run: Run, store: ObjectStore, doomed: list[list[str]]) -> list[list[str]]:
    """Keys of no row end, unless a row came meanwhile."""
    removed = []
    for id_, external_id in doomed:
        with run.database.read() as session:
            row = session.get(BucketKey, id_)
        if row is not None and row.state != "deleted":
            continue
        try:
            store.delete_key(id_, within=SHORT)
            removed.append([id_, external_id])
        except Problem as problem:
            log.warning("orphaned key stays", external_id=external_id, reason=problem.text("en"))
    return removed
