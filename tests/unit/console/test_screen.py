"""The browser's end of a screen: frames whole, in order, none after the last."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from simple_websocket import ConnectionClosed
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request

from egovcloud.console import screen

PICTURE = bytes(200_000)
ROUNDS = 40


class Peer:
    """A browser that takes what comes, to the last byte, and holds it against RFC 6455."""

    def __init__(self) -> None:
        self.socket, self.other = socket.socketpair()
        self.socket.settimeout(20)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        asked = self.protocol.send(Request(host="console", target="/screen/x"))
        headers = dict(line.split(": ") for line in asked.decode().split("\r\n")[1:] if line)
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        self.browser = screen.Browser(environ | {"gunicorn.socket": self.other})
        assert any(isinstance(event, AcceptConnection) for event in self.read() or [])

    def read(self) -> list[object] | None:
        """What comes next; None at the end. wsproto refuses what the standard does, also after a close."""
        data = self.socket.recv(1 << 16)
        if not data:
            return None
        self.protocol.receive_data(data)
        return list(self.protocol.events())

    def say(self, event: CloseConnection | Ping) -> None:
        self.socket.sendall(self.protocol.send(event))


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.socket.close()


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_nothing_follows_the_frame_that_closes(peer: Peer, attempt: int) -> None:
    begun = threading.Event()

    def pictures() -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            while True:
                peer.browser.send(PICTURE)
                begun.set()

    drawing = threading.Thread(target=pictures)
    drawing.start()
    closed = asked = False
    while (events := peer.read()) is not None:
        assert not closed, "a frame came after the last"
        closed = any(isinstance(event, CloseConnection) for event in events)
        if not asked and any(isinstance(event, BytesMessage) for event in events):
            peer.say(Ping(b"still there?"))
            peer.say(CloseConnection(1000))
            asked = True
    assert closed
    drawing.join(20)
    assert not drawing.is_alive()
