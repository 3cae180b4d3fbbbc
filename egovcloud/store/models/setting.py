"""What an installation knows of itself."""

from __future__ import annotations

from sqlalchemy import Float, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from egovcloud.store.base import Model


class Setting(Model):
    """``installation`` is the id that every marker bears."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class CapacitySample(Model):
    """What the centre held at the end of a day; the growth chart and the forecast read nothing else."""

    __tablename__ = "capacity_samples"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    instances: Mapped[int] = mapped_column(Integer)
    vcpus: Mapped[int] = mapped_column(Integer)
    memory_mib: Mapped[int] = mapped_column(Integer)
    volume_gib: Mapped[int] = mapped_column(Integer)
    storage_used_gib: Mapped[float] = mapped_column(Float)
