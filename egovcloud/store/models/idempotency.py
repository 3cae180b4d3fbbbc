"""Answers that are given again when a POST is repeated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Json, Model, UtcTime


class IdempotencyKey(Model):
    """The answer to (actor, key). ``fingerprint`` is of method, path and body: a key is never for two things."""

    __tablename__ = "idempotency_keys"

    actor_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[dict[str, Any]] = mapped_column(Json)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime(), index=True)
