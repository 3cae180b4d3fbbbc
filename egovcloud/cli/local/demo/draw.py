"""Chance that repeats: the same seed gives the same city."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

Thing = TypeVar("Thing")


class Draw(random.Random):
    """A seeded source of everything that is not data. Nothing secret is ever drawn from it."""

    def id(self, at: datetime) -> str:
        """A UUID version 7 (RFC 9562 §5.7) as ``domain.ids.new_id`` would have made it at ``at``."""
        milliseconds = int(at.timestamp() * 1000)
        value = (milliseconds << 80) | (0x7 << 76) | (self.getrandbits(12) << 64)
        return str(uuid.UUID(int=value | (0b10 << 62) | self.getrandbits(62)))

    def external_id(self) -> str:
        """The simulated cloud's own name for an object: a UUID version 4."""
        value = self.getrandbits(128) & ~(0xF << 76) & ~(0b11 << 62)
        return str(uuid.UUID(int=value | (0x4 << 76) | (0b10 << 62)))

    def hex(self, digits: int) -> str:
        return f"{self.getrandbits(4 * digits):0{digits}x}"

    def span(self, low: float, high: float) -> timedelta:
        """Between ``low`` and ``high`` seconds, in whole milliseconds."""
        return timedelta(milliseconds=round(1000 * self.uniform(low, high)))

    def weighted(self, things: Sequence[Thing], weights: Sequence[float]) -> Thing:
        return self.choices(things, weights)[0]

    def chance(self, share: float) -> bool:
        return self.random() < share
