"""Screen and serial log: what a user sees of a guest before any network works."""

from __future__ import annotations

import socket
import struct
from contextlib import closing

import pytest

from egovcloud.domain.errors import Conflict
from egovcloud.drivers.base import Capability, Screen
from tests.contract.adapter import Cloud
from tests.contract.marks import proves
from tests.support.websockets import Stream


@proves(Capability.SERIAL_LOG)
def test_serial_log_ends_with_the_last_bytes(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.wait(
        "the guest has written something",
        lambda: len(cloud.driver.serial_log(cloud.host, spec.id, limit=4096, within=cloud.limit)) > 20,
    )
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    whole = cloud.driver.serial_log(cloud.host, spec.id, limit=1 << 20, within=cloud.limit)
    assert cloud.driver.serial_log(cloud.host, spec.id, limit=10, within=cloud.limit) == whole[-10:]
    assert cloud.driver.serial_log(cloud.host, spec.id, limit=0, within=cloud.limit) == b""


def _connect(screen: Screen, limit: float) -> socket.socket | Stream:
    if screen.url:
        assert screen.origin
        assert screen.url not in repr(screen), "it bears a secret"
        return Stream(screen.url, {"Origin": screen.origin}, limit)
    if screen.path:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(limit)
        sock.connect(screen.path)
        return sock
    assert screen.port
    return socket.create_connection((screen.host or "127.0.0.1", screen.port), timeout=limit)


def _read(sock: socket.socket | Stream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        assert more, "the server closed the connection"
        data += more
    return data


@proves(Capability.SCREEN)
def test_screen_speaks_rfb_and_shows_a_picture(cloud: Cloud) -> None:
    """The handshake and one update in raw encoding, RFC 6143."""
    spec = cloud.booted_instance()
    with closing(_connect(cloud.driver.screen(cloud.host, spec.id, within=cloud.limit), cloud.limit)) as sock:
        assert _read(sock, 12) == b"RFB 003.008\n"
        sock.sendall(b"RFB 003.008\n")
        kinds = _read(sock, _read(sock, 1)[0])
        assert 1 in kinds
        sock.sendall(b"\x01")
        assert struct.unpack(">I", _read(sock, 4)) == (0,)
        sock.sendall(b"\x01")
        width, height = struct.unpack(">HH", _read(sock, 4))
        _read(sock, 16)
        _read(sock, struct.unpack(">I", _read(sock, 4))[0])
        assert width >= 320
        assert height >= 200
        sock.sendall(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 0, 8, 16))
        sock.sendall(struct.pack(">BxHi", 2, 1, 0))
        sock.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
        kind, rectangles = struct.unpack(">BxH", _read(sock, 4))
        assert kind == 0
        assert rectangles >= 1
        _, _, wide, high, encoding = struct.unpack(">HHHHi", _read(sock, 12))
        assert encoding == 0
        assert len(_read(sock, wide * high * 4)) == wide * high * 4


@proves(Capability.SCREEN)
def test_stopped_instance_has_no_screen(cloud: Cloud) -> None:
    spec = cloud.stopped_instance()
    with pytest.raises(Conflict) as caught:
        cloud.driver.screen(cloud.host, spec.id, within=cloud.limit)
    assert caught.value.code == "instance.stopped"
