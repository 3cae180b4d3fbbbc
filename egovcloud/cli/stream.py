"""Server-sent events (WHATWG HTML, "Server-sent events"): parsing, and reading on after a break."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from egovcloud.cli.failures import Refused
from egovcloud.domain.errors import Transient

if TYPE_CHECKING:
    from egovcloud.cli.client import Client


@dataclass(frozen=True)
class StreamEvent:
    """One event; ``id`` is where to resume."""

    id: str
    type: str
    data: str

    def document(self) -> dict[str, Any]:
        """The event as the API's JSON; a text that is none is kept under ``data``."""
        try:
            decoded = json.loads(self.data)
        except json.JSONDecodeError:
            decoded = None
        return decoded if isinstance(decoded, dict) else {"id": self.id, "type": self.type, "data": self.data}


def parse(lines: Iterable[str]) -> Iterator[StreamEvent]:
    """Events out of lines; a last event without its blank line is incomplete and dropped."""
    last_id, kind = "", "message"
    data: list[str] = []
    for raw in lines:
        line = raw.rstrip("\r\n")
        if not line:
            if data:
                yield StreamEvent(last_id, kind, "\n".join(data))
            kind, data = "message", []
            continue
        if line.startswith(":"):
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            last_id = value
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)


def follow(
    client: Client,
    params: Mapping[str, Any],
    *,
    last_id: str = "",
    on_break: Callable[[Exception], None] | None = None,
    give_up_after: int = 20,
) -> Iterator[StreamEvent]:
    """Events without end: after a break it goes on behind the last event that was seen, so none is lost.

    Raises ``Refused`` when the server says no, ``Transient`` after ``give_up_after`` breaks with nothing in between.
    """
    from egovcloud.cli.client import pause

    breaks = 0
    while True:
        try:
            for event in client.events(params, last_id):
                last_id = event.id or last_id
                breaks = 0
                yield event
            failure: Exception = Transient("cli.stream.ended", url=client.connection.url)
        except Transient as error:
            failure = error
        except Refused as error:
            if error.kind != "transient":
                raise
            failure = error
        breaks += 1
        if breaks > give_up_after:
            raise failure
        if on_break is not None:
            on_break(failure)
        pause(min(0.2 * 2.0 ** min(breaks, 5), 5.0))
