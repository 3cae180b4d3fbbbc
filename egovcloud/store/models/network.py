"""Networks that instances are plugged into."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Model, UtcTime, one_of, state_check


class Network(Entity, Model):
    """An IPv4 network. ``department_id`` is empty for networks that the centre shares with everyone."""

    __tablename__ = "networks"
    __table_args__ = (state_check(lifecycle.NETWORK), one_of("mode", "nat", "isolated", "bridged"))

    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.NETWORK.initial)
    mode: Mapped[str] = mapped_column(String(16))
    cidr: Mapped[str] = mapped_column(String(18))
    gateway: Mapped[str] = mapped_column(String(15))
    bridge: Mapped[str | None] = mapped_column(String(15))
    zone_id: Mapped[str | None] = mapped_column(ForeignKey("zones.id"), index=True)
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
