"""Removes what bears our marker, has no row, and was seen twice; everything else is left alone."""

from __future__ import annotations

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import Owned, OwnedKind
from egovcloud.engine.kinds import Result, Run
from egovcloud.engine.operations.common import SHORT
from egovcloud.engine.operations.provider_observe import wanted
from egovcloud.planner.reconcile import Seen, disowned
from egovcloud.store.journal import emit
from egovcloud.store.models import Operation, Provider, Sighting

log = structlog.get_logger()

# An instance holds its disks and networks, so that it goes first.
ORDER = (
    "instance",
    "snapshot",
    "volume_snapshot",
    "volume",
    "floating_address",
    "network",
    "security_group",
    "image",
    "tenant",
)


def remove(run: Run) -> Result:
    """Each one by its external id; one that can't be removed now stays in sight for the next tick."""
    doomed = run.results["observe"].get("doomed", [])
    if not doomed:
        return {"removed": []}
    with run.database.read() as session:
        provider = session.get_one(Provider, run.subject_id)
    driver = run.providers.driver(provider)
    removed = []
    for one in sorted(doomed, key=lambda o: ORDER.index(o["kind"])):
        if not _still_orphan(run, one):
            continue
        try:
            driver.delete_owned(Owned(OwnedKind(one["kind"]), one["id"], one["external_id"], one["host"]), within=SHORT)
            removed.append(one)
        except Problem as problem:
            log.warning("orphan stays", external_id=one["external_id"], host=one["host"], reason=problem.text("en"))
    return {"removed": removed}


def _still_orphan(run: Run, one: dict[str, str]) -> bool:
    """Asked again at the last moment: a worker may have been away since it looked, and a retry may have adopted it."""
    with run.database.read() as session:
        rows = {(row.kind, row.id): row for row in wanted(session, run.subject_id, every=True, only=one["id"])}
    row = rows.get((one["kind"], one["id"]))
    if row is not None and one["kind"] == "snapshot":
        return True  # a second copy: its row does not say which of them it means, and did not when it was doomed
    return disowned(Seen(one["kind"], one["id"], one["external_id"], one["host"]), row)


def removed(session: Session, run: Run, result: Result, operation: Operation) -> None:
    for one in result["removed"]:
        session.execute(
            delete(Sighting).where(
                Sighting.provider_id == run.subject_id,
                Sighting.host == one["host"],
                Sighting.kind == one["kind"],
                Sighting.external_id == one["external_id"],
            )
        )
        emit(
            session,
            run.now,
            "orphan.remove",
            one["kind"],
            one["id"],
            department_id=None,
            operation_id=operation.id,
            data={"external_id": one["external_id"], "host": one["host"]},
        )
