"""An e-government project of a department."""

from __future__ import annotations

from sqlalchemy import (
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Entity, Model


class Project(Entity, Model):
    """Holds resources; every resource belongs to exactly one project and through it to a department."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("department_id", "name"),)

    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
