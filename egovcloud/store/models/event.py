"""What happened, in the order in which it became visible."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Json, Model, UtcTime


class Event(Model):
    """One event. (``transaction``, ``id``) is the position in the stream.

    On PostgreSQL ids are given out before the commit, so a later id can become visible first; the transaction's
    number lets the reader wait until everything before it is settled, and no subscriber misses an event.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_transaction_id", "transaction", "id"),
        Index("ix_events_subject_id_id", "subject_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, default=0)
    at: Mapped[datetime] = mapped_column(UtcTime())
    type: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36))
    department_id: Mapped[str | None] = mapped_column(String(36), index=True)
    operation_id: Mapped[str | None] = mapped_column(String(36), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
