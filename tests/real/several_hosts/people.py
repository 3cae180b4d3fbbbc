"""Who asks and who listens, both through the front like anybody."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PATIENCE = 180.0  # seconds in which somebody gets an answer, whatever happens to hosts
SILENCE = 10.0  # seconds; a stream says something every second


def client(door: Path, token: str, timeout: float) -> httpx.Client:
    """Speaks to the front by its socket."""
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=str(door)),
        base_url="http://front/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=timeout,
    )


@dataclass
class Asker:
    """Asks until it is answered, always with the key of the first time. ``acknowledged`` is operation by key."""

    door: Path
    token: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    tries: int = 0

    def ask(self, key: str, path: str, body: dict[str, Any]) -> str:
        """The operation that was acknowledged."""
        deadline = time.monotonic() + PATIENCE
        last = ""
        while time.monotonic() < deadline:
            self.tries += 1
            try:
                with client(self.door, self.token, 30.0) as spoken:
                    answer = spoken.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError as error:
                last = repr(error)
            else:
                if answer.status_code == 202:
                    self.acknowledged[key] = answer.json()["id"]
                    return self.acknowledged[key]
                last = f"{answer.status_code} {answer.text}"
                # 409: the first try is still under way on a host that was cut off.
                assert answer.status_code in (409, 502, 503, 504), last
            time.sleep(0.2)
        raise AssertionError(f"{key} was not answered within {PATIENCE:g} s; last: {last}")


class Listener(threading.Thread):
    """Follows the event stream, and resumes it after the last id that it saw whenever it breaks."""

    def __init__(self, door: Path, token: str) -> None:
        super().__init__(name="listener", daemon=True)
        self._door = door
        self._token = token
        self._over = threading.Event()
        self.first = ""
        self.last = ""
        self.seen: list[str] = []
        self.resumed = 0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._follow()
            except (httpx.TransportError, httpx.HTTPStatusError):
                self._over.wait(0.2)

    def _follow(self) -> None:
        headers = {"Last-Event-ID": self.last} if self.last else {}
        with (
            client(self._door, self._token, SILENCE) as spoken,
            spoken.stream("GET", "/events/stream", headers=headers) as answer,
        ):
            answer.raise_for_status()
            self.resumed += bool(self.last)
            for block in _blocks(answer.iter_lines()):
                if "id" in block:
                    self.last = block["id"]
                    self.first = self.first or self.last
                if "data" in block and "subject_id" in json.loads(block["data"]):
                    self.seen.append(block["id"])
                if self._over.is_set():
                    return

    def stop(self) -> None:
        self._over.set()
        self.join(60)
        assert not self.is_alive()


def _blocks(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    block: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            block[name] = value
        else:
            yield block
            block = {}
