"""Buckets (存储桶), what they were seen to hold, and uploads on their way into them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class Bucket(Entity, Model):
    """A bucket at an endpoint. ``objects`` and ``bytes`` are what was counted at ``metered_at``."""

    __tablename__ = "buckets"
    __table_args__ = (
        state_check(lifecycle.BUCKET),
        CheckConstraint("quota_gib > 0", name="quota_gib"),
        Index("ix_buckets_department_id_id", "department_id", "id"),
    )

    name: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    application_id: Mapped[str | None] = mapped_column(ForeignKey("applications.id"), index=True)
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"), index=True)
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("providers.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.BUCKET.initial)
    quota_gib: Mapped[int] = mapped_column(Integer)
    versioning: Mapped[bool] = mapped_column(Boolean, default=False)
    expire_days: Mapped[int | None] = mapped_column(Integer)
    expire_prefix: Mapped[str] = mapped_column(Text, default="")
    external_id: Mapped[str | None] = mapped_column(String(120))
    objects: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    metered_at: Mapped[datetime | None] = mapped_column(UtcTime())
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    search: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())


class BucketSample(Model):
    """The most that a bucket was seen to hold on a day: what is metered (GB/T 37735-2019)."""

    __tablename__ = "bucket_samples"

    bucket_id: Mapped[str] = mapped_column(ForeignKey("buckets.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    objects: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)


class Upload(Model):
    """A large object on its way, in parts; ``external_id`` is the endpoint's name of the upload."""

    __tablename__ = "bucket_uploads"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    bucket_id: Mapped[str] = mapped_column(ForeignKey("buckets.id"), index=True)
    key: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    external_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime())
    created_by: Mapped[str | None] = mapped_column(String(36))


class UploadPart(Model):
    """One part as the endpoint acknowledged it."""

    __tablename__ = "bucket_upload_parts"

    upload_id: Mapped[str] = mapped_column(ForeignKey("bucket_uploads.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    tag: Mapped[str] = mapped_column(String(200))
