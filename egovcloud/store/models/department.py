"""The tenant tree: 市 → 区县/委办局 → 处室."""

from __future__ import annotations

from sqlalchemy import (
    ForeignKey,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Entity, Model, one_of

KINDS = ("city", "district", "bureau", "office")


class Department(Entity, Model):
    """A node of the tree. ``path`` is ``/code/code/``: a subtree is a prefix, so one LIKE scopes any list."""

    __tablename__ = "departments"
    __table_args__ = (one_of("kind", *KINDS), UniqueConstraint("parent_id", "name"))

    parent_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(String(200), unique=True)
