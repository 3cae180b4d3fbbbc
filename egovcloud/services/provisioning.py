"""What a department may ask for, checked against what is on offer, and turned into rows and operations.

One path for everything that grows: an approved request and an operator's direct call end in ``provision_instances``
and ``provision_volumes``, which reserve quota, take addresses and write the operation in the caller's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid, NotFound
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import Amount, instance_amount, volume_amount
from egovcloud.engine.enqueue import Planned, enqueue_all
from egovcloud.engine.specs import USER_DATA
from egovcloud.services.actor import Actor
from egovcloud.services.addresses import add_ports, search_text
from egovcloud.store import ledger
from egovcloud.store.base import Model
from egovcloud.store.models import (
    Application,
    Department,
    Flavor,
    Image,
    Instance,
    InstanceSecurityGroup,
    Network,
    Operation,
    Project,
    SecurityGroup,
    SshKey,
    Volume,
    Zone,
)
from egovcloud.store.secrets import Cipher

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Shape:
    """One kind of machine, with every reference looked up and allowed."""

    flavor: Flavor
    image: Image
    networks: tuple[Network, ...]
    groups: tuple[SecurityGroup, ...]
    keys: tuple[str, ...]
    zone_id: str | None

    @property
    def amount(self) -> Amount:
        """What one such machine costs."""
        return instance_amount(self.flavor.vcpus, self.flavor.memory_mib, self.flavor.disk_gib, len(self.networks))


@dataclass(frozen=True)
class Owner:
    """Who the new things belong to, and on whose behalf they are made."""

    project: Project
    application: Application | None
    request_id: str | None
    user_id: str | None


def owner_of(
    session: Session, project: Project, application_id: str | None, request_id: str | None, user_id: str | None
) -> Owner:
    """``Invalid`` when the application is not one of the project."""
    application = None
    if application_id:
        application = session.get(Application, application_id)
        if application is None or application.project_id != project.id:
            raise Invalid("input.reference", field="application_id", name="application_id", id=application_id)
    return Owner(project, application, request_id, user_id)


def shape(
    session: Session,
    project: Project,
    *,
    flavor_id: str,
    image_id: str,
    network_ids: Sequence[str],
    security_group_ids: Sequence[str],
    ssh_key_ids: Sequence[str],
    zone_id: str | None,
    user_id: str | None,
    prefix: str = "",
    keys: Sequence[str] | None = None,
) -> Shape:
    """Look every reference up; ``Invalid`` names the field that is wrong. ``keys`` replaces the look-up of keys."""
    flavor = _one(session, Flavor, flavor_id, f"{prefix}flavor_id")
    if not flavor.enabled:
        raise Invalid("item.retired", field=f"{prefix}flavor_id", noun="flavor", name=flavor.name)
    image = _one(session, Image, image_id, f"{prefix}image_id")
    if not offered(session, project, image.department_id):
        raise Invalid("input.reference", field=f"{prefix}image_id", name="image_id", id=image_id)
    if image.state != "active":
        raise Invalid("item.retired", field=f"{prefix}image_id", noun="image", name=image.name)
    if flavor.disk_gib < image.min_disk_gib:
        raise Invalid(
            "item.disk",
            field=f"{prefix}flavor_id",
            flavor=flavor.name,
            disk_gib=flavor.disk_gib,
            image=image.name,
            needed=image.min_disk_gib,
        )
    if not network_ids or len(set(network_ids)) != len(network_ids):
        raise Invalid("item.network", field=f"{prefix}network_ids")
    networks = tuple(_one(session, Network, id_, f"{prefix}network_ids") for id_ in network_ids)
    for network in networks:
        if not offered(session, project, network.department_id) or network.state != "active":
            raise Invalid("input.reference", field=f"{prefix}network_ids", name="network_ids", id=network.id)
    groups = tuple(_one(session, SecurityGroup, id_, f"{prefix}security_group_ids") for id_ in security_group_ids)
    for group in groups:
        if group.project_id != project.id or group.state in ("deleting", "deleted"):
            raise Invalid(
                "input.reference", field=f"{prefix}security_group_ids", name="security_group_ids", id=group.id
            )
    if zone_id is not None:
        _one(session, Zone, zone_id, f"{prefix}zone_id")
    else:  # a network of a zone reaches no host outside of it
        zone_id = next((network.zone_id for network in networks if network.zone_id), None)
    lines = tuple(keys) if keys is not None else ssh_lines(session, ssh_key_ids, user_id, f"{prefix}ssh_key_ids")
    return Shape(flavor, image, networks, groups, lines, zone_id)


def ssh_lines(session: Session, ids: Sequence[str], user_id: str | None, field: str) -> tuple[str, ...]:
    """The public keys; only one's own may be named."""
    found = []
    for id_ in ids:
        key = session.get(SshKey, id_)
        if key is None or key.user_id != user_id:
            raise Invalid("input.reference", field=field, name="ssh_key_ids", id=id_)
        found.append(key.public_key)
    return tuple(found)


def _one(session: Session, model: type[Row], id_: str, field: str) -> Row:
    row = session.get(model, id_)
    if row is None:
        raise Invalid("input.reference", field=field, name=field.rpartition(".")[2], id=id_)
    return row


def offered(session: Session, project: Project, department_id: str | None) -> bool:
    """Whether something of ``department_id`` is for everyone, or for an ancestor-or-self of the project's owner."""
    if department_id is None:
        return True
    mine = session.get_one(Department, project.department_id).path
    return mine.startswith(session.get_one(Department, department_id).path)


def hostname_of(name: str, instance_id: str) -> str:
    """A DNS label (RFC 1123) from a name that may be Chinese; the id's end keeps it unique."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48].strip("-")
    return f"{slug or 'vm'}-{instance_id[-6:]}"


def provision_instances(
    session: Session,
    cipher: Cipher,
    owner: Owner,
    wanted: Shape,
    names: Sequence[str],
    *,
    now: datetime,
    anti_affinity: str | None = None,
    user_data: str | None = None,
    volumes_gib: int = 0,
    parent_id: str | None = None,
) -> list[tuple[Instance, Operation]]:
    """Rows, ports, quota reservations and operations of machines of one shape; nothing is called yet."""
    instances = []
    for name in names:
        id_ = new_id()
        instances.append(
            Instance(
                id=id_,
                created_at=now,
                updated_at=now,
                name=name,
                hostname=hostname_of(name, id_),
                department_id=owner.project.department_id,
                project_id=owner.project.id,
                application_id=owner.application.id if owner.application else None,
                request_id=owner.request_id,
                flavor_id=wanted.flavor.id,
                image_id=wanted.image.id,
                zone_id=wanted.zone_id,
                anti_affinity=anti_affinity,
                vcpus=wanted.flavor.vcpus,
                memory_mib=wanted.flavor.memory_mib,
                disk_gib=wanted.flavor.disk_gib,
                ssh_keys=list(wanted.keys),
                user_data=cipher.seal(user_data, USER_DATA) if user_data else None,
            )
        )
    session.add_all(instances)
    add_ports(session, instances, wanted.networks, now)
    for instance in instances:
        for group in wanted.groups:
            session.add(InstanceSecurityGroup(instance_id=instance.id, security_group_id=group.id))
    department_id = owner.project.department_id
    costs = {instance.id: wanted.amount for instance in instances}
    ledger.reserve_all(session, department_id, costs, subject_type="instance", now=now)
    operations = enqueue_all(
        session,
        "instance.create",
        [Planned(instance.id, {"volumes_gib": volumes_gib}) for instance in instances],
        now=now,
        department_id=department_id,
        requested_by=owner.user_id,
        parent_id=parent_id,
    )
    return list(zip(instances, operations, strict=True))


@dataclass(frozen=True)
class NewVolume:
    """A volume to be made beside its instance; ``after`` is the operation that makes that one, if none is there yet."""

    instance: Instance
    name: str
    size_gib: int
    after: str | None = None


def provision_volumes(
    session: Session, owner: Owner, wanted: Sequence[NewVolume], *, now: datetime, parent_id: str | None = None
) -> list[tuple[Volume, Operation]]:
    """Rows, quota reservations and operations of volumes: each is made beside its instance, then attached."""
    department_id = owner.project.department_id
    volumes = [
        Volume(
            id=new_id(),
            created_at=now,
            updated_at=now,
            name=one.name,
            department_id=department_id,
            project_id=owner.project.id,
            application_id=owner.application.id if owner.application else None,
            request_id=owner.request_id,
            size_gib=one.size_gib,
            search=search_text(one.name),
        )
        for one in wanted
    ]
    session.add_all(volumes)
    session.flush()
    costs = {volume.id: volume_amount(volume.size_gib) for volume in volumes}
    ledger.reserve_all(session, department_id, costs, subject_type="volume", now=now)
    pairs = list(zip(volumes, wanted, strict=True))

    def order(kind: str, needs: Sequence[str | None]) -> list[Operation]:
        planned = [
            Planned(volume.id, {"instance_id": one.instance.id}, (needed,) if needed else ())
            for (volume, one), needed in zip(pairs, needs, strict=True)
        ]
        return enqueue_all(
            session,
            kind,
            planned,
            now=now,
            department_id=department_id,
            requested_by=owner.user_id,
            parent_id=parent_id,
        )

    created = order("volume.create", [one.after for one in wanted])
    attached = order("volume.attach", [operation.id for operation in created])
    return list(zip(volumes, attached, strict=True))


def project_for(session: Session, actor: Actor, project_id: str) -> Project:
    """The project that new things go to; ``NotFound`` when the actor may not see it."""
    living = select(Project).where(Project.id == project_id, Project.deleted_at.is_(None))
    project = session.scalars(living).one_or_none()
    if project is not None:
        path = session.get_one(Department, project.department_id).path
        if actor.may("project:read", path):
            return project
    raise NotFound("thing.absent", noun="projects", id=project_id)
