"""What a volume is a copy of, and who keeps whom while it is made."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Permanent, Problem, Transient
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.drivers.volume_copies import VOLUME, VolumeSource
from egovcloud.store.models import StoragePool, Volume

MAKING = ("requested", "creating")


def refuse_copied(session: Session, volume: Volume, kind: type[Problem] = Conflict) -> None:
    """``Conflict``, or another ``kind`` of problem, while something is made out of the volume: it stays as it is then.

    Whoever asks holds the row of the volume, as whoever begins a copy of it does.
    """
    copies = select(Volume.name).where(Volume.source_id == volume.id, Volume.state.in_(MAKING))
    copy = session.scalars(copies.limit(1)).first()
    if copy is not None:
        raise kind("volume.being_copied", name=volume.name, copy=copy)


def source_row(session: Session, volume: Volume) -> Volume:
    """What the volume starts as a copy of, held until the end of the transaction; by then it has to be free."""
    source = session.get_one(Volume, volume.source_id, populate_existing=True, with_for_update=True)
    if source.state in LIFECYCLES["volume"].transitional:
        raise Transient("volume.source_state", name=source.name, state=source.state)
    if source.state != "available" or source.host_id is None or source.storage_pool_id is None:
        raise Permanent("volume.source_state", name=source.name, state=source.state)
    return source


def source_of(session: Session, volume: Volume) -> VolumeSource | None:
    """What the driver is told of it."""
    if volume.source_id is None:
        return None
    source = session.get_one(Volume, volume.source_id)
    if source.storage_pool_id is None:
        raise Permanent("volume.not_placed", id=source.id)
    return VolumeSource(VOLUME, source.id, session.get_one(StoragePool, source.storage_pool_id).name)
