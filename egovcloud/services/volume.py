"""What people do to volumes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.domain.quota import volume_amount
from egovcloud.engine import capacity
from egovcloud.engine.copies import refuse_copied
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import provisioning, rules, volume_copy, volume_snapshot
from egovcloud.services.actor import Actor
from egovcloud.services.addresses import search_text
from egovcloud.services.house import House, Unit, visible
from egovcloud.services.instance import confirmed
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Instance, Operation, Project, Volume

SIZE_GIB = (1, 65536)


def create(
    house: House,
    actor: Actor,
    *,
    name: str,
    project_id: str,
    size_gib: int,
    instance_id: str | None = None,
    application_id: str | None = None,
    source: dict[str, str] | None = None,
) -> Operation:
    """A volume beside an instance, attached to it, or a copy of ``source``: for those who may (operators)."""
    with house.write(actor, "volume.create", "volume") as unit:
        session = unit.session
        project = provisioning.project_for(session, actor, project_id)
        unit.about("volume", project, name)
        unit.require("volume:create", project.department_id)
        rules.within(size_gib, "size_gib", *SIZE_GIB)
        instance = instance_in(session, project, instance_id) if instance_id else None
        owner = provisioning.owner_of(session, project, application_id, None, actor.user_id)
        if source is not None:
            origin = volume_copy.source(session, actor, project, source)
            volume, operation = volume_copy.copied(
                session, owner, origin, name=rules.name(name), size_gib=size_gib, instance=instance, now=unit.now
            )
            unit.about("volume", volume, source=origin.name)
            return operation
        if instance is None:
            raise Invalid("volume.beside_what", field="instance_id")
        wanted = provisioning.NewVolume(instance, rules.name(name), size_gib)
        ((volume, operation),) = provisioning.provision_volumes(session, owner, [wanted], now=unit.now)
        unit.about("volume", volume)
        return operation


def instance_in(session: Session, project: Project, instance_id: str, field: str = "instance_id") -> Instance:
    """An instance of the project that can take a volume."""
    instance = session.get(Instance, instance_id)
    if instance is None or instance.project_id != project.id or instance.state == "deleted":
        raise Invalid("input.reference", field=field, name="instance_id", id=instance_id)
    if instance.state not in ("active", "stopped"):
        raise Conflict("instance.not_ready", name=instance.name, state=instance.state)
    return instance


def rename(house: House, actor: Actor, id_: str, *, name: str) -> Volume:
    """The display name."""
    with house.write(actor, "volume.update", "volume") as unit:
        volume = _mine(unit, "volume:update", id_)
        name = rules.name(name)
        touch(unit.session, volume, now=unit.now, name=name, search=search_text(name))
        return volume


def attach(house: House, actor: Actor, id_: str, *, instance_id: str) -> Operation:
    """To an instance of the same project on the same host, or on another one that sees its storage."""
    with house.write(actor, "volume.attach", "volume") as unit:
        session = unit.session
        volume = _mine(unit, "volume:attach", id_)
        # Held until the volume says that it is being attached: a migration that begins then waits for it.
        session.get(Instance, instance_id, with_for_update=True, populate_existing=True)
        instance = instance_in(session, session.get_one(Project, volume.project_id), instance_id)
        place = capacity.beside(session, volume, instance)
        if place is None:
            raise Conflict("volume.other_host", volume=volume.name, instance=instance.name)
        changes = {"instance_id": instance.id, **place}
        return _act(unit, volume, "attach", "volume.attach", {"instance_id": instance.id}, **changes)


def detach(house: House, actor: Actor, id_: str) -> Operation:
    """From the instance that has it; the guest is asked to let go."""
    with house.write(actor, "volume.detach", "volume") as unit:
        volume = _mine(unit, "volume:detach", id_)
        _undisturbed(unit, volume)
        return _act(unit, volume, "detach", "volume.detach", {"instance_id": volume.instance_id})


def grow(house: House, actor: Actor, id_: str, *, size_gib: int) -> Operation:
    """To a larger size, without the approval chain: for those who may (operators)."""
    with house.write(actor, "volume.grow", "volume") as unit:
        volume = _mine(unit, "volume:grow", id_)
        return grow_in(unit, volume, size_gib)


def grow_in(unit: Unit, volume: Volume, size_gib: int, *, parent_id: str | None = None) -> Operation:
    """Reserve the growth and start it; an approved request ends here too."""
    made_here(volume)
    rules.within(size_gib, "size_gib", *SIZE_GIB)
    if size_gib <= volume.size_gib:
        raise Invalid("item.size", field="size_gib", name=volume.name, size_gib=volume.size_gib)
    more = volume_amount(size_gib - volume.size_gib)
    _undisturbed(unit, volume)
    operation = _act(unit, volume, "grow", "volume.grow", {"to_gib": size_gib}, parent_id=parent_id)
    subject = ("volume", volume.id)
    ledger.reserve(unit.session, volume.department_id, more, key=operation.id, subject=subject, now=unit.now)
    return operation


def delete(house: House, actor: Actor, id_: str, *, confirm: str | None) -> Operation:
    """Wipe and remove; an attached volume has to be detached first."""
    with house.write(actor, "volume.delete", "volume") as unit:
        volume = _mine(unit, "volume:delete", id_)
        made_here(volume)
        confirmed(volume.name, confirm)
        if volume.instance_id is not None:
            instance = unit.session.get_one(Instance, volume.instance_id)
            raise Conflict("volume.in_use", id=volume.name, instance=instance.name)
        without_snapshots(unit.session, volume)
        return _act(unit, volume, "delete", "volume.delete")


def release(house: House, actor: Actor, id_: str, *, confirm: str | None) -> Operation:
    """Give an adopted volume back as it is; one that a machine has goes with that machine, or is detached first."""
    with house.write(actor, "volume.release", "volume") as unit:
        volume = _mine(unit, "volume:release", id_)
        confirmed(volume.name, confirm)
        if volume.origin is None:
            raise Conflict("release.own", id=volume.name)
        if volume.instance_id is not None:
            instance = unit.session.get_one(Instance, volume.instance_id)
            raise Conflict("volume.in_use", id=volume.name, instance=instance.name)
        without_snapshots(unit.session, volume)
        return _act(unit, volume, "release", "volume.release")


def without_snapshots(session: Session, volume: Volume) -> None:
    """``Conflict`` that names the snapshots which would be left of a volume that goes."""
    if names := volume_snapshot.names_of(session, volume.id):
        raise Conflict("volume.has_copies", name=volume.name, snapshots=", ".join(names))


def made_here(volume: Volume) -> None:
    """``Conflict`` for a volume that others made: its size and its bytes are not ours to change."""
    if volume.origin is not None:
        raise Conflict("adoption.kept", id=volume.name)


def _mine(unit: Unit, permission: str, id_: str) -> Volume:
    volume = visible(unit.session, unit.actor, "volume:read", Volume, id_, lock=True)
    unit.about("volume", volume)
    unit.require(permission, volume.department_id)
    return volume


def _undisturbed(unit: Unit, volume: Volume) -> None:
    """``Conflict`` while something is at work on the machine that has it: a migration takes its volumes along."""
    if volume.instance_id is not None:
        instance = unit.session.get_one(Instance, volume.instance_id, with_for_update=True, populate_existing=True)
        if instance.state in LIFECYCLES["instance"].transitional:
            raise Conflict("instance.not_ready", name=instance.name, state=instance.state)


def _act(
    unit: Unit,
    volume: Volume,
    event: str,
    kind: str,
    params: dict[str, Any] | None = None,
    *,
    parent_id: str | None = None,
    **changes: Any,
) -> Operation:
    refuse_copied(unit.session, volume)
    operation = enqueue(
        unit.session,
        kind,
        volume.id,
        now=unit.now,
        department_id=volume.department_id,
        params=params,
        requested_by=unit.actor.user_id,
        parent_id=parent_id,
    )
    transition(unit.session, volume, event, now=unit.now, operation_id=operation.id, **changes)
    return operation
