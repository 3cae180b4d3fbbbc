"""Stands between the driver and the services, and fails on purpose: a proxy for each service, on a port of its own.

It passes the ``Host`` header on, so that the addresses in a service's answers lead back through it.
"""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}
_BLOCK = 1 << 16


@dataclass
class Rule:
    """What happens to requests whose method and path fit, ``times`` times.

    ``cut`` drops the connection after the service has done its work and answered; ``lose`` before it hears of the
    request; ``hold`` keeps the answer back until ``release`` is set, and says by ``done`` that the work is done;
    ``answer`` (status, headers, body) is given in the service's place.
    """

    service: str
    method: str
    path: str
    action: str = "cut"
    times: int = 1
    answer: tuple[int, Mapping[str, str], bytes] = (503, {}, b"")
    struck: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def fits(self, service: str, method: str, path: str) -> bool:
        return (
            self.struck < self.times
            and (service, method) == (self.service, self.method)
            and re.search(self.path, path) is not None
        )


@dataclass
class Traffic:
    """The switches of all proxies of a cloud, and what went through them."""

    rules: list[Rule] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)  # service, method, path
    open: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.open.set()

    def pick(self, service: str, method: str, path: str) -> Rule | None:
        with self.lock:
            self.seen.append((service, method, path))
            rule = next((one for one in self.rules if one.fits(service, method, path)), None)
            if rule is not None:
                rule.struck += 1
            return rule

    @contextmanager
    def failing(self, *rules: Rule) -> Iterator[None]:
        with self.lock:
            self.rules.extend(rules)
        try:
            yield
        finally:
            with self.lock:
                self.rules = [one for one in self.rules if one not in rules]

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Connections are taken, and nobody answers."""
        self.open.clear()
        try:
            yield
        finally:
            self.open.set()


class Proxy:
    """The proxy of one service; ``port`` is chosen by the kernel."""

    def __init__(self, service: str, upstream: int, traffic: Traffic) -> None:
        handler = type("Handler", (_Handler,), {"service": service, "upstream": upstream, "traffic": traffic})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that have left are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: str
    upstream: int
    traffic: Traffic

    def _pass(self) -> None:
        self.traffic.open.wait()
        rule = self.traffic.pick(self.service, self.command, self.path)
        if rule is not None and rule.action == "lose":
            self._drop()
            return
        if rule is not None and rule.action == "answer":
            self._drain()
            self._answer(rule.answer[0], list(rule.answer[1].items()), rule.answer[2])
            return
        status, headers, body = self._ask()
        if rule is not None and rule.action == "hold":
            rule.done.set()
            rule.release.wait()
        if rule is not None and rule.action in ("cut", "hold"):
            self._drop()
            return
        self.traffic.open.wait()
        self._answer(status, headers, body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _pass

    def _ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=120)
        with closing(connection):
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP:
                    connection.putheader(name, value)
            connection.endheaders()
            left = int(self.headers.get("Content-Length") or 0)
            while left > 0 and (block := self.rfile.read(min(left, _BLOCK))):
                left -= len(block)
                connection.send(block)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        # The answer to a HEAD has the length of a body that is not sent.
        length = next((value for name, value in headers if name.lower() == "content-length"), "0")
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    def _drain(self) -> None:
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0 and (block := self.rfile.read(min(left, _BLOCK))):
            left -= len(block)

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_words: Any) -> None:
        """Silent: the tests look at ``Traffic.seen``."""
