"""What an installation knows of itself."""

from __future__ import annotations

from sqlalchemy import (
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Model


class Setting(Model):
    """``installation`` is the id that every marker bears."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
