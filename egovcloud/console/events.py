"""Live events: one thread reads the database for all, subscribers follow a ring in memory, gaps come from the database.

The ring is bounded, so that a slow subscriber costs nothing: it falls behind, reads what it missed from the database
like one that resumes with ``Last-Event-ID``, and nobody else waits for it.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import structlog

from egovcloud.domain.errors import Invalid, Problem, Transient
from egovcloud.services import event_feed as feed
from egovcloud.services.actor import Actor
from egovcloud.services.event_feed import Position, Told
from egovcloud.services.house import House, away
from egovcloud.settings import Settings

log = structlog.get_logger("egovcloud.events")

Recheck = Callable[[], Actor | None]


class Subscription(Iterator[str]):
    """Lines that give their place back even when the client goes before the first one."""

    def __init__(self, lines: Generator[str, None, None], release: Callable[[], None]) -> None:
        self._lines = lines
        self._release: Callable[[], None] | None = release

    def __next__(self) -> str:
        return next(self._lines)

    def close(self) -> None:
        """Called by the server when the answer is over, however it ended."""
        self._lines.close()
        if self._release is not None:
            self._release()
            self._release = None


class Hub:
    """The tailer and its ring; one per process. ``places`` bounds who holds a thread for long; ``stopping`` tells when
    the process wants to end."""

    def __init__(
        self,
        house: House,
        settings: Settings,
        places: threading.BoundedSemaphore,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._house = house
        self._poll = settings.event_poll
        self._heartbeat = settings.event_heartbeat
        self._stopping = stopping
        self._ring: deque[Told] = deque(maxlen=settings.event_queue)
        self._floor: Position | None = None  # everything after it is in the ring; None: the ring is not followed now
        self._changed = threading.Condition()
        self._places = places
        self._subscribers = 0
        self._tailer: threading.Thread | None = None

    def follow(self, recheck: Recheck, wanted: Mapping[str, str], last_event_id: str | None) -> Iterator[str]:
        """Server-sent-event text for one subscriber until it goes, its session ends, or the process stops."""
        position = parse_position(last_event_id) if last_event_id else feed.latest(self._house)
        if not self._places.acquire(blocking=False):
            raise Transient("stream.full", retry_after=5.0)
        return Subscription(self._lines(recheck, wanted, position), self._places.release)

    def _lines(self, recheck: Recheck, wanted: Mapping[str, str], position: Position) -> Generator[str, None, None]:
        self._enter()
        try:
            root = feed.root(self._house)
            yield f"retry: 1000\nid: {position[0]}-{position[1]}\n\n"
            checked = spoke = float("-inf")
            actor: Actor | None = None
            while not self._stopping():
                if monotonic() - checked >= min(self._heartbeat, 5.0):
                    actor, checked = recheck(), monotonic()
                    if actor is None:
                        yield "event: session.ended\ndata: {}\n\n"
                        return
                assert actor is not None
                for told in self._since(position, timeout=1.0):
                    position = told.position
                    view = told.shown_to(actor, root)
                    if view is not None and all(view.get(key) == value for key, value in wanted.items()):
                        yield _format(told.position, view)
                        spoke = monotonic()
                if monotonic() - spoke >= self._heartbeat:
                    # An id without data moves the place to resume from and wakes nobody.
                    yield f": alive\nid: {position[0]}-{position[1]}\n\n"
                    spoke = monotonic()
        except Problem as problem:
            log.warning("stream.broken", code=problem.code)
        except Exception as error:
            # The client comes back with its place, by the front to a host whose database answers.
            if (lost := away(error)) is None:
                raise
            log.warning("stream.broken", code=lost.code)
        finally:
            self._leave()

    def _since(self, position: Position, timeout: float) -> Sequence[Told]:
        """What follows ``position``: from the ring, else from the database; waits at most ``timeout``."""
        with self._changed:
            if self._floor is not None and position >= self._floor:
                found = [told for told in self._ring if told.position > position]
                if not found:
                    self._changed.wait(timeout)
                    if self._floor is not None and position >= self._floor:
                        found = [told for told in self._ring if told.position > position]
                return found
        found = list(feed.after(self._house, position))
        if not found:
            with self._changed:
                self._changed.wait(min(timeout, self._poll))
        return found

    def _enter(self) -> None:
        with self._changed:
            self._subscribers += 1
            if self._tailer is None:
                self._tailer = threading.Thread(target=self._tail, name="events", daemon=True)
                self._tailer.start()

    def _leave(self) -> None:
        with self._changed:
            self._subscribers -= 1

    def _tail(self) -> None:
        """Runs while somebody follows: an idle centre asks its database nothing."""
        place: Position | None = None
        while not self._stopping():
            with self._changed:
                if self._subscribers == 0:
                    self._ring.clear()
                    self._floor, self._tailer = None, None
                    return
            try:
                if place is None:
                    place = feed.latest(self._house)
                    with self._changed:
                        self._floor = place
                found = feed.after(self._house, place)
            except Exception as error:
                # The database may come back; the place is kept, so that nothing is missed.
                log.warning("stream.database", error=type(error).__name__)
                found = ()
            with self._changed:
                for told in found:
                    if len(self._ring) == self._ring.maxlen:
                        self._floor = self._ring[0].position
                    self._ring.append(told)
                    place = told.position
                if found:
                    self._changed.notify_all()
                    continue
                self._changed.wait_for(lambda: self._stopping() or self._subscribers == 0, self._poll)


def parse_position(text: str) -> Position:
    """``"<transaction>-<id>"``, as it was sent; ``Invalid`` for anything else."""
    transaction, _, id_ = text.strip().partition("-")
    if not (transaction.isdigit() and id_.isdigit() and len(text) <= 40) or max(int(transaction), int(id_)) >= 2**63:
        raise Invalid("stream.position", field="Last-Event-ID")
    return int(transaction), int(id_)


def _format(position: Position, view: Mapping[str, Any]) -> str:
    data = json.dumps(view, ensure_ascii=False, default=_plain)
    return f"id: {position[0]}-{position[1]}\nevent: {view['type']}\ndata: {data}\n\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
