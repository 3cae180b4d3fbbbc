"""The far end of a screen: the VNC server's own socket, or a WebSocket of the cloud's proxy (RFC 6455)."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, Request
from wsproto.utilities import LocalProtocolError, ProtocolError

from egovcloud.domain.errors import Transient
from egovcloud.drivers.base import Screen

log = structlog.get_logger("egovcloud.screen")

CONNECT_SECONDS = 5.0
SEND_SECONDS = 20.0  # a server that takes no key for so long does not listen any more
CHUNK = 64 * 1024
_REFUSALS = (OSError, ProtocolError, ValueError)  # UnicodeError too: an address that no request can be made of


class Server(Protocol):
    """One thread reads and another writes. Every failure is an ``OSError``."""

    def recv(self) -> bytes:
        """What comes next, however long that takes; nothing at the end."""
        ...

    def sendall(self, data: bytes) -> None: ...

    def ping(self) -> None:
        """Ask for a sign of life, where there is a way to; ``OSError`` when the last question had no answer."""
        ...

    def shut(self) -> None:
        """Nothing more either way; whoever reads comes to the end."""
        ...

    def close(self) -> None: ...


def connect(screen: Screen, *, within: float = CONNECT_SECONDS) -> Server:
    """A connection to the VNC server; ``Transient`` when there is none. Its secrets are in no log."""
    try:
        if screen.url is not None:
            return Proxied(screen.url, screen.origin, screen.verify, within)
        return Direct(screen, within)
    except _REFUSALS as error:
        place = screen.origin or screen.path or screen.host
        log.warning("screen.unreachable", server=place, reason=f"{type(error).__name__}: {error}"[:200])
        raise Transient("screen.unreachable", retry_after=2.0) from None


class Direct:
    """The VNC server itself, by its unix socket or its port."""

    def __init__(self, screen: Screen, within: float) -> None:
        if screen.path is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(within)
            self._socket.connect(screen.path)
        else:
            self._socket = socket.create_connection((screen.host or "127.0.0.1", screen.port or 0), within)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(None)

    def recv(self) -> bytes:
        return self._socket.recv(CHUNK)

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ping(self) -> None:
        """RFB knows no such question."""

    def shut(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


class Proxied:
    """A WebSocket as noVNC opens it: what comes is passed on as it comes, so that no message is ever held whole.

    OpenSSL forbids to read and to write at the same instant: the socket never blocks, and ``_turn`` is held for each
    touch of it. ``_frame`` is held until a frame is out.
    """

    def __init__(self, url: str, origin: str | None, verify: bool | str, within: float) -> None:
        self._turn, self._frame = threading.Lock(), threading.Lock()
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._answered, self._ended = True, False
        end = monotonic() + within
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        self._socket = socket.create_connection((parts.hostname or "", parts.port or (443 if secure else 80)), within)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                self._socket.settimeout(max(0.01, end - monotonic()))
                self._socket = _trust(verify).wrap_socket(self._socket, server_hostname=parts.hostname)
            self._socket.setblocking(False)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = [(b"Origin", origin.encode("ascii"))] if origin else []
            request = Request(parts.netloc, target, subprotocols=["binary"], extra_headers=headers)
            self._send(request, max(0.0, end - monotonic()))
            self._shake_hands(end)
        except BaseException:
            self._socket.close()
            raise

    def recv(self) -> bytes:
        while not (found := self._take()) and not self._ended:
            self._protocol.receive_data(self._receive(None) or None)
        return found

    def sendall(self, data: bytes) -> None:
        self._send(BytesMessage(data))

    def ping(self) -> None:
        if not self._answered:
            raise TimeoutError("no answer to the last ping")
        self._answered = False
        self._send(Ping())

    def shut(self) -> None:
        with suppress(OSError):
            self._send(CloseConnection(1000), 1.0)
        with self._turn:
            # Of the socket below: TLS's own would let the reader go on in the clear.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _shake_hands(self, end: float) -> None:
        while True:
            data = self._receive(end)
            if not data:
                raise ConnectionError("it hung up")
            self._protocol.receive_data(data)
            answer = next(self._protocol.events(), None)
            if isinstance(answer, AcceptConnection):
                return
            if answer is not None:
                raise ConnectionError(f"HTTP {getattr(answer, 'status_code', 0)}")

    def _take(self) -> bytes:
        """The bytes in what came, of however many frames; questions are answered."""
        found = []
        for event in self._protocol.events():
            if isinstance(event, BytesMessage):
                found.append(bytes(event.data))
            elif isinstance(event, Ping):
                self._send(event.response())
            elif isinstance(event, Pong):
                self._answered = True
            elif isinstance(event, CloseConnection):
                self._ended = True
                with suppress(OSError):
                    self._send(event.response(), 1.0)
            else:
                raise ConnectionError(f"{type(event).__name__} where bytes were asked for")
        return b"".join(found)

    def _receive(self, end: float | None) -> bytes:
        while True:
            with self._turn:
                try:
                    return self._socket.recv(CHUNK)
                except (BlockingIOError, ssl.SSLWantReadError):
                    event = select.POLLIN
                except ssl.SSLWantWriteError:
                    event = select.POLLOUT
            self._wait(event, end)

    def _send(self, event: Event, within: float = SEND_SECONDS) -> None:
        end = monotonic() + within
        with self._frame:
            try:
                left = memoryview(self._protocol.send(event))
            except LocalProtocolError as error:  # closed by the other side
                raise ConnectionError(str(error)) from None
            while left:
                with self._turn:
                    try:
                        left = left[self._socket.send(left) :]
                        continue
                    except (BlockingIOError, ssl.SSLWantWriteError):
                        wanted = select.POLLOUT
                    except ssl.SSLWantReadError:
                        wanted = select.POLLIN
                self._wait(wanted, end)

    def _wait(self, event: int, end: float | None) -> None:
        poll = select.poll()
        poll.register(self._socket, event)
        if not poll.poll(None if end is None else max(0.0, end - monotonic()) * 1000):
            raise TimeoutError("no answer in time")


def _trust(verify: bool | str) -> ssl.SSLContext:
    """As the driver says it: with a file or a directory of authorities, as requests takes them, those alone count."""
    if isinstance(verify, str):
        directory = Path(verify).is_dir()
        return ssl.create_default_context(cafile=None if directory else verify, capath=verify if directory else None)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
