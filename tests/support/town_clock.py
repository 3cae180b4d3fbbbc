"""The town's time, for a worker too."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.support.town import Town
from tests.world import Clock


class TownClock(Clock):
    """Moves the town along when the worker waits for a moment."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town = town

    def __call__(self) -> datetime:
        return self.town.now

    def reach(self, moment: datetime) -> None:
        self.town.now = max(self.town.now, moment + timedelta(milliseconds=1))
