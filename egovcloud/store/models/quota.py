"""Quotas at every node of the tree, as a ledger of reservations and commitments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Model, UtcTime, one_of


class Quota(Model):
    """One resource at one node. The counts include the whole subtree; no limit is no bound.

    ``reserved`` and ``committed`` are the sums of the ledger; ``unmanaged`` is what others made in the departments'
    projects on the clouds themselves, as it was last seen.
    """

    __tablename__ = "quotas"
    __table_args__ = (CheckConstraint("reserved >= 0 AND committed >= 0", name="not_negative"),)

    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), primary_key=True)
    resource: Mapped[str] = mapped_column(String(16), primary_key=True)
    limit: Mapped[int | None] = mapped_column(Integer)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    committed: Mapped[int] = mapped_column(Integer, default=0)
    unmanaged: Mapped[int] = mapped_column(Integer, default=0)


class LedgerEntry(Model):
    """One movement, never changed. The key makes a movement that is written twice impossible."""

    __tablename__ = "quota_ledger"
    __table_args__ = (UniqueConstraint("key", "resource"), one_of("movement", "reserve", "commit", "cancel", "release"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime())
    key: Mapped[str] = mapped_column(String(120))
    movement: Mapped[str] = mapped_column(String(8))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    resource: Mapped[str] = mapped_column(String(16))
    reserved: Mapped[int] = mapped_column(Integer)
    committed: Mapped[int] = mapped_column(Integer)
    subject_type: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36), index=True)
