"""Accounts, what they were granted, and how they prove themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Json, Model, UtcTime, state_check


class User(Entity, Model):
    """An account. The password is an argon2id hash (RFC 9106); the account locks after too many failures."""

    __tablename__ = "users"
    __table_args__ = (state_check(lifecycle.USER),)

    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    language: Mapped[str] = mapped_column(String(8), default="zh")
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.USER.initial)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=True)
    failed_logins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcTime())
    last_login_at: Mapped[datetime | None] = mapped_column(UtcTime())


class Grant(Entity, Model):
    """A role of a user, valid in the subtree of ``department_id``."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("user_id", "role", "department_id"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"))


class Session(Model):
    """A signed-in browser. ``id`` is the SHA-256 of the cookie, so that a stolen table opens no session."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime())
    last_seen_at: Mapped[datetime] = mapped_column(UtcTime())
    expires_at: Mapped[datetime] = mapped_column(UtcTime())
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")


class Token(Entity, Model):
    """A scoped token for automation. Only its SHA-256 is kept; ``prefix`` lets people tell tokens apart."""

    __tablename__ = "tokens"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    permissions: Mapped[list[str]] = mapped_column(Json)
    expires_at: Mapped[datetime] = mapped_column(UtcTime())
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime())
