"""Proof that disks were overwritten before their space was given back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Json, Model, UtcTime


class Wipe(Model):
    """One wiped object (GB/T 22239-2019, 剩余信息保护)."""

    __tablename__ = "wipes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime())
    subject_type: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36), index=True)
    subject_name: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[str | None] = mapped_column(String(36), index=True)
    operation_id: Mapped[str] = mapped_column(String(36))
    method: Mapped[str] = mapped_column(String(64))
    bytes_wiped: Mapped[int] = mapped_column(BigInteger)
    disks: Mapped[list[str]] = mapped_column(Json)
