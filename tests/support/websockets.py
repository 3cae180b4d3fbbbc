"""The two ends between which the console passes a screen on: a browser, and a cloud's proxy of screens."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from simple_websocket import Client
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Request

from egovcloud.console import screen

PATIENCE = 20.0


class _Speaker:
    """Whoever speaks WebSocket on ``socket``."""

    socket: socket.socket
    protocol: WSConnection

    def read(self) -> list[Event] | None:
        """What comes next; None at the end. wsproto refuses what the standard does, also after a close."""
        data = self.socket.recv(1 << 16)
        if not data:
            return None
        self.protocol.receive_data(data)
        return list(self.protocol.events())

    def say(self, *events: Event) -> None:
        """All of them at once."""
        self.socket.sendall(b"".join(self.protocol.send(event) for event in events))


class Peer(_Speaker):
    """A browser that takes what comes, to the last byte, and holds it against RFC 6455."""

    def __init__(self) -> None:
        self.socket, self.other = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        asked = self.protocol.send(Request(host="console", target="/screen/x"))
        headers = dict(line.split(": ") for line in asked.decode().split("\r\n")[1:] if line)
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        self.browser = screen.Browser(environ | {"gunicorn.socket": self.other})
        assert any(isinstance(event, AcceptConnection) for event in self.read() or [])


class Stream:
    """A WebSocket that is read like a socket, by another library than the console's."""

    def __init__(self, url: str, headers: dict[str, str], limit: float) -> None:
        self._client = Client.connect(url, subprotocols=["binary"], headers=headers)
        self._limit = limit
        self._left = b""

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes; an error at the end."""
        while not self._left:
            message = self._client.receive(timeout=self._limit)
            assert isinstance(message, bytes), "no bytes in time"
            self._left = message
        data, self._left = self._left[:size], self._left[size:]
        return data

    def sendall(self, data: bytes) -> None:
        self._client.send(data)

    def close(self) -> None:
        self._client.close()


class Visit(_Speaker):
    """One connection to a ``Door``; ``asked`` is how it was asked for."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.protocol = WSConnection(ConnectionType.SERVER)
        (asked,) = self.read() or [None]
        assert isinstance(asked, Request)
        self.asked = asked

    def accept(self, *first: Event) -> None:
        self.say(AcceptConnection(subprotocol="binary"), *first)


class Door:
    """Listens on a port and lets ``host`` do with each visitor as it likes."""

    def __init__(self, host: Callable[[socket.socket], None], certificate: ssl.SSLContext | None = None) -> None:
        self._host, self._certificate = host, certificate
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._listener.accept()
                threading.Thread(target=self._meet, args=(visitor,), daemon=True).start()

    def _meet(self, visitor: socket.socket) -> None:
        visitor.settimeout(PATIENCE)
        with suppress(OSError):
            if self._certificate is not None:
                visitor = self._certificate.wrap_socket(visitor, server_side=True)
            with visitor:
                self._host(visitor)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
