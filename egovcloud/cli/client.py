"""The HTTP client: one place for authentication, language, retries and problem documents."""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from egovcloud.cli import language
from egovcloud.cli.connection import Connection
from egovcloud.cli.failures import Refused
from egovcloud.domain.errors import Invalid, Transient

# httpx imports its own command line (click, rich, pygments) when it can; that is a tenth of a second of every start.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

if TYPE_CHECKING:
    from egovcloud.cli.stream import StreamEvent

ATTEMPTS = 4
# A server that asks for more patience than this gets none: the person decides when to try again.
LONGEST_PAUSE = 10.0
AGENT = "egovctl"


@dataclass(frozen=True)
class Answer:
    """``data`` is decoded JSON, or text where the answer is not JSON; None when empty."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def new_key() -> str:
    """An Idempotency-Key: the same for every attempt of one command."""
    return str(uuid.uuid4())


def pause(seconds: float) -> None:
    """Back off before the next attempt, without burning the processor."""
    threading.Event().wait(seconds)


class Client:
    """Speaks to one address. Raises ``Refused`` for the server's no, ``Transient`` when there is no server."""

    def __init__(self, connection: Connection, *, timeout: float = 60.0, attempts: int = ATTEMPTS) -> None:
        self.connection = connection
        self.attempts = attempts
        headers = {"Accept-Language": language.current(), "User-Agent": AGENT}
        if connection.token:
            if not connection.token.isascii() or not connection.token.isprintable():
                raise Invalid("cli.token.malformed")
            headers["Authorization"] = f"Bearer {connection.token}"
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=min(5.0, timeout)),
            verify=_trust(connection),
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The decoded body of a GET."""
        return self.request("GET", path, params=params).data

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """One call, tried again where that is harmless: reads, and POSTs under the same Idempotency-Key."""
        sent = {**(headers or {})}
        if method == "POST":
            sent.setdefault("Idempotency-Key", key or new_key())
        # Bytes replace what was at their address: sent twice they are there once.
        repeatable = method in ("GET", "HEAD") or "Idempotency-Key" in sent or content is not None
        response: httpx.Response | None = None
        failure: httpx.TransportError | None = None
        for attempt in range(self.attempts):
            try:
                response = self._http.request(
                    method,
                    self.connection.api + path,
                    params=_clean(params),
                    json=body,
                    content=content,
                    headers=sent,
                )
                failure = None
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                response, failure = None, error
                if _untrusted(error):
                    break
            except httpx.TransportError as error:
                # The server may have done it already: only what is safe to repeat is repeated.
                response, failure = None, error
                if not repeatable:
                    break
            except (httpx.InvalidURL, UnicodeError) as error:
                raise Invalid("cli.unsendable", detail=error) from None
            if response is not None and not _again(response.status_code, repeatable):
                break
            delay = _delay(response, attempt)
            if delay > LONGEST_PAUSE:
                break
            if attempt + 1 < self.attempts:
                pause(delay)
        if response is None:
            raise self._unreachable(failure)
        return self._answer(response)

    def send_bytes(self, path: str, content: bytes, params: Mapping[str, Any]) -> Answer:
        """PUT bytes as they are."""
        headers = {"Content-Type": "application/octet-stream"}
        return self.request("PUT", path, params=params, content=content, headers=headers)

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Page after page by the server's cursor, as {"items", "next", "total"}."""
        after = params.get("after")
        while True:
            page = self.get(path, {**params, "after": after})
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise Refused(502, {"detail": language.say("cli.not_api", url=self.connection.url)})
            yield page
            after = page.get("next")
            if not after or not page["items"]:
                return

    @contextmanager
    def open_stream(self, path: str, params: Mapping[str, Any], last_id: str = "") -> Iterator[Iterator[str]]:
        """The lines of a text/event-stream; silence longer than a minute and a half ends it."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        try:
            with self._http.stream(
                "GET",
                self.connection.api + path,
                params=_clean(params),
                headers=headers,
                timeout=httpx.Timeout(90.0, connect=5.0),
            ) as response:
                if response.status_code != 200:
                    response.read()
                    self._answer(response)
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise Refused(502, {"detail": language.say("cli.not_api", url=self.connection.url)})
                yield response.iter_lines()
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def download(self, path: str, params: Mapping[str, Any], file: BinaryIO) -> None:
        """A file as it comes, however big; a connection that breaks raises, and what was written is incomplete."""
        try:
            with self._http.stream("GET", self.connection.api + path, params=_clean(params)) as response:
                if response.status_code != 200:
                    response.read()
                    self._answer(response)
                for piece in response.iter_bytes():
                    file.write(piece)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def events(self, params: Mapping[str, Any], last_id: str = "") -> Iterator[StreamEvent]:
        """Events as they happen, until the connection ends."""
        from egovcloud.cli.stream import parse

        with self.open_stream("/events/stream", params, last_id) as lines:
            yield from parse(lines)

    def _answer(self, response: httpx.Response) -> Answer:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        data: Any = None
        if response.content:
            if kind.endswith("json"):
                try:
                    data = response.json()
                except (json.JSONDecodeError, UnicodeDecodeError):
                    kind = "text/broken"
                    data = None
            else:
                data = response.text
        status = response.status_code
        if 200 <= status < 300 and kind not in ("text/html", "text/broken"):
            return Answer(status, data, response.headers)
        if isinstance(data, dict):
            raise Refused(status, data)
        code = "cli.not_api" if status < 500 else "cli.server_trouble"
        sentence = language.say(code, url=self.connection.url, status=status)
        raise Refused(502 if status < 400 else status, {"detail": sentence})

    def _unreachable(self, failure: Exception | None) -> Transient:
        url = self.connection.url
        if failure is not None and _untrusted(failure):
            return Transient("cli.untrusted", url=url, detail=_reason(failure))
        return Transient("cli.unreachable", url=url, detail=_reason(failure))


def _trust(connection: Connection) -> ssl.SSLContext:
    """Certificates are always verified: against the given authority, else against the system's own."""
    if not connection.url.startswith("https:"):
        # Nothing is trusted, and reading the system's certificates is not paid for, where no TLS is spoken.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not connection.ca:
        return ssl.create_default_context()
    try:
        if os.path.isdir(connection.ca):
            return ssl.create_default_context(capath=connection.ca)
        return ssl.create_default_context(cafile=connection.ca)
    except (OSError, ssl.SSLError) as error:
        raise Invalid("cli.file.unreadable", path=connection.ca, detail=error) from None


def _again(status: int, repeatable: bool) -> bool:
    if status in (429, 503):
        return True
    return repeatable and status in (502, 504)


def _delay(response: httpx.Response | None, attempt: int) -> float:
    """Retry-After when the server says it (seconds), else a pause that doubles from 0.2 s."""
    said = response.headers.get("retry-after", "") if response is not None else ""
    if said.isdigit():
        return float(said)
    return min(0.2 * 2.0**attempt, LONGEST_PAUSE)


def _clean(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None and value != ""}


def _untrusted(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _reason(error: BaseException | None) -> str:
    return (str(error) or type(error).__name__) if error is not None else "-"
