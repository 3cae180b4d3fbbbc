"""Access keys of buckets (存储桶访问密钥): what is known of them here, which is never the secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class BucketKey(Entity, Model):
    """A key for one bucket alone. ``access_key_id`` is what the endpoint calls it; none until it was made there."""

    __tablename__ = "bucket_keys"
    __table_args__ = (state_check(lifecycle.BUCKET_KEY),)

    bucket_id: Mapped[str] = mapped_column(ForeignKey("buckets.id"), index=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    name: Mapped[str] = mapped_column(String(120))
    writes: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.BUCKET_KEY.initial)
    access_key_id: Mapped[str | None] = mapped_column(String(128))
    created_by: Mapped[str | None] = mapped_column(String(36))
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())
