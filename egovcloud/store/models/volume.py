"""Volumes (云硬盘)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class Volume(Entity, Model):
    """A data volume. It lives on the host of the instance it was made for, unless its pool is shared.

    ``source_kind`` and ``source_id`` are of what it started as a copy of, which may be gone by now.
    """

    __tablename__ = "volumes"
    __table_args__ = (
        state_check(lifecycle.VOLUME),
        CheckConstraint("size_gib > 0", name="size_gib"),
        Index("ix_volumes_department_id_id", "department_id", "id"),
        Index("ix_volumes_source_id", "source_id"),
    )

    name: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    application_id: Mapped[str | None] = mapped_column(ForeignKey("applications.id"), index=True)
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"), index=True)
    host_id: Mapped[str | None] = mapped_column(ForeignKey("hosts.id"), index=True)
    storage_pool_id: Mapped[str | None] = mapped_column(ForeignKey("storage_pools.id"), index=True)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instances.id"), index=True)
    size_gib: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.VOLUME.initial)
    device: Mapped[str | None] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(300))
    observed_at: Mapped[datetime | None] = mapped_column(UtcTime())
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    search: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
    adopted_at: Mapped[datetime | None] = mapped_column(UtcTime())
    origin: Mapped[dict[str, Any] | None] = mapped_column(Json)
    source_kind: Mapped[str | None] = mapped_column(String(16))
    source_id: Mapped[str | None] = mapped_column(String(36))
