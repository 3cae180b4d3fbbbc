"""Requests (服务申请) and their approvals (审批)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, one_of, state_check


class Request(Entity, Model):
    """A self-service ask. ``items`` is the list of what is asked for, as validated by the request service."""

    __tablename__ = "requests"
    __table_args__ = (state_check(lifecycle.REQUEST), Index("ix_requests_department_id_id", "department_id", "id"))

    number: Mapped[str] = mapped_column(String(24), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(Text, default="")
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    application_id: Mapped[str | None] = mapped_column(ForeignKey("applications.id"), index=True)
    requester_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    items: Mapped[list[Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.REQUEST.initial)
    operation_id: Mapped[str | None] = mapped_column(String(36))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcTime())
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime())


class Approval(Entity, Model):
    """One step of the chain: someone with ``request:approve`` at ``department_id`` decides."""

    __tablename__ = "approvals"
    __table_args__ = (state_check(lifecycle.APPROVAL), UniqueConstraint("request_id", "round", "position"))

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), index=True)
    round: Mapped[int] = mapped_column(Integer, default=1)
    position: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(String(16))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.APPROVAL.initial, index=True)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime())
    comment: Mapped[str] = mapped_column(Text, default="")


class ApprovalLevel(Model):
    """The chain as data: ``level`` is the kind of ancestor that decides (``office``, ``bureau``, ``centre``)."""

    __tablename__ = "approval_levels"
    __table_args__ = (one_of("level", "office", "bureau", "district", "centre"),)

    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    level: Mapped[str] = mapped_column(String(16))
