"""The screen proxy: a WebSocket from the browser, pumped to the VNC server that only this machine can reach.

Where the server is a cloud's own proxy of screens, the browser never hears of it, nor of its token.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import closing
from time import monotonic
from typing import Any

import structlog
from flask import Flask, Response, request
from simple_websocket import ConnectionClosed, Server
from wsproto.events import Ping

from egovcloud.console import vnc
from egovcloud.domain.errors import Forbidden, Transient
from egovcloud.services import screen as service
from egovcloud.services.house import House
from egovcloud.services.session import alive, digest
from egovcloud.settings import Settings

log = structlog.get_logger("egovcloud.screen")

RECHECK_SECONDS = 15.0
PING_SECONDS = 25.0  # less than the patience of the proxies in between
SEND_SECONDS = 20  # a browser that takes nothing for so long is not looking
MESSAGE_LIMIT = 1 << 20  # browsers send keys, pointers and pasted text


def add_screens(
    app: Flask,
    house: House,
    settings: Settings,
    drivers: Any,
    *,
    cookie_name: str,
    places: threading.BoundedSemaphore,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Add ``/screen/<token>`` to ``app``."""

    def show(token: str) -> Response:
        # Browsers send the Origin of a WebSocket truthfully, and no other defence exists against foreign pages.
        if request.headers.get("Origin") not in (settings.origin, request.host_url.rstrip("/")):
            raise Forbidden("auth.origin", origin=request.headers.get("Origin", "")[:200])
        session_id = digest(request.cookies.get(cookie_name, ""))
        screen, actor = service.redeem(house, settings, drivers, token, session_id)
        if not places.acquire(blocking=False):
            raise Transient("stream.full", retry_after=5.0)
        try:
            with closing(vnc.connect(screen)) as server:
                browser = Browser(request.environ, subprotocols=["binary"], max_message_size=MESSAGE_LIMIT)

                def wanted() -> bool:
                    return not stopping() and alive(house, settings, session_id) is not None

                log.info("screen.open", actor=actor.name)
                pump(browser, server, wanted)
                return _Hijacked(browser.mode)
        finally:
            places.release()

    app.add_url_rule("/screen/<token>", endpoint="screen", view_func=show, websocket=True)


class Browser(Server):  # type: ignore[misc]  # the library has no types
    """The browser's end. One frame at a time leaves, and none after the one that closes.

    The library answers the browser's frames in a thread of its own and takes no lock, so that a picture may leave
    after the answer to a close, which RFC 6455 section 5.5.1 forbids, or in the midst of another frame.
    """

    pong_received: bool

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._turn = threading.RLock()
        super().__init__(*arguments, **options)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))

    def send(self, data: str | bytes) -> None:
        """Send one message; ``ConnectionClosed`` when the connection is no more."""
        with self._turn:
            super().send(data)

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        """Send the last frame; ``ConnectionClosed`` when the connection is no more."""
        with self._turn:
            super().close(reason, message)

    def ping(self) -> None:
        """Ask for a sign of life; ``ConnectionClosed`` when the last question had no answer."""
        with self._turn:
            if not self.connected or not self.pong_received:
                raise ConnectionClosed(self.close_reason, self.close_message)
            self.pong_received = False
            self.sock.send(self.ws.send(Ping()))

    def _handle_events(self) -> bool:
        with self._turn:
            return bool(super()._handle_events())


def pump(browser: Browser, server: vnc.Server, wanted: Callable[[], bool]) -> None:
    """Carry bytes both ways until either side ends or nobody may look any more."""
    over = threading.Event()

    def to_browser() -> None:
        try:
            while data := server.recv():
                browser.send(data)
        except (OSError, ConnectionClosed):
            pass
        finally:
            over.set()

    thread = threading.Thread(target=to_browser, name="screen", daemon=True)
    thread.start()
    checked = pinged = monotonic()
    try:
        while not over.is_set():
            if monotonic() - checked > RECHECK_SECONDS:
                if not wanted():
                    break
                checked = monotonic()
            if monotonic() - pinged > PING_SECONDS:
                browser.ping()
                server.ping()
                pinged = monotonic()
            data = browser.receive(timeout=0.5)
            if data is not None:
                server.sendall(data.encode() if isinstance(data, str) else data)
    except (OSError, ConnectionClosed):
        pass
    finally:
        _shut(server)
        thread.join(2)
        try:
            browser.close()
        except (OSError, ConnectionClosed):
            log.debug("screen.closed")


def _shut(server: vnc.Server) -> None:
    try:
        server.shut()
    except OSError:
        log.debug("screen.server_gone")


class _Hijacked(Response):
    """The socket is no longer HTTP's: nothing more may be written to it."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self._mode == "gunicorn":
            raise StopIteration
        return super().__call__(*arguments, **options) if self._mode == "werkzeug" else []
