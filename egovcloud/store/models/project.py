"""An e-government project of a department."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Entity, Model, UtcTime


class Project(Entity, Model):
    """Holds resources; every resource belongs to exactly one project and through it to a department."""

    __tablename__ = "projects"
    __table_args__ = (
        Index(
            "uq_projects_living_name",
            "department_id",
            "name",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
