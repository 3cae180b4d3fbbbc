"""What people do to snapshots of volumes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import volume_amount
from egovcloud.drivers.base import Capability
from egovcloud.engine.copies import refuse_copied
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.services.volume_copy import able
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import Operation, Volume, VolumeSnapshot

MAXIMUM = 32  # of one volume


def create(house: House, actor: Actor, *, volume_id: str, name: str) -> Operation:
    """Of a volume, free or in use; its size counts in the quota like the volume's own."""
    with house.write(actor, "volume_snapshot.create", "volume_snapshot") as unit:
        session = unit.session
        volume = visible(session, actor, "volume:read", Volume, volume_id, lock=True)
        unit.about("volume_snapshot", volume, name)
        unit.require("volume_snapshot:create", volume.department_id)
        if volume.state not in ("available", "in_use"):
            raise Conflict("volume_snapshot.volume_state", name=volume.name, state=volume.state)
        able(session, volume, Capability.VOLUME_SNAPSHOT)
        count = len(names_of(session, volume.id))
        if count >= MAXIMUM:
            raise Conflict("volume_snapshot.limit", name=volume.name, count=count, maximum=MAXIMUM)
        snapshot = VolumeSnapshot(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            name=rules.name(name),
            department_id=volume.department_id,
            project_id=volume.project_id,
            volume_id=volume.id,
            size_gib=volume.size_gib,
        )
        session.add(snapshot)
        session.flush()
        unit.about("volume_snapshot", snapshot, volume=volume.name)
        operation = _enqueue(unit, "volume_snapshot.create", snapshot)
        amount, subject = volume_amount(snapshot.size_gib), ("volume_snapshot", snapshot.id)
        ledger.reserve(session, snapshot.department_id, amount, key=operation.id, subject=subject, now=unit.now)
        return operation


def delete(house: House, actor: Actor, id_: str) -> Operation:
    """The volume stays as it is, and so does what was made of the snapshot."""
    with house.write(actor, "volume_snapshot.delete", "volume_snapshot") as unit:
        snapshot = visible(unit.session, actor, "volume_snapshot:read", VolumeSnapshot, id_, lock=True)
        unit.about("volume_snapshot", snapshot)
        unit.require("volume_snapshot:delete", snapshot.department_id)
        refuse_copied(unit.session, snapshot)
        operation = _enqueue(unit, "volume_snapshot.delete", snapshot)
        transition(unit.session, snapshot, "delete", now=unit.now, operation_id=operation.id)
        return operation


def names_of(session: Session, volume_id: str) -> list[str]:
    """Names of the snapshots of a volume that exist or are being made."""
    there = VolumeSnapshot.volume_id == volume_id, VolumeSnapshot.state != "deleted"
    return list(session.scalars(select(VolumeSnapshot.name).where(*there).order_by(VolumeSnapshot.id)))


def _enqueue(unit: Unit, kind: str, snapshot: VolumeSnapshot) -> Operation:
    return enqueue(
        unit.session,
        kind,
        snapshot.id,
        now=unit.now,
        department_id=snapshot.department_id,
        requested_by=unit.actor.user_id,
    )
