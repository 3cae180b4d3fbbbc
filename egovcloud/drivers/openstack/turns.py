"""Who may act on what in this process: one at a time on an object, and nobody twice on an unanswered creation."""

from __future__ import annotations

import threading
import time


class Turns:
    """One at a time for each name; names that nobody holds or awaits take no room."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: set[str] = set()

    def take(self, name: str, seconds: float) -> bool:
        """Wait until nobody holds ``name``, and hold it; false when ``seconds`` pass first."""
        with self._changed:
            if not self._changed.wait_for(lambda: name not in self._held, seconds):
                return False
            self._held.add(name)
            return True

    def give(self, name: str) -> None:
        with self._changed:
            self._held.discard(name)
            self._changed.notify_all()


class Doubts:
    """Creations whose answer was lost: the cloud may still be about to show what they made."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, name: str) -> None:
        with self._lock:
            self._since[name] = time.monotonic()

    def settle(self, name: str) -> None:
        """It was found, or it never will be."""
        with self._lock:
            self._since.pop(name, None)

    def left(self, name: str) -> float:
        """Seconds for which another creation of ``name`` has to wait; 0 when nothing is in doubt."""
        with self._lock:
            since = self._since.get(name)
        return 0.0 if since is None else max(0.0, since + self._window - time.monotonic())
