"""Snapshots of an instance's disks (快照)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ForeignKey,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class Snapshot(Entity, Model):
    """``quiesced`` says whether the guest's file systems were frozen while it was taken."""

    __tablename__ = "snapshots"
    __table_args__ = (state_check(lifecycle.SNAPSHOT),)

    name: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"), index=True)
    external: Mapped[bool] = mapped_column(Boolean, default=False)
    quiesced: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.SNAPSHOT.initial)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
