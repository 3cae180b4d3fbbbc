"""Who may talk to an instance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.domain import lifecycle
from egovcloud.store.base import Entity, Model, UtcTime, one_of, state_check


class SecurityGroup(Entity, Model):
    """A set of rules; what no rule allows does not come in."""

    __tablename__ = "security_groups"
    __table_args__ = (state_check(lifecycle.SECURITY_GROUP),)

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16), default=lifecycle.SECURITY_GROUP.initial)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime())


class SecurityRule(Model):
    """One rule. Ports are inclusive and empty for every port."""

    __tablename__ = "security_rules"
    __table_args__ = (one_of("direction", "ingress", "egress"), one_of("protocol", "tcp", "udp", "icmp", "any"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    security_group_id: Mapped[str] = mapped_column(ForeignKey("security_groups.id"), index=True)
    direction: Mapped[str] = mapped_column(String(8))
    protocol: Mapped[str] = mapped_column(String(8))
    port_min: Mapped[int | None] = mapped_column(Integer)
    port_max: Mapped[int | None] = mapped_column(Integer)
    cidr: Mapped[str] = mapped_column(String(18))
