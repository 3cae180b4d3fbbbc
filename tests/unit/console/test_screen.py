"""The browser's end of a screen: frames whole, in order, none after the last."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from simple_websocket import ConnectionClosed
from wsproto.events import BytesMessage, CloseConnection, Ping

from tests.support.websockets import Peer

PICTURE = bytes(200_000)
ROUNDS = 40


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
