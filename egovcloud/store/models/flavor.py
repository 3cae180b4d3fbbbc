"""Sizes that instances come in."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Entity, Model


class Flavor(Entity, Model):
    """vCPUs, memory in MiB, root disk in GiB. A retired flavor (``enabled`` false) stays for those who have it."""

    __tablename__ = "flavors"

    name: Mapped[str] = mapped_column(String(64), unique=True)
    vcpus: Mapped[int] = mapped_column(Integer)
    memory_mib: Mapped[int] = mapped_column(Integer)
    disk_gib: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
