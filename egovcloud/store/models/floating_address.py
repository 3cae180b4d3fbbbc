"""Floating addresses (浮动地址)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, synonym

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class FloatingAddress(Entity, Model):
    """An address of a cloud's outer network, reached through ``network_id``; empty ``address`` until it is given.

    ``instance_id`` has it, at its port in that network. ``provider_id`` is empty when that cloud was forgotten.
    """

    __tablename__ = "floating_addresses"
    __table_args__ = (
        state_check(lifecycle.FLOATING_ADDRESS),
        Index("ix_floating_addresses_department_id_id", "department_id", "id"),
    )

    address: Mapped[str] = mapped_column(String(15), default="")
    name: Mapped[str] = synonym("address")
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("providers.id"), index=True)
    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id"), index=True)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instances.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.FLOATING_ADDRESS.initial)
    external_id: Mapped[str | None] = mapped_column(String(64))
    observed_at: Mapped[datetime | None] = mapped_column(UtcTime())
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
