"""Counts what each bucket of a provider holds, finds those that are gone or nobody's, and ends stale uploads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from egovcloud.domain.clouds import COMPUTE
from egovcloud.domain.errors import Problem
from egovcloud.drivers.objects import OBJECT_CAPABILITIES, ObjectStore, Usage
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations import provider_keys
from egovcloud.engine.operations.common import SHORT
from egovcloud.engine.operations.provider_observe import SWEEP_AGE, failed
from egovcloud.store.journal import emit, transition
from egovcloud.store.models import Bucket, BucketSample, Operation, Provider, Sighting, Upload, UploadPart

log = structlog.get_logger()

HOST = "objects"  # in the place of a host's name in sightings
COUNTING = 60.0  # seconds that one bucket may take; one without a number keeps the last one
AT_ONCE = 4
STALE = timedelta(days=7)  # an upload that nobody went on with for so long is given up


def _store(run: Run) -> ObjectStore:
    with run.database.read() as session:
        provider = session.get_one(Provider, run.subject_id)
    return run.providers.store(provider)


def look(run: Run) -> Result:
    """Rows are read after the endpoint was: a bucket is never made before its row."""
    store = _store(run)
    begun = time.perf_counter()
    owned = {one.id: one.external_id for one in store.list_owned(within=SHORT)}
    latency = time.perf_counter() - begun
    with run.database.read() as session:
        rows = session.execute(
            select(Bucket.id, Bucket.state, Bucket.generation, Bucket.external_id, Bucket.provider_id).where(
                Bucket.id.in_(owned) | (Bucket.provider_id == run.subject_id), Bucket.state != "deleted"
            )
        ).all()
    known = {row.id for row in rows}
    counted = [row.id for row in rows if row.id in owned and row.external_id is not None]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        usages = dict(zip(counted, pool.map(lambda id_: _count(store, id_), counted), strict=True))
    return {
        "latency_ms": round(latency * 1000),
        "capabilities": sorted(one.value for one in store.capabilities),
        "usage": {id_: [one.objects, one.bytes] for id_, one in usages.items() if one is not None},
        "gone": [
            [row.id, row.generation]
            for row in rows
            if row.state == "available" and row.id not in owned and _really_gone(store, row.id)
        ],
        "back": [
            [row.id, row.generation] for row in rows if row.state == "error" and row.id in owned and row.external_id
        ],
        "orphans": [[id_, external_id] for id_, external_id in owned.items() if id_ not in known],
        "keys": provider_keys.look(run, store),
    }


def _count(store: ObjectStore, bucket_id: str) -> Usage | None:
    try:
        return store.usage(bucket_id, within=COUNTING)
    except Problem as problem:
        log.warning("bucket not counted", bucket=bucket_id, reason=problem.text("en"))
        return None


def _really_gone(store: ObjectStore, bucket_id: str) -> bool:
    """Ask for exactly this one before saying so: a list may lag behind."""
    try:
        return store.observe_bucket(bucket_id, within=SHORT) is None
    except Problem:
        return False


def write(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """Figures, differences and sightings; a row that moved since it was read is left to its mover."""
    provider = session.get_one(Provider, run.subject_id, populate_existing=True)
    provider.checked_at, provider.problem = run.now, None
    if provider.driver not in COMPUTE:  # of a cloud that runs machines, its own look tells
        provider.latency_ms = result["latency_ms"]
    others = [one for one in provider.capabilities if one not in OBJECT_CAPABILITIES]
    if sorted({*others, *result["capabilities"]}) != sorted(provider.capabilities):
        provider.capabilities = sorted({*others, *result["capabilities"]})
    for id_, (objects, size) in result["usage"].items():
        _write_usage(session, run, id_, objects, size)
    for event, listed in (("gone", result["gone"]), ("ready", result["back"])):
        for id_, generation in listed:
            row = session.get(Bucket, id_, populate_existing=True)
            if row is not None and row.generation == generation:
                error = {"code": "bucket.gone", "params": {"id": row.name}} if event == "gone" else None
                data = {"out_of_band": True}
                transition(session, row, event, now=run.now, operation_id=operation.id, data=data, error=error)
    result["doomed"] = _sight(session, run, "bucket", result.pop("orphans"))
    keys = result.pop("keys")
    provider_keys.write(session, run, keys, operation)
    if keys["orphans"] is not None:
        result["doomed_keys"] = _sight(session, run, "bucket_key", keys["orphans"])


def _write_usage(session: Session, run: Run, id_: str, objects: int, size: int) -> None:
    # Not guarded: how much is in it is no reason for anybody's change to be turned away.
    values = {"objects": objects, "bytes": size, "metered_at": run.now}
    session.execute(update(Bucket).where(Bucket.id == id_, Bucket.state != "deleted").values(values))
    day = run.now.date().isoformat()
    sample = session.get(BucketSample, (id_, day))
    if sample is None:
        session.add(BucketSample(bucket_id=id_, day=day, objects=objects, bytes=size))
    elif size > sample.bytes or objects > sample.objects:
        sample.objects, sample.bytes = max(objects, sample.objects), max(size, sample.bytes)


def _sight(session: Session, run: Run, kind: str, orphans: Sequence[Sequence[str]]) -> list[list[str]]:
    """Remember what was seen; what was seen before, long enough ago, is doomed."""
    mine = (Sighting.provider_id == run.subject_id, Sighting.kind == kind)
    known = {one.external_id: one for one in session.scalars(select(Sighting).where(*mine))}
    age = timedelta(seconds=float(run.params.get("sweep_age", SWEEP_AGE)))
    doomed = []
    for id_, external_id in orphans:
        sighting = known.pop(external_id, None)
        if sighting is None:
            values: dict[str, Any] = {"provider_id": run.subject_id, "host": HOST, "kind": kind, "object_id": id_}
            times = {"first_seen_at": run.now, "last_seen_at": run.now}
            session.add(Sighting(external_id=external_id, **values, **times))
        else:
            sighting.last_seen_at = run.now
            if run.now - sighting.first_seen_at >= age:
                doomed.append([id_, external_id])
    for gone in known.values():
        session.delete(gone)
    return doomed


def sweep(run: Run) -> Result:
    """Orphans that are empty go; one that holds anything stays in sight, for somebody's data may be all there is."""
    doomed, removed = run.results["observe"].get("doomed", []), []
    store = _store(run) if doomed else None
    for id_, external_id in doomed:
        with run.database.read() as session:
            row = session.get(Bucket, id_)
        if store is None or (row is not None and row.state != "deleted"):
            continue
        try:
            store.delete_bucket(id_, within=SHORT)
            removed.append([id_, external_id])
        except Problem as problem:
            log.warning("orphan stays", external_id=external_id, reason=problem.text("en"))
    keys = run.results["observe"].get("doomed_keys", [])
    ended = provider_keys.sweep(run, _store(run), keys) if keys else []
    return {"removed": removed, "removed_keys": ended, "ended": _end_stale(run)}


def _end_stale(run: Run) -> list[str]:
    """Parts of uploads that nobody goes on with take room that no list shows."""
    with run.database.read() as session:
        stale = session.scalars(
            select(Upload)
            .join(Bucket, Bucket.id == Upload.bucket_id)
            .where(Bucket.provider_id == run.subject_id, Upload.created_at < run.now - STALE)
        ).all()
    ended = []
    for upload in stale:
        try:
            _store(run).abort_upload(upload.bucket_id, upload.key, upload.external_id, within=SHORT)
            ended.append(upload.id)
        except Problem as problem:
            log.warning("stale upload stays", upload=upload.id, reason=problem.text("en"))
    return ended


def swept(session: Session, run: Run, result: Result, operation: Operation) -> None:
    removed = [("bucket", *one) for one in result["removed"]]
    removed += [("bucket_key", *one) for one in result["removed_keys"]]
    for kind, id_, external_id in removed:
        seen = (Sighting.provider_id == run.subject_id, Sighting.kind == kind, Sighting.external_id == external_id)
        session.execute(delete(Sighting).where(*seen))
        emit(
            session,
            run.now,
            "orphan.remove",
            kind,
            id_,
            department_id=None,
            operation_id=operation.id,
            data={"external_id": external_id, "host": HOST},
        )
    session.execute(delete(UploadPart).where(UploadPart.upload_id.in_(result["ended"])))
    session.execute(delete(Upload).where(Upload.id.in_(result["ended"])))


KINDS = (
    OperationKind(
        "provider.meter",
        "provider",
        (StepKind("observe", effect=look, record=write), StepKind("sweep", effect=sweep, record=swept)),
        seconds=1800,
        on_failure=failed,
        internal=True,
    ),
)
