"""What an instance takes of its host, given back while it is shelved and counted again when it is not.

Its disk goes on taking room only where it lies in storage that all hosts share.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.engine import capacity
from egovcloud.store.models import Instance, StoragePool


def leave(session: Session, instance: Instance) -> None:
    """Give back what a shelved instance does not take."""
    _count(session, instance, -1)


def come_back(session: Session, instance: Instance) -> None:
    """Count what is there already, whether or not there is room: the cloud brought it back by itself."""
    _count(session, instance, 1)


def as_seen(session: Session, instance: Instance, event: str, now: datetime) -> dict[str, datetime | None]:
    """Changes of its row for the power that was seen, with the room that goes or comes."""
    if event == "seen_shelved" and instance.shelved_at is None:
        leave(session, instance)
        return {"shelved_at": now}
    if event in ("seen_running", "seen_stopped") and instance.shelved_at is not None:
        come_back(session, instance)
        return {"shelved_at": None}
    return {}


def local(session: Session, instance: Instance) -> bool:
    """Whether its disk lies in a pool that is its host's alone."""
    pool = session.get(StoragePool, instance.storage_pool_id or "")
    return pool is not None and not pool.shared


def _count(session: Session, instance: Instance, sign: int) -> None:
    if instance.host_id is None:
        return
    capacity.return_host(session, instance.host_id, -sign * instance.vcpus, -sign * instance.memory_mib)
    if local(session, instance):
        capacity.note_pool(session, instance.storage_pool_id or "", sign * instance.disk_gib)
