"""What people do to snapshots."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import Capability
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.services.instance import snapshots_of
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Image, Instance, Operation, Provider, Snapshot

MAXIMUM = 16  # of one instance: every one of them slows its disk down


def create(
    house: House, actor: Actor, *, instance_id: str, name: str, external: bool | None = None, quiesce: bool = True
) -> Operation:
    """Of all disks of an instance; ``quiesce`` freezes the guest's file systems where its agent answers.

    ``external`` says where it is kept: beside the disk, inside of it, or (``None``) as this machine and its cloud can.
    """
    with house.write(actor, "snapshot.create", "snapshot") as unit:
        session = unit.session
        instance = visible(session, actor, "instance:read", Instance, instance_id, lock=True)
        unit.about("snapshot", instance, name)
        unit.require("snapshot:create", instance.department_id)
        if instance.state not in ("active", "stopped"):
            raise Conflict("instance.not_ready", name=instance.name, state=instance.state)
        existing = snapshots_of(session, instance.id)
        if len(existing) >= MAXIMUM:
            raise Conflict("snapshot.limit", name=instance.name, count=len(existing), maximum=MAXIMUM)
        snapshot = Snapshot(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            name=rules.name(name),
            department_id=instance.department_id,
            instance_id=instance.id,
            external=_external(session, instance, external, existing),
        )
        session.add(snapshot)
        session.flush()
        unit.about("snapshot", snapshot)
        return _enqueue(unit, "snapshot.create", snapshot, quiesce=quiesce)


def _external(session: Session, instance: Instance, wanted: bool | None, existing: list[Snapshot]) -> bool:
    """The form that the snapshot will have; ``Conflict`` where the wanted one is known to be impossible."""
    host = session.get(Host, instance.host_id or "")
    provider = session.get(Provider, host.provider_id) if host else None
    able = set(provider.capabilities) if provider else set()
    able = able or set(Capability)  # nobody has looked yet: the operation will find out
    image = session.get(Image, instance.image_id or "")
    uefi = image is not None and image.firmware == "uefi"
    forms = {one.external for one in existing if one.state != "error"}
    if wanted is None:
        wanted = next(iter(forms), uefi or Capability.SNAPSHOT_INTERNAL not in able)
    needed = Capability.SNAPSHOT_EXTERNAL if wanted else Capability.SNAPSHOT_INTERNAL
    if needed not in able:
        raise Conflict("driver.unsupported", capability=needed.value)
    if uefi and not wanted:
        raise Conflict("snapshot.firmware", id=instance.id, instance=instance.name)
    if (not wanted) in forms:
        raise Conflict("snapshot.mixed", id=instance.id, instance=instance.name)
    return wanted


def revert(house: House, actor: Actor, id_: str) -> Operation:
    """Throw away everything since the snapshot; what ran before runs again."""
    with house.write(actor, "snapshot.revert", "snapshot") as unit:
        snapshot = _mine(unit, "snapshot:revert", id_)
        if snapshot.state != "available":
            raise Conflict("state.refused", noun="snapshot", state=snapshot.state, event="revert", allowed="-")
        instance = unit.session.get_one(Instance, snapshot.instance_id, with_for_update=True)
        operation = _enqueue(unit, "snapshot.revert", snapshot, was_running=instance.state == "active")
        transition(unit.session, instance, "revert", now=unit.now, operation_id=operation.id)
        return operation


def delete(house: House, actor: Actor, id_: str) -> Operation:
    """Keep the present, forget that past."""
    with house.write(actor, "snapshot.delete", "snapshot") as unit:
        snapshot = _mine(unit, "snapshot:delete", id_)
        operation = _enqueue(unit, "snapshot.delete", snapshot)
        transition(unit.session, snapshot, "delete", now=unit.now, operation_id=operation.id)
        return operation


def _mine(unit: Unit, permission: str, id_: str) -> Snapshot:
    snapshot = visible(unit.session, unit.actor, "snapshot:read", Snapshot, id_, lock=True)
    unit.about("snapshot", snapshot)
    unit.require(permission, snapshot.department_id)
    return snapshot


def _enqueue(unit: Unit, kind: str, snapshot: Snapshot, **params: object) -> Operation:
    return enqueue(
        unit.session,
        kind,
        snapshot.id,
        now=unit.now,
        department_id=snapshot.department_id,
        params=dict(params),
        requested_by=unit.actor.user_id,
    )
