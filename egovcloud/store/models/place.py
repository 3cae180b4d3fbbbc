"""Where things run: site → zone → host pool → host → storage pool, and the provider that drives them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Float,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.domain.clouds import DRIVERS
from egovcloud.store.base import Entity, Json, Model, UtcTime, one_of, state_check


class Site(Entity, Model):
    """A data centre."""

    __tablename__ = "sites"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")


class Zone(Entity, Model):
    """A failure or network domain of a site (政务外网区, 互联网区)."""

    __tablename__ = "zones"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))


class HostPool(Entity, Model):
    """A group of like hosts. Ratios say how much more is allocated than there is (1.0: nothing)."""

    __tablename__ = "host_pools"
    __table_args__ = (UniqueConstraint("zone_id", "name"),)

    zone_id: Mapped[str] = mapped_column(ForeignKey("zones.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    vcpu_ratio: Mapped[float] = mapped_column(Float, default=4.0)
    memory_ratio: Mapped[float] = mapped_column(Float, default=1.0)
    disk_ratio: Mapped[float] = mapped_column(Float, default=1.5)


class Provider(Entity, Model):
    """A configured endpoint. ``config`` names things (URIs, a cloud's name) and never holds a secret."""

    __tablename__ = "providers"
    __table_args__ = (one_of("driver", *DRIVERS),)

    name: Mapped[str] = mapped_column(String(64), unique=True)
    driver: Mapped[str] = mapped_column(String(16))
    config: Mapped[dict[str, Any]] = mapped_column(Json)
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id"))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    capabilities: Mapped[list[str]] = mapped_column(Json, default=list)
    checked_at: Mapped[datetime | None] = mapped_column(UtcTime())
    detail: Mapped[str] = mapped_column(Text, default="")
    latency_ms: Mapped[int | None] = mapped_column(Integer)  # of the last list of hosts
    allowances: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # drivers.base.Allowance
    # What others made there in projects of ours, by the cloud's ids: for which department it counts, and how much.
    strays: Mapped[dict[str, dict[str, Any]]] = mapped_column(Json, default=dict)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)  # why the last look at it came to nothing


class Host(Entity, Model):
    """A hypervisor. Allocated counts are the sum of its instances; its generation guards every claim."""

    __tablename__ = "hosts"
    __table_args__ = (
        UniqueConstraint("provider_id", "name"),
        state_check(lifecycle.HOST),
        one_of("health", "up", "down", "unknown"),
    )

    name: Mapped[str] = mapped_column(String(120))
    provider_id: Mapped[str] = mapped_column(ForeignKey("providers.id"), index=True)
    host_pool_id: Mapped[str] = mapped_column(ForeignKey("host_pools.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.HOST.initial)
    health: Mapped[str] = mapped_column(String(16), default="unknown")
    hypervisor: Mapped[str] = mapped_column(String(120), default="")
    vcpus: Mapped[int] = mapped_column(Integer, default=0)
    memory_mib: Mapped[int] = mapped_column(Integer, default=0)
    vcpus_allocated: Mapped[int] = mapped_column(Integer, default=0)
    memory_allocated_mib: Mapped[int] = mapped_column(Integer, default=0)
    reserved_memory_mib: Mapped[int] = mapped_column(Integer, default=0)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime())
    detail: Mapped[str] = mapped_column(Text, default="")


class StoragePool(Entity, Model):
    """A storage pool of one host. ``used_gib`` is what the cloud states, ``allocated_gib`` what was promised."""

    __tablename__ = "storage_pools"
    __table_args__ = (UniqueConstraint("host_id", "name"),)

    host_id: Mapped[str] = mapped_column(ForeignKey("hosts.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    tier: Mapped[str] = mapped_column(String(32), default="standard")
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    capacity_gib: Mapped[float] = mapped_column(Float, default=0.0)
    used_gib: Mapped[float] = mapped_column(Float, default=0.0)
    allocated_gib: Mapped[int] = mapped_column(Integer, default=0)
