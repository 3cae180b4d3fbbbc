"""Instances (云主机) and their ports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, one_of, state_check


class Instance(Entity, Model):
    """An instance. Shape is copied from the flavor at birth, so that a changed flavor changes nobody's machine.

    What was adopted (``adopted_at``) has the size that was found: neither flavor nor image, unless it got a flavor by a
    later resize. ``origin`` is how it was found: name, external id, and the disks that are its own.

    ``shelved_at`` is set while it takes no room on its host, which is the one that it was on last.

    ``desired_power`` is what was asked for, ``observed_power`` what the cloud last answered, at ``observed_at``.
    ``search`` is the lower-case text that the list searches: name, hostname and addresses.
    """

    __tablename__ = "instances"
    __table_args__ = (
        state_check(lifecycle.INSTANCE),
        one_of("desired_power", "running", "stopped"),
        # The state rides along, so that counting by department or host reads no row.
        Index("ix_instances_department_id_id", "department_id", "id", "state"),
        Index("ix_instances_state_id", "state", "id"),
        Index("ix_instances_name_id", "name", "id"),
        Index("ix_instances_host_id_id", "host_id", "id", "state"),
        Index("ix_instances_application_id_id", "application_id", "id"),
    )

    name: Mapped[str] = mapped_column(String(120))
    hostname: Mapped[str] = mapped_column(String(63))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    application_id: Mapped[str | None] = mapped_column(ForeignKey("applications.id"))
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"), index=True)
    flavor_id: Mapped[str | None] = mapped_column(ForeignKey("flavors.id"))
    image_id: Mapped[str | None] = mapped_column(ForeignKey("images.id"), index=True)
    zone_id: Mapped[str | None] = mapped_column(ForeignKey("zones.id"))
    host_id: Mapped[str | None] = mapped_column(ForeignKey("hosts.id"))
    storage_pool_id: Mapped[str | None] = mapped_column(ForeignKey("storage_pools.id"))
    anti_affinity: Mapped[str | None] = mapped_column(String(64))
    vcpus: Mapped[int] = mapped_column(Integer)
    memory_mib: Mapped[int] = mapped_column(Integer)
    disk_gib: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.INSTANCE.initial)
    desired_power: Mapped[str] = mapped_column(String(16), default="running")
    observed_power: Mapped[str | None] = mapped_column(String(16))
    observed_at: Mapped[datetime | None] = mapped_column(UtcTime())
    external_id: Mapped[str | None] = mapped_column(String(200))
    ssh_keys: Mapped[list[str]] = mapped_column(Json, default=list)
    user_data: Mapped[bytes | None] = mapped_column(LargeBinary)
    placement: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    search: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
    adopted_at: Mapped[datetime | None] = mapped_column(UtcTime())
    origin: Mapped[dict[str, Any] | None] = mapped_column(Json)
    shelved_at: Mapped[datetime | None] = mapped_column(UtcTime())


class Port(Model):
    """One address of an instance; the unique key is the address book of the network.

    An adopted instance may be plugged into a network that is not ours, known by ``network_name`` alone, and may have an
    address that the cloud does not tell.
    """

    __tablename__ = "ports"
    __table_args__ = (UniqueConstraint("network_id", "address"), UniqueConstraint("mac"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"), index=True)
    network_id: Mapped[str | None] = mapped_column(ForeignKey("networks.id"))
    network_name: Mapped[str | None] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(Integer)
    mac: Mapped[str] = mapped_column(String(17))
    address: Mapped[str | None] = mapped_column(String(15))


class InstanceSecurityGroup(Model):
    """Which groups guard an instance's ports."""

    __tablename__ = "instance_security_groups"

    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"), primary_key=True)
    security_group_id: Mapped[str] = mapped_column(ForeignKey("security_groups.id"), primary_key=True, index=True)
