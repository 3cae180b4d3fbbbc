"""One answer for many who ask the same at once: each host of a cloud is looked at by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """Whoever asks gets an answer to a question that was put *after* it asked; who waits for one shares it.

    A question that fails is the failure of the one who put it: the next of those who wait puts it again.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._put = 0  # questions so far
        self._under_way = False
        self._waiting = 0
        self._answer: tuple[int, T] | None = None

    def ask(self, question: Callable[[], T], seconds: float) -> T | None:
        """The answer, or ``None`` when ``seconds`` pass while somebody else's question is under way."""
        with self._changed:
            needed = self._put + 1
            self._waiting += 1
            try:
                if not self._changed.wait_for(lambda: self._known(needed) or not self._under_way, seconds):
                    return None
                if self._answer is not None and self._known(needed):
                    return self._answer[1]
                self._put += 1
                number, self._under_way = self._put, True
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._answer = None
        try:
            answer = question()
        except BaseException:
            self._settle(None)
            raise
        self._settle((number, answer))
        return answer

    def _known(self, needed: int) -> bool:
        return self._answer is not None and self._answer[0] >= needed

    def _settle(self, answer: tuple[int, T] | None) -> None:
        with self._changed:
            self._under_way = False
            self._answer = answer if self._waiting else None
            self._changed.notify_all()
