"""A small real HTTP server that speaks the shapes of the API: enough of it to see what the command line sends."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "egov_0123456789abcdef"


def uid(number: int) -> str:
    """A UUIDv7 for tests: the same number is the same thing."""
    return f"01930000-0000-7000-8000-{number:012x}"


def ref(number: int, name: str) -> dict[str, str]:
    return {"id": uid(number), "name": name}


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class Reply:
    """What is answered. ``hang_up`` cuts the connection instead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    stream: Iterable[str] | None = None
    content_type: str = "application/json"


Answer = Reply | Callable[[Seen], Reply]


def problem(status: int, code: str, detail: str, **more: Any) -> Reply:
    """A problem document (RFC 9457)."""
    document = {"type": f"https://egovcloud.dev/problems/{code}", "title": "t", "status": status, "code": code}
    return Reply(status, {**document, "detail": detail, **more}, content_type="application/problem+json")


class Cloud:
    """The server. ``collections`` are listed, searched, filtered and paged; ``on`` answers anything else."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.collections: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[Seen] = []
        self._answers: list[tuple[str, re.Pattern[str], list[Answer]]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        scheme = "http"
        if context is not None:
            scheme = "https"
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, path: str, *items: dict[str, Any]) -> None:
        """A collection, newest first."""
        self.collections[path] = list(items)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Answer in turn; the last one stays. ``path`` is a regular expression behind /api/v1."""
        with self._lock:
            self._answers.insert(0, (method, re.compile(path + "$"), list(answers)))

    def sent(self, method: str, path: str | None = None) -> list[Seen]:
        """Requests of a method (and path) so far."""
        return [seen for seen in self.requests if seen.method == method and path in (None, seen.path)]

    def reply(self, seen: Seen) -> Reply:
        with self._lock:
            for method, pattern, answers in self._answers:
                if method == seen.method and pattern.match(seen.path):
                    answer = answers.pop(0) if len(answers) > 1 else answers[0]
                    break
            else:
                answer = self._thing(seen)
        return answer(seen) if callable(answer) else answer

    def _thing(self, seen: Seen) -> Reply:
        if seen.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "auth.required", "You are not signed in.")
        if seen.method == "GET" and seen.path in self.collections:
            return self._page(seen)
        base, _, identifier = seen.path.rpartition("/")
        for item in self.collections.get(base, []) if seen.method == "GET" else []:
            if item["id"] == identifier:
                return Reply(200, item)
        return problem(404, "thing.absent", f"There is no {seen.path}.")

    def _page(self, seen: Seen) -> Reply:
        query = dict(seen.query)
        limit = int(query.pop("limit", "50"))
        after, q = query.pop("after", ""), query.pop("q", "").lower()
        sort, count = query.pop("sort", ""), query.pop("count", "")
        if not 1 <= limit <= 200:
            return problem(422, "list.limit", "limit must be between 1 and 200.", field="limit")
        items = [item for item in self.collections[seen.path] if q in _searched(item)]
        for key, value in query.items():
            known = [item for item in items if key in item or key.removesuffix("_id") in item]
            if items and not known:
                return problem(422, "list.filter", f"This list has no filter {key}.", field=key)
            items = [item for item in known if _value(item, key) in value.split(",")]
        if sort:
            items.sort(key=lambda item: str(item[sort.lstrip("-")]), reverse=sort.startswith("-"))
        start = int(after or 0)
        page = {
            "items": items[start : start + limit],
            "next": str(start + limit) if start + limit < len(items) else None,
            "total": len(items) if count else None,
        }
        return Reply(200, page)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
                """The test's own output stays readable."""

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                seen = Seen(
                    self.command,
                    parts.path.removeprefix("/api/v1"),
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    self.headers,
                    json.loads(raw) if raw else None,
                )
                cloud.requests.append(seen)
                reply = cloud.reply(seen)
                if reply.hang_up:
                    self.close_connection = True
                    self.connection.close()
                    return
                with suppress(
                    BrokenPipeError, ConnectionResetError
                ):  # a client that left early is what some tests want
                    self._write(reply)

            def _write(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.stream is not None:
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Connection", "close")
                    self.end_headers()
                    self.close_connection = True
                    for part in reply.stream:
                        self.wfile.write(part.encode())
                        self.wfile.flush()
                    return
                text = isinstance(reply.body, str)
                data = b"" if reply.body is None else (reply.body if text else json.dumps(reply.body)).encode()
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        return Handler


def event(number: int, type_: str, **data: Any) -> str:
    """One server-sent event."""
    document = {"id": number, "at": "2026-11-23T02:00:00Z", "type": type_, **data}
    return f"id: {number}\nevent: {type_}\ndata: {json.dumps(document, ensure_ascii=False)}\n\n"


def waiting(gate: threading.Event, *parts: str) -> Iterator[str]:
    """Parts of a stream, then silence until ``gate`` opens."""
    yield from parts
    gate.wait(20)


def _searched(item: Mapping[str, Any]) -> str:
    return " ".join(str(item.get(key, "")) for key in ("name", "code", "number", "username")).lower()


def _value(item: Mapping[str, Any], key: str) -> str:
    found = item.get(key)
    if found is None:
        found = (item.get(key.removesuffix("_id")) or {}).get("id")
    return str(found).lower() if isinstance(found, bool) else str(found)


def operation(number: int, state: str, **more: Any) -> dict[str, Any]:
    """An operation with two steps."""
    done = state == "succeeded"
    steps = [
        {"position": 0, "name": "place", "state": "done", "attempts": 1, "error": None}
        | {"started_at": "2026-11-23T02:00:00Z", "finished_at": "2026-11-23T02:00:01.5Z"},
        {"position": 1, "name": "define", "state": "done" if done else "running", "attempts": 2, "error": None},
    ]
    made: dict[str, Any] = {
        "id": uid(number),
        "kind": "instance.create",
        "state": state,
        "subject": {"type": "instance", **ref(101, "web-1")},
        "error": None,
        "progress": {"done": 2 if done else 1, "total": 2},
        "steps": steps,
        "children": [],
    }
    return {**made, **more}


def accepted(number: int, **more: Any) -> Reply:
    """202 with the operation and its address."""
    found = operation(number, "queued", **more)
    return Reply(202, found, {"Location": f"/api/v1/operations/{found['id']}"})
