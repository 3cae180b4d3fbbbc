"""The screen of a real cloud's server through our own console: Nova's address, its proxy, a VNC server behind it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from simple_websocket import ConnectionError as NoUpgrade

from tests.real.openstack.layout import Layout
from tests.real.openstack.office import LONG, Office, opened
from tests.real.openstack.proxy import Rule
from tests.real.openstack.through import Way
from tests.support.centre import PASSWORD
from tests.support.server import Served
from tests.support.websockets import Stream

CONSOLES = "/remote-consoles"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def office(way: Way, layout: Layout, tmp_path: Path) -> Iterator[Office]:
    with opened(way, layout, tmp_path) as office:
        yield office


class Browser:
    """Somebody of the bureau, signed in to the console that is served."""

    def __init__(self, url: str, username: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=LONG)
        session = self._http.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert session.status_code == 200, session.text
        self._http.headers["X-CSRF-Token"] = session.json()["csrf_token"]

    def ask(self, instance_id: str) -> httpx.Response:
        return self._http.post(f"/api/v1/instances/{instance_id}/screen")

    def look(self, answer: httpx.Response) -> Stream:
        assert answer.status_code == 200, answer.text
        headers = {"Cookie": f"egov_session={self._http.cookies['egov_session']}", "Origin": self._url}
        return Stream(self._url.replace("http", "ws") + answer.json()["url"], headers, LONG)


class Viewer:
    """As much of a VNC client as shows what is seen, RFC 6143."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        assert self._read(12) == b"RFB 003.008\n"
        stream.sendall(b"RFB 003.008\n")
        assert 1 in self._read(self._read(1)[0])
        stream.sendall(b"\x01")
        assert self._read(4) == bytes(4)
        stream.sendall(b"\x01")
        self._size = self._read(4)
        self._read(16)
        self.name = self._read(struct.unpack(">I", self._read(4))[0]).decode()

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            data += self._stream.recv(size - len(data))
        return bytes(data)

    def bars(self) -> list[bytes]:
        """The colours of the first line, each once, from left to right."""
        self._stream.sendall(struct.pack(">BBHH", 3, 0, 0, 0) + self._size)
        wide, high, encoding = struct.unpack(">4x4xHHi", self._read(16))
        assert encoding == 0
        line = self._read(wide * high * 4)[: wide * 4]
        return [line[at : at + 4] for at in range(0, wide * 4, 4) if at == 0 or line[at : at + 4] != line[at - 4 : at]]

    def press(self, key: int) -> None:
        for down in (1, 0):
            self._stream.sendall(struct.pack(">BBxxI", 4, down, key))


def _machine(office: Office) -> Any:
    office.ended(office.start(office.operator, "/instances", office.machine("screen")))
    (made,) = office.every("/instances")
    assert made["state"] == "active"
    return made


def test_a_bureau_looks_at_its_machine_in_a_real_cloud(office: Office, way: Way, tmp_path: Path) -> None:
    machine = _machine(office)
    settings = office.centre.installation.settings
    with Served(settings.database_url.get_secret_value(), tmp_path) as served:
        browser = Browser(served.url, "member")
        ticket = browser.ask(machine["id"])
        assert "token=" not in ticket.text, "the cloud's own token stays here"
        with closing(browser.look(ticket)) as stream:
            viewer = Viewer(stream)
            assert viewer.name == machine["hostname"]
            before = viewer.bars()
            viewer.press(0x20)
            assert viewer.bars() == [*before[1:], before[0]], "a key has no effect"
        with pytest.raises(NoUpgrade):
            browser.look(ticket)
        refused = {"badRequest": {"code": 400, "message": "Unavailable console type novnc."}}
        body = httpx.Response(200, json=refused).content
        with way.traffic.failing(Rule("nova", "POST", CONSOLES, "answer", answer=(400, JSON, body))):
            answer = browser.ask(machine["id"])
        assert answer.json()["code"] == "cloud.no_screens", answer.text
        office.run(f"/instances/{machine['id']}/stop", {"force": True})
        answer = browser.ask(machine["id"])
        assert (answer.status_code, answer.json()["code"]) == (409, "instance.stopped"), answer.text
        log = served.log.read_text()
        assert "screen.open" in log
        assert "token=" not in log
