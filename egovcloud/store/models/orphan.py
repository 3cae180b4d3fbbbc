"""Things in a cloud that bear our marker and have no row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Model, UtcTime


class Sighting(Model):
    """An orphan is removed only when it was seen twice, some time apart."""

    __tablename__ = "orphan_sightings"

    provider_id: Mapped[str] = mapped_column(ForeignKey("providers.id"), primary_key=True)
    host: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(300), primary_key=True)
    object_id: Mapped[str] = mapped_column(String(36))
    first_seen_at: Mapped[datetime] = mapped_column(UtcTime())
    last_seen_at: Mapped[datetime] = mapped_column(UtcTime())
