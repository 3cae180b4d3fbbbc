"""A new volume that starts as a copy (克隆) of one that is there, or of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import volume_amount
from egovcloud.drivers.base import Capability
from egovcloud.drivers.volume_copies import VOLUME, VOLUME_SNAPSHOT
from egovcloud.engine import capacity
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import provisioning
from egovcloud.services.actor import Actor
from egovcloud.services.addresses import search_text
from egovcloud.store import ledger
from egovcloud.store.models import Department, Host, Instance, Operation, Project, Provider, Volume, VolumeSnapshot


@dataclass(frozen=True)
class Source:
    """What a copy is made of, looked up and allowed: ``volume`` tells where it lies."""

    kind: str
    id: str
    name: str
    size_gib: int
    volume: Volume


def source(session: Session, actor: Actor, project: Project, wanted: dict[str, str]) -> Source:
    """``Invalid`` for what the actor does not see or may not bring into the project; held until the end.

    Whoever may make volumes in a project's department may in all below it, so that what is copied comes from there.
    """
    id_ = wanted["id"]
    if wanted["kind"] == VOLUME_SNAPSHOT:
        return _snapshot(session, actor, project, id_)
    volume = session.get(Volume, id_, with_for_update=True, populate_existing=True)
    if volume is None or volume.state == "deleted" or not actor.may("volume:read", _path(session, volume)):
        raise Invalid("input.reference", field="source", name="source", id=id_)
    if not _path(session, volume).startswith(_path(session, project)):
        raise Invalid("volume.source_tree", field="source", name=volume.name, project=project.name)
    if volume.instance_id is not None:
        instance = session.get_one(Instance, volume.instance_id)
        raise Conflict("volume.source_in_use", id=volume.name, instance=instance.name)
    if volume.state != "available":
        raise Conflict("volume.source_state", name=volume.name, state=volume.state)
    able(session, volume, Capability.VOLUME_CLONE)
    return Source(VOLUME, volume.id, volume.name, volume.size_gib, volume)


def _snapshot(session: Session, actor: Actor, project: Project, id_: str) -> Source:
    snapshot = session.get(VolumeSnapshot, id_, with_for_update=True, populate_existing=True)
    unseen = snapshot is None or not actor.may("volume_snapshot:read", _path(session, snapshot))
    if snapshot is None or unseen or snapshot.state == "deleted":
        raise Invalid("input.reference", field="source", name="source", id=id_)
    if not _path(session, snapshot).startswith(_path(session, project)):
        raise Invalid("volume.source_tree", field="source", name=snapshot.name, project=project.name)
    if snapshot.state != "available":
        raise Conflict("volume_snapshot.state", name=snapshot.name, state=snapshot.state)
    volume = session.get_one(Volume, snapshot.volume_id)
    able(session, volume, Capability.VOLUME_SNAPSHOT)
    return Source(VOLUME_SNAPSHOT, snapshot.id, snapshot.name, snapshot.size_gib, volume)


def _path(session: Session, row: Volume | VolumeSnapshot | Project) -> str:
    return session.get_one(Department, row.department_id).path


def able(session: Session, volume: Volume, capability: Capability) -> None:
    """``Conflict`` where the volume's cloud is known not to be able to."""
    host = session.get(Host, volume.host_id or "")
    provider = session.get(Provider, host.provider_id) if host else None
    known = set(provider.capabilities) if provider else set()
    if known and capability not in known:  # before the first look, the operation finds out
        raise Conflict("driver.unsupported", capability=capability.value)


def copied(
    session: Session,
    owner: provisioning.Owner,
    origin: Source,
    *,
    name: str,
    size_gib: int,
    instance: Instance | None,
    now: datetime,
) -> tuple[Volume, Operation]:
    """The row, its quota and the operations: it is copied, then attached where an instance is named."""
    if size_gib < origin.size_gib:
        raise Invalid(
            "volume.source_size", field="size_gib", id=origin.name, size_gib=size_gib, source_gib=origin.size_gib
        )
    if instance is not None and capacity.seen_from(session, origin.volume.storage_pool_id, instance.host_id) is None:
        raise Conflict("volume.other_host", volume=origin.name, instance=instance.name)
    project = owner.project
    volume = Volume(
        id=new_id(),
        created_at=now,
        updated_at=now,
        name=name,
        department_id=project.department_id,
        project_id=project.id,
        application_id=owner.application.id if owner.application else None,
        size_gib=size_gib,
        source_kind=origin.kind,
        source_id=origin.id,
        search=search_text(name),
    )
    session.add(volume)
    session.flush()
    costs = {volume.id: volume_amount(size_gib)}
    ledger.reserve_all(session, project.department_id, costs, subject_type="volume", now=now)
    params = {"instance_id": instance.id if instance else None}

    def order(kind: str, *needs: str) -> Operation:
        return enqueue(
            session,
            kind,
            volume.id,
            now=now,
            department_id=project.department_id,
            params=params,
            requested_by=owner.user_id,
            needs=needs,
        )

    made = order("volume.clone")
    return volume, order("volume.attach", made.id) if instance is not None else made
