"""Volumes that start as a copy: they lie in the pool of what they are copied from."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import VolumeSpec
from egovcloud.engine import capacity, tenants
from egovcloud.engine.copies import source_of, source_volume
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT
from egovcloud.engine.operations.volume import (
    create_failed,
    create_retried,
    created,
    ready_instance,
    uncreate,
    unplace,
    where,
)
from egovcloud.store.journal import transition
from egovcloud.store.models import Operation, Volume


def place(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """In the pool of the source; on the host of the instance that it is for, where that host sees the pool."""
    volume = session.get_one(Volume, run.subject_id, populate_existing=True)
    source = source_volume(session, volume)
    host_id: str | None = source.host_id
    pool_id = source.storage_pool_id
    if run.params.get("instance_id"):
        instance = ready_instance(session, run.params["instance_id"])
        host_id, pool_id = instance.host_id, capacity.seen_from(session, pool_id, instance.host_id)
    if host_id is None or pool_id is None:
        raise Permanent("volume.other_host", volume=source.name, instance=str(run.params.get("instance_id")))
    capacity.claim_pool(session, pool_id, volume.size_gib, capacity.disk_ratio(session, host_id))
    transition(
        session, volume, "build", now=run.now, operation_id=operation.id, host_id=host_id, storage_pool_id=pool_id
    )


def copy(run: Run) -> Result:
    """As the creation of an empty one, with the time that the data need."""
    driver, host, pool, volume = where(run)
    with run.database.read() as session:
        source = source_of(session, session.get_one(Volume, volume.id))
    tenants.ensure(run, driver, volume.project_id, SHORT)
    spec = VolumeSpec(volume.id, volume.name, host, pool, volume.size_gib, tenant=volume.project_id, source=source)
    ref = driver.create_volume(spec, within=run.patience)
    facts = driver.observe_volume(host, pool, volume.id, within=SHORT)
    return {"external_id": (facts.ref if facts else ref).external_id}


KINDS = (
    OperationKind(
        "volume.clone",
        "volume",
        (
            StepKind("place", record=place, undo_record=unplace),
            StepKind("copy", effect=copy, record=created, undo=uncreate),
        ),
        seconds=1200,
        gib=lambda session, id_: session.get_one(Volume, id_).size_gib,
        on_failure=create_failed,
        on_retry=create_retried,
    ),
)
