"""Snapshots of volumes as rows that a cloud is compared with, and what is accepted of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.engine.drifts.subject import held
from egovcloud.planner.reconcile import Wanted
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import Drift, Host, StoragePool, Volume, VolumeSnapshot

KIND = "volume_snapshot"


def rows(session: Session, provider_id: str | None = None, only: str | None = None) -> list[Wanted]:
    """Every snapshot that is not deleted, on the host of its volume; of one provider or all, or just ``only``."""
    statement = (
        select(VolumeSnapshot, Host.name, StoragePool.shared)
        .join(Volume, Volume.id == VolumeSnapshot.volume_id)
        .outerjoin(Host, Host.id == Volume.host_id)
        .outerjoin(StoragePool, StoragePool.id == Volume.storage_pool_id)
        .where(VolumeSnapshot.state != "deleted")
    )
    if provider_id is not None:
        statement = statement.where(Host.provider_id == provider_id)
    if only is not None:
        statement = statement.where(VolumeSnapshot.id == only)
    busy = LIFECYCLES[KIND].transitional
    return [
        Wanted(
            KIND,
            row.id,
            row.state,
            row.generation,
            host or "",
            row.external_id,
            row.state not in busy,
            bool(shared),
            {"volume": row.volume_id},
        )
        for row, host, shared in session.execute(statement)
    ]


def calm(session: Session, provider_id: str, busy: set[str]) -> list[Wanted]:
    """Those that nothing is at work on, on their volume neither: that one may be on its way to another host."""
    return [
        replace(row, settled=row.settled and not busy & {row.id, row.facts["volume"]})
        for row in rows(session, provider_id)
    ]


def gone(session: Session, drift: Drift, now: datetime) -> None:
    """What is not there any more is deleted here too, and costs nothing."""
    row = held(session, VolumeSnapshot, drift.subject_id, "available")
    ledger.settle(session, key=f"{drift.id}:{drift.generation}", subject=(KIND, row.id), now=now)
    transition(session, row, "delete", now=now, data={"out_of_band": True, "drift": drift.id})
    transition(session, row, "deleted", now=now, deleted_at=now)
