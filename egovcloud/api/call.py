"""What every route is called with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.session import Door
from egovcloud.settings import Settings
from egovcloud.store.passwords import Passwords


class EventStream(Protocol):
    """Follows events for one subscriber; yields server-sent-event text until the client or the session goes."""

    def follow(
        self, recheck: Callable[[], Actor | None], wanted: dict[str, str], last_event_id: str | None
    ) -> Iterator[str]: ...


@dataclass(frozen=True)
class Parts:
    """What the faces stand on; made once, by ``app``.

    ``drivers`` is the provider registry of ``engine.providers``; ``stream`` follows events live.
    """

    house: House
    settings: Settings
    passwords: Passwords
    door: Door
    drivers: Any = None
    stream: EventStream | None = None

    @classmethod
    def of(cls, house: House, settings: Settings, **more: Any) -> Parts:
        """The parts with what follows from house and settings."""
        passwords = Passwords(settings.hash_parallel, memory_kib=settings.hash_memory)
        return cls(house, settings, passwords, Door.of(house, settings, passwords), **more)


@dataclass(frozen=True)
class Call:
    """One request: who asks, and what the use cases stand in. Path, query and body come as arguments."""

    parts: Parts
    actor: Actor

    @property
    def house(self) -> House:
        return self.parts.house

    @property
    def drivers(self) -> Any:
        return self.parts.drivers

    @property
    def settings(self) -> Settings:
        return self.parts.settings
