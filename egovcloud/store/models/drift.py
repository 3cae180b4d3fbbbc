"""Differences between what is desired and what is there, and what may be done about each kind unasked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.domain.drift import POLICIES
from egovcloud.store.base import Entity, Json, Model, UtcTime, one_of, state_check

LIVE = text("state <> 'closed'")


class Drift(Entity, Model):
    """One difference, from the look that first found it (``since``) to the one that found it no more.

    ``place`` tells apart what one row stands for on several hosts. ``outcome`` says how it ended. ``error`` is why the
    last attempt at a remedy came to nothing; while it stands, nothing more is tried unasked.
    """

    __tablename__ = "drifts"
    __table_args__ = (
        state_check(lifecycle.DRIFT),
        Index(
            "uq_drifts_live",
            "kind",
            "subject_id",
            "place",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        Index("ix_drifts_subject_id_state", "subject_id", "state"),
        Index("ix_drifts_state_id", "state", "id"),
    )

    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.DRIFT.initial)
    subject_type: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36))
    subject_name: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(250), default="")
    provider_id: Mapped[str] = mapped_column(ForeignKey("providers.id"), index=True)
    host: Mapped[str] = mapped_column(String(120), default="")
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    desired: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    observed: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    looks: Mapped[int] = mapped_column(Integer, default=1)
    since: Mapped[datetime] = mapped_column(UtcTime())
    last_seen_at: Mapped[datetime] = mapped_column(UtcTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime())
    outcome: Mapped[str | None] = mapped_column(String(16))
    operation_id: Mapped[str | None] = mapped_column(String(36))
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)


class DriftPolicy(Model):
    """What is done about a kind without asking; a kind without a row has the default of ``domain/drift.py``."""

    __tablename__ = "drift_policies"
    __table_args__ = (one_of("policy", *POLICIES),)

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    policy: Mapped[str] = mapped_column(String(8))
    updated_at: Mapped[datetime] = mapped_column(UtcTime())
    updated_by: Mapped[str | None] = mapped_column(String(36))
