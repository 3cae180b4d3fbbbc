"""The journal: durable operations (作业), their steps (步骤), and what waits for what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class Operation(Entity, Model):
    """A durable unit of work.

    ``lease`` is the fence: it rises with every claim, and every write of a worker names the lease it holds.
    ``not_before`` parks the operation; ``deadline_at`` is when it is given up and undone.
    """

    __tablename__ = "operations"
    __table_args__ = (
        state_check(lifecycle.OPERATION),
        Index("ix_operations_claim", "state", "not_before"),
        Index("ix_operations_department_id_id", "department_id", "id"),
        Index("ix_operations_subject_id_id", "subject_id", "id"),
        UniqueConstraint("unique_key"),
    )

    kind: Mapped[str] = mapped_column(String(48))
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.OPERATION.initial)
    subject_type: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36))
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("operations.id"), index=True)
    requested_by: Mapped[str | None] = mapped_column(String(36))
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    worker: Mapped[str | None] = mapped_column(String(64))
    lease: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime())
    not_before: Mapped[datetime] = mapped_column(UtcTime())
    deadline_at: Mapped[datetime] = mapped_column(UtcTime())
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    cancelled_by: Mapped[str | None] = mapped_column(String(120))
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    unique_key: Mapped[str | None] = mapped_column(String(120))
    started_at: Mapped[datetime | None] = mapped_column(UtcTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime())


class Step(Model):
    """One journalled part. ``result`` is what later steps and the undo may rely on."""

    __tablename__ = "steps"
    __table_args__ = (state_check(lifecycle.STEP),)

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(48))
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.STEP.initial)
    generation: Mapped[int] = mapped_column(Integer, default=1)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime())


class Dependency(Model):
    """``operation_id`` starts only after ``needs_id`` succeeded, and fails when that did not."""

    __tablename__ = "operation_dependencies"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    needs_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True, index=True)
