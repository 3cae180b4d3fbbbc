"""The screen proxy: a WebSocket from the browser, pumped to the VNC server that only this machine can reach."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from flask import Flask, Response, request
from simple_websocket import ConnectionClosed, Server

from egovcloud.domain.errors import Forbidden, Transient
from egovcloud.drivers.base import Screen
from egovcloud.services import screen as service
from egovcloud.services.house import House
from egovcloud.services.session import alive, digest
from egovcloud.settings import Settings

log = structlog.get_logger("egovcloud.screen")

CONNECT_SECONDS = 5.0
CHUNK = 64 * 1024
RECHECK_SECONDS = 15.0
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
            with _connect(screen) as server:
                browser = Server(
                    request.environ, subprotocols=["binary"], ping_interval=25, max_message_size=MESSAGE_LIMIT
                )

                def wanted() -> bool:
                    return not stopping() and alive(house, settings, session_id) is not None

                log.info("screen.open", actor=actor.name)
                pump(browser, server, wanted)
                return _Hijacked(browser.mode)
        finally:
            places.release()

    app.add_url_rule("/screen/<token>", endpoint="screen", view_func=show, websocket=True)


def pump(browser: Server, server: socket.socket, wanted: Callable[[], bool]) -> None:
    """Carry bytes both ways until either side ends or nobody may look any more."""
    over = threading.Event()

    def to_browser() -> None:
        try:
            while data := server.recv(CHUNK):
                browser.send(data)
        except (OSError, ConnectionClosed):
            pass
        finally:
            over.set()

    thread = threading.Thread(target=to_browser, name="screen", daemon=True)
    thread.start()
    checked = monotonic()
    try:
        while not over.is_set():
            if monotonic() - checked > RECHECK_SECONDS:
                if not wanted():
                    break
                checked = monotonic()
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


def _shut(server: socket.socket) -> None:
    try:
        server.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("screen.server_gone")


def _connect(screen: Screen) -> socket.socket:
    """A connection to the VNC server; ``Transient`` when there is none."""
    try:
        if screen.path is not None:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            made.settimeout(CONNECT_SECONDS)
            made.connect(screen.path)
        else:
            made = socket.create_connection((screen.host or "127.0.0.1", screen.port or 0), CONNECT_SECONDS)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        raise Transient("screen.unreachable", retry_after=2.0) from None
    made.settimeout(None)
    return made


class _Hijacked(Response):
    """The socket is no longer HTTP's: nothing more may be written to it."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self._mode == "gunicorn":
            raise StopIteration
        return super().__call__(*arguments, **options) if self._mode == "werkzeug" else []
