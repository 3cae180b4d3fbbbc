"""A business system (业务系统): what citizens or officials use."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Entity, Model


class Application(Entity, Model):
    """Owns instances. ``protection_level`` is 等保 1–5 (GB/T 22239), ``recovery_level`` 容灾 0–6 (GB/T 20988)."""

    __tablename__ = "applications"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("protection_level BETWEEN 1 AND 5", name="protection_level"),
        CheckConstraint("recovery_level BETWEEN 0 AND 6", name="recovery_level"),
    )

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    protection_level: Mapped[int] = mapped_column(Integer, default=2)
    recovery_level: Mapped[int] = mapped_column(Integer, default=1)
    owner: Mapped[str] = mapped_column(String(120), default="")
    contact: Mapped[str] = mapped_column(String(120), default="")
