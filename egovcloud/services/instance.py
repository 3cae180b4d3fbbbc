"""What people do to instances: every action is a state, a quota movement and an operation in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.quota import Amount
from egovcloud.drivers.base import Capability, Driver, Screen
from egovcloud.engine import adoption
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.operations import floating_address
from egovcloud.engine.operations.common import attached_volumes
from egovcloud.engine.providers import Providers
from egovcloud.services import provisioning, rules
from egovcloud.services.actor import Actor
from egovcloud.services.addresses import search_text
from egovcloud.services.house import House, Unit, visible
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import (
    Flavor,
    Host,
    Image,
    Instance,
    InstanceSecurityGroup,
    Operation,
    Port,
    Project,
    Provider,
    SecurityGroup,
    Snapshot,
)

STOP_LIMIT = (1, 3600)  # seconds that a guest may be given to power off
SERIAL_LIMIT = 1 << 20


def create(
    house: House,
    actor: Actor,
    *,
    name: str,
    project_id: str,
    flavor_id: str,
    image_id: str,
    network_ids: Sequence[str],
    application_id: str | None = None,
    security_group_ids: Sequence[str] = (),
    ssh_key_ids: Sequence[str] = (),
    user_data: str | None = None,
    zone_id: str | None = None,
    anti_affinity: str | None = None,
) -> Operation:
    """Make a machine without a request: for those who may (operators)."""
    with house.write(actor, "instance.create", "instance") as unit:
        session = unit.session
        project = provisioning.project_for(session, actor, project_id)
        unit.about("instance", project, name)
        unit.require("instance:create", project.department_id)
        wanted = provisioning.shape(
            session,
            project,
            flavor_id=flavor_id,
            image_id=image_id,
            network_ids=network_ids,
            security_group_ids=security_group_ids,
            ssh_key_ids=ssh_key_ids,
            zone_id=zone_id,
            user_id=actor.user_id,
        )
        owner = provisioning.owner_of(session, project, application_id, None, actor.user_id)
        ((instance, operation),) = provisioning.provision_instances(
            session,
            unit.cipher,
            owner,
            wanted,
            [rules.name(name)],
            now=unit.now,
            anti_affinity=anti_affinity,
            user_data=user_data,
        )
        unit.about("instance", instance)
        return operation


def rename(house: House, actor: Actor, id_: str, *, name: str) -> Instance:
    """The display name alone; the hostname inside the guest stays."""
    with house.write(actor, "instance.update", "instance") as unit:
        instance = _mine(unit, "instance:update", id_)
        name = rules.name(name)
        addresses = unit.session.scalars(select(Port.address).where(Port.instance_id == id_).order_by(Port.position))
        search = search_text(name, instance.hostname, *(address or "" for address in addresses))
        touch(unit.session, instance, now=unit.now, name=name, search=search)
        return instance


def start(house: House, actor: Actor, id_: str) -> Operation:
    """Power on."""
    with house.write(actor, "instance.start", "instance") as unit:
        instance = _mine(unit, "instance:start", id_)
        return _act(unit, instance, "start", "instance.start", desired_power="running")


def stop(house: House, actor: Actor, id_: str, *, force: bool = False, limit_seconds: int = 60) -> Operation:
    """Ask the guest to power off and cut the power after ``limit_seconds``; ``force`` cuts it at once."""
    with house.write(actor, "instance.stop", "instance") as unit:
        instance = _mine(unit, "instance:stop", id_)
        rules.within(limit_seconds, "limit_seconds", *STOP_LIMIT)
        params = {"force": force, "limit_seconds": limit_seconds}
        return _act(unit, instance, "stop", "instance.stop", params, desired_power="stopped")


def reboot(house: House, actor: Actor, id_: str, *, force: bool = False) -> Operation:
    """Restart the guest; ``force`` is the reset button."""
    with house.write(actor, "instance.reboot", "instance") as unit:
        instance = _mine(unit, "instance:reboot", id_)
        return _act(unit, instance, "reboot", "instance.reboot", {"force": force})


def shelve(house: House, actor: Actor, id_: str) -> Operation:
    """Keep it in storage alone; ``Conflict`` where its cloud cannot, and for what was adopted."""
    with house.write(actor, "instance.shelve", "instance") as unit:
        instance = _mine(unit, "instance:shelve", id_)
        _made_here(instance, "adoption.kept")
        _capable(unit.session, instance, Capability.SHELVE)
        return _act(unit, instance, "shelve", "instance.shelve", desired_power="stopped")


def unshelve(house: House, actor: Actor, id_: str) -> Operation:
    """Bring a shelved machine back, running."""
    with house.write(actor, "instance.unshelve", "instance") as unit:
        instance = _mine(unit, "instance:shelve", id_)
        return _act(unit, instance, "unshelve", "instance.unshelve", desired_power="running")


def _capable(session: Session, instance: Instance, capability: Capability) -> None:
    """``Conflict("driver.unsupported")`` when the cloud that it is on cannot do that."""
    found = select(Provider.capabilities).join(Host, Host.provider_id == Provider.id).where(Host.id == instance.host_id)
    if capability.value not in (session.scalars(found).one_or_none() or ()):
        raise Conflict("driver.unsupported", capability=capability.value)


def resize(house: House, actor: Actor, id_: str, *, flavor_id: str) -> Operation:
    """Another flavor, without the approval chain: for those who may (operators)."""
    with house.write(actor, "instance.resize", "instance") as unit:
        instance = _mine(unit, "instance:resize", id_)
        return resize_in(unit.session, instance, flavor_id, unit=unit, user_id=actor.user_id)


def resize_in(
    session: Session,
    instance: Instance,
    flavor_id: str,
    *,
    unit: Unit,
    user_id: str | None,
    parent_id: str | None = None,
) -> Operation:
    """Reserve the growth and start the resize; an approved request ends here too."""
    flavor = check_flavor(session, instance, flavor_id)
    growth = Amount(
        vcpus=max(0, flavor.vcpus - instance.vcpus), memory_mib=max(0, flavor.memory_mib - instance.memory_mib)
    )
    params = {
        "from": {"vcpus": instance.vcpus, "memory_mib": instance.memory_mib, "flavor_id": instance.flavor_id},
        "to": {"vcpus": flavor.vcpus, "memory_mib": flavor.memory_mib, "flavor_id": flavor.id},
        "was_running": instance.state == "active",
    }
    operation = _act(unit, instance, "resize", "instance.resize", params, parent_id=parent_id, user_id=user_id)
    subject = ("instance", instance.id)
    ledger.reserve(session, instance.department_id, growth, key=operation.id, subject=subject, now=unit.now)
    return operation


def check_flavor(session: Session, instance: Instance, flavor_id: str, field: str = "flavor_id") -> Flavor:
    """The flavor, if the instance can take it; ``Conflict`` for one that was adopted, which keeps its size."""
    _made_here(instance, "adoption.kept")
    flavor = session.get(Flavor, flavor_id)
    if flavor is None:
        raise Invalid("input.reference", field=field, name="flavor_id", id=flavor_id)
    if not flavor.enabled:
        raise Invalid("item.retired", field=field, noun="flavor", name=flavor.name)
    if (flavor.vcpus, flavor.memory_mib) == (instance.vcpus, instance.memory_mib):
        raise Invalid("flavor.same", field=field, name=instance.name)
    if flavor.disk_gib < instance.disk_gib:
        raise Invalid("flavor.disk", field=field, flavor=flavor.name, disk_gib=instance.disk_gib)
    return flavor


def rebuild(house: House, actor: Actor, id_: str, *, image_id: str, confirm: str | None) -> Operation:
    """A new system disk from an image; the old one is wiped."""
    with house.write(actor, "instance.rebuild", "instance") as unit:
        instance = _mine(unit, "instance:rebuild", id_)
        _made_here(instance, "adoption.kept")
        confirmed(instance.name, confirm)
        image = unit.session.get(Image, image_id)
        project = unit.session.get_one(Project, instance.project_id)
        if image is None or not provisioning.offered(unit.session, project, image.department_id):
            raise Invalid("input.reference", field="image_id", name="image_id", id=image_id)
        if image.state != "active":
            raise Invalid("item.retired", field="image_id", noun="image", name=image.name)
        if image.min_disk_gib > instance.disk_gib:
            raise Invalid(
                "item.disk",
                field="image_id",
                flavor=instance.name,
                disk_gib=instance.disk_gib,
                image=image.name,
                needed=image.min_disk_gib,
            )
        params = {"image_id": image_id, "was_running": True}
        return _act(unit, instance, "rebuild", "instance.rebuild", params, desired_power="running")


def migrate(house: House, actor: Actor, id_: str, *, host_id: str | None = None) -> Operation:
    """Live migration, to a host of choice or the best one."""
    with house.write(actor, "instance.migrate", "instance") as unit:
        instance = _mine(unit, "instance:migrate", id_)
        _made_here(instance, "adoption.stays")
        if host_id is not None and (unit.session.get(Host, host_id) is None or host_id == instance.host_id):
            raise Invalid("input.reference", field="host_id", name="host_id", id=host_id)
        return _act(unit, instance, "migrate", "instance.migrate", {"host_id": host_id})


def delete(house: House, actor: Actor, id_: str, *, confirm: str | None) -> Operation:
    """Take the machine away and wipe its disks; its volumes stay, detached."""
    with house.write(actor, "instance.delete", "instance") as unit:
        instance = _mine(unit, "instance:delete", id_)
        _made_here(instance, "adoption.kept")
        confirmed(instance.name, confirm)
        operation = _act(unit, instance, "delete", "instance.delete", desired_power="stopped")
        for volume in attached_volumes(unit.session, instance.id):
            if volume.state != "error":
                transition(unit.session, volume, "detach", now=unit.now, operation_id=operation.id)
        floating_address.leave(unit.session, instance.id, operation, unit.now)
        return operation


def release(house: House, actor: Actor, id_: str, *, confirm: str | None) -> Operation:
    """Give an adopted machine back, with the volumes that came along with it: it runs on and is not counted any more.

    ``Conflict`` for one that was made here, and while snapshots or volumes of ours are on it.
    """
    with house.write(actor, "instance.release", "instance") as unit:
        session = unit.session
        instance = _mine(unit, "instance:release", id_)
        confirmed(instance.name, confirm)
        if instance.origin is None:
            raise Conflict("release.own", id=instance.name)
        if taken := len(snapshots_of(session, id_)):
            raise Conflict("release.snapshots", id=instance.name, count=taken)
        for held in floating_address.of_instance(session, id_):
            raise Conflict("release.floating", name=instance.name, address=held.address)
        along = {volume.id for volume in adoption.volumes_of(session, instance)}
        operation = _act(unit, instance, "release", "instance.release")
        for volume in attached_volumes(session, id_):
            if volume.id not in along:
                raise Conflict("release.volumes", volume=volume.name, name=instance.name)
            transition(session, volume, "release", now=unit.now, operation_id=operation.id)
        return operation


def guard(house: House, actor: Actor, id_: str, *, security_group_ids: Sequence[str]) -> Operation:
    """Let these security groups guard the machine, and no others."""
    with house.write(actor, "instance.guard", "instance") as unit:
        session = unit.session
        instance = _mine(unit, "security_group:update", id_)
        _made_here(instance, "adoption.guards")
        if instance.state not in ("active", "stopped"):
            raise Conflict("instance.not_ready", name=instance.name, state=instance.state)
        for group_id in security_group_ids:
            group = session.get(SecurityGroup, group_id)
            if group is None or group.project_id != instance.project_id or group.state in ("deleting", "deleted"):
                raise Invalid("input.reference", field="security_group_ids", name="security_group_ids", id=group_id)
        session.execute(sql_delete(InstanceSecurityGroup).where(InstanceSecurityGroup.instance_id == id_))
        for group_id in dict.fromkeys(security_group_ids):
            session.add(InstanceSecurityGroup(instance_id=id_, security_group_id=group_id))
        touch(session, instance, now=unit.now)
        return _operation(unit, "instance.guard", instance, {}, unit.actor.user_id, None)


def screen_endpoint(house: House, providers: Providers, actor: Actor, id_: str) -> Screen:
    """Where the machine's screen is; for the server alone, the browser gets a token."""
    driver, host = _reach(house, providers, actor, "instance:screen", id_, Capability.SCREEN)
    return driver.screen(host, id_, within=10.0)


def serial_log(house: House, providers: Providers, actor: Actor, id_: str, *, limit: int = 65536) -> bytes:
    """The end of what the guest wrote to its serial port, at most ``limit`` bytes."""
    rules.within(limit, "limit", 1, SERIAL_LIMIT)
    driver, host = _reach(house, providers, actor, "instance:screen", id_, Capability.SERIAL_LOG)
    return driver.serial_log(host, id_, limit=limit, within=10.0)


def confirmed(name: str, confirm: str | None) -> None:
    """What cannot be taken back is asked for by name."""
    if confirm != name:
        raise Conflict("confirm.required", field="confirm", name=name)


def snapshots_of(session: Session, instance_id: str) -> list[Snapshot]:
    """Snapshots that exist or are being made."""
    statement = select(Snapshot).where(Snapshot.instance_id == instance_id, Snapshot.state != "deleted")
    return list(session.scalars(statement))


def _reach(
    house: House, providers: Providers, actor: Actor, permission: str, id_: str, capability: Capability
) -> tuple[Driver, str]:
    with house.read() as session:
        instance = visible(session, actor, "instance:read", Instance, id_)
        visible(session, actor, permission, Instance, id_)
        host_id, name, state = instance.host_id, instance.name, instance.state
    if host_id is None or state in ("deleted", "shelved"):
        raise Conflict("instance.not_ready", name=name, state=state)
    driver, host = providers.of_host(host_id)
    if capability not in driver.capabilities:
        raise Conflict("driver.unsupported", capability=capability.value)
    return driver, host


def _mine(unit: Unit, permission: str, id_: str) -> Instance:
    """The row, locked, if it is visible and the action allowed."""
    instance = visible(unit.session, unit.actor, "instance:read", Instance, id_, lock=True)
    unit.about("instance", instance)
    unit.require(permission, instance.department_id)
    return instance


def _made_here(instance: Instance, code: str) -> None:
    """``Conflict`` for a machine that others made: its disks and networks are not ours to change."""
    if instance.origin is not None:
        raise Conflict(code, id=instance.name)


def _act(
    unit: Unit,
    instance: Instance,
    event: str,
    kind: str,
    params: dict[str, Any] | None = None,
    *,
    parent_id: str | None = None,
    user_id: str | None = None,
    **changes: Any,
) -> Operation:
    """Into the transitional state, with the operation that owns it."""
    operation = _operation(unit, kind, instance, params or {}, user_id or unit.actor.user_id, parent_id)
    transition(unit.session, instance, event, now=unit.now, operation_id=operation.id, **changes)
    return operation


def _operation(
    unit: Unit, kind: str, instance: Instance, params: dict[str, Any], user_id: str | None, parent_id: str | None
) -> Operation:
    return enqueue(
        unit.session,
        kind,
        instance.id,
        now=unit.now,
        department_id=instance.department_id,
        params=params,
        requested_by=user_id,
        parent_id=parent_id,
    )
