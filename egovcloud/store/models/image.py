"""What instances boot from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Model, UtcTime, one_of, state_check


class Image(Entity, Model):
    """Paths are as the worker sees them. ``department_id`` is set when ``visibility`` is ``department``."""

    __tablename__ = "images"
    __table_args__ = (
        state_check(lifecycle.IMAGE),
        one_of("firmware", "bios", "uefi", "direct"),
        one_of("visibility", "public", "department"),
    )

    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.IMAGE.initial)
    visibility: Mapped[str] = mapped_column(String(16), default="public")
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    format: Mapped[str] = mapped_column(String(16), default="qcow2")
    firmware: Mapped[str] = mapped_column(String(16), default="bios")
    disk: Mapped[str] = mapped_column(String(500))
    kernel: Mapped[str | None] = mapped_column(String(500))
    initrd: Mapped[str | None] = mapped_column(String(500))
    cmdline: Mapped[str | None] = mapped_column(String(500))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    min_disk_gib: Mapped[int] = mapped_column(Integer, default=1)
    source: Mapped[str] = mapped_column(String(500), default="")
    login_user: Mapped[str] = mapped_column(String(64), default="root")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
