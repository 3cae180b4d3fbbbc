"""What a volume is a copy of, and who keeps whom while it is made."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Permanent, Problem, Transient
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.drivers.volume_copies import VOLUME_SNAPSHOT, VolumeSource
from egovcloud.store.models import StoragePool, Volume, VolumeSnapshot

MAKING = ("requested", "creating")


def refuse_copied(session: Session, row: Volume | VolumeSnapshot, kind: type[Problem] = Conflict) -> None:
    """``Conflict``, or another ``kind`` of problem, while something is made out of it: it stays as it is then.

    Whoever asks holds the row, as whoever begins a copy of it does.
    """
    copies = select(Volume.name).where(Volume.source_id == row.id, Volume.state.in_(MAKING))
    copy = session.scalars(copies.limit(1)).first()
    if copy is None and isinstance(row, Volume):
        taken = select(VolumeSnapshot.name).where(VolumeSnapshot.volume_id == row.id, VolumeSnapshot.state.in_(MAKING))
        copy = session.scalars(taken.limit(1)).first()
    if copy is not None:
        raise kind("volume.being_copied", name=row.name, copy=copy)


def source_volume(session: Session, volume: Volume) -> Volume:
    """The volume that tells where the copy will lie; what is copied is held, and has to be free by then."""
    if volume.source_kind == VOLUME_SNAPSHOT:
        snapshot = session.get_one(VolumeSnapshot, volume.source_id, populate_existing=True, with_for_update=True)
        if snapshot.state != "available":
            raise Permanent("volume_snapshot.state", name=snapshot.name, state=snapshot.state)
        source = session.get_one(Volume, snapshot.volume_id)
    else:
        source = session.get_one(Volume, volume.source_id, populate_existing=True, with_for_update=True)
        if source.state in LIFECYCLES["volume"].transitional:
            raise Transient("volume.source_state", name=source.name, state=source.state)
        if source.state != "available":
            raise Permanent("volume.source_state", name=source.name, state=source.state)
    return source


def source_of(session: Session, volume: Volume) -> VolumeSource | None:
    """What the driver is told of it."""
    if volume.source_id is None or volume.source_kind is None:
        return None
    origin = volume.source_id
    if volume.source_kind == VOLUME_SNAPSHOT:
        origin = session.get_one(VolumeSnapshot, volume.source_id).volume_id
    pool_id = session.get_one(Volume, origin).storage_pool_id
    if pool_id is None:
        raise Permanent("volume.not_placed", id=origin)
    return VolumeSource(volume.source_kind, volume.source_id, session.get_one(StoragePool, pool_id).name)
