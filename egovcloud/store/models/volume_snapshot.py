"""Snapshots of volumes (云硬盘快照)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class VolumeSnapshot(Entity, Model):
    """What a volume held at one moment. It lies where its volume lies; ``size_gib`` is the volume's at that moment."""

    __tablename__ = "volume_snapshots"
    __table_args__ = (state_check(lifecycle.VOLUME_SNAPSHOT), CheckConstraint("size_gib > 0", name="size_gib"))

    name: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    size_gib: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.VOLUME_SNAPSHOT.initial)
    external_id: Mapped[str | None] = mapped_column(String(300))
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
