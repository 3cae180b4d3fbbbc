"""The way to a cloud's proxy of screens, as noVNC would go it: over real sockets, with and without TLS."""

from __future__ import annotations

import datetime
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, RejectConnection, TextMessage

from egovcloud.console import screen, vnc
from egovcloud.domain.errors import Transient
from egovcloud.drivers.base import Screen
from tests.support.websockets import PATIENCE, Door, Peer, Visit

HELLO = b"RFB 003.008\n"
MUCH = 1 << 20
Host = Callable[[socket.socket], None]
Open = Callable[..., Door]


@pytest.fixture
def open_door() -> Iterator[Open]:
    doors: list[Door] = []

    def made(host: Host, certificate: ssl.SSLContext | None = None) -> Door:
        doors.append(Door(host, certificate))
        return doors[-1]

    yield made
    for door in doors:
        door.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """Of loopback's own authority: for the server, and the file that names it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cloud")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder = tmp_path_factory.mktemp("tls")
    both, public = folder / "both.pem", folder / "public.pem"
    both.write_bytes(made.public_bytes(pem) + secret)
    public.write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, str(public)


def exactly(server: vnc.Server, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = server.recv()
        assert more, "it ended early"
        data += more
    return bytes(data)


def echo(visitor: socket.socket) -> None:
    """Says hello with the answer itself, then whatever it hears."""
    visit = Visit(visitor)
    visit.accept(BytesMessage(HELLO))
    while (events := visit.read()) is not None:
        for event in events:
            if isinstance(event, BytesMessage):
                visit.say(BytesMessage(event.data))
            elif isinstance(event, (Ping, CloseConnection)):
                visit.say(event.response())


def test_it_asks_as_a_page_of_the_cloud_would_and_frames_are_no_matter(open_door: Open) -> None:
    asked: queue.Queue[Visit] = queue.Queue()
    heard: queue.Queue[Event] = queue.Queue()

    def host(visitor: socket.socket) -> None:
        visit = Visit(visitor)
        asked.put(visit)
        visit.accept(BytesMessage(HELLO[:4], message_finished=False), Ping(b"there?"))
        visit.say(BytesMessage(HELLO[4:]), BytesMessage(b"\x01\x01"), CloseConnection(1000))
        while (events := visit.read()) is not None:
            for event in events:
                heard.put(event)

    door = open_door(host)
    url, origin = f"ws://{door.place}/deep/websockify?token=s%3Fcret", f"http://{door.place}"
    server = vnc.connect(Screen(url=url, origin=origin), within=PATIENCE)
    assert exactly(server, 14) == HELLO + b"\x01\x01"
    assert server.recv() == b""
    with pytest.raises(OSError, match="cannot be sent"):
        server.sendall(b"a key too late")
    server.shut()
    server.close()
    request = asked.get(timeout=PATIENCE).asked
    assert request.target == "/deep/websockify?token=s%3Fcret"
    assert request.subprotocols == ["binary"]
    assert (b"origin", origin.encode()) in request.extra_headers
    assert heard.get(timeout=PATIENCE) == Pong(b"there?")
    closed = heard.get(timeout=PATIENCE)
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1000


def test_its_certificate_is_held_against_what_the_cloud_is_held_against(
    open_door: Open, certificate: tuple[ssl.SSLContext, str], tmp_path: Path
) -> None:
    context, authority = certificate
    door = open_door(echo, context)
    url = f"wss://{door.place}/?token=x"
    for verify in (authority, False):
        server = vnc.connect(Screen(url=url, verify=verify), within=PATIENCE)
        assert exactly(server, len(HELLO)) == HELLO
        # Both ways at once, with more than any buffer on the way holds.
        writer = threading.Thread(target=lambda server=server: [server.sendall(bytes(MUCH)) for _ in range(16)])
        writer.start()
        assert exactly(server, 16 * MUCH) == bytes(16 * MUCH)
        writer.join(PATIENCE)
        server.shut()
        server.close()
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    for distrust in (True, str(nobody), str(tmp_path / "no such file")):
        with pytest.raises(Transient) as caught:
            vnc.connect(Screen(url=url, verify=distrust))
        assert caught.value.code == "screen.unreachable"


def _refuse(visitor: socket.socket) -> None:
    Visit(visitor).say(RejectConnection(status_code=403))


def _hold(visitor: socket.socket) -> None:
    Visit(visitor)
    visitor.recv(1)


def _page(visitor: socket.socket) -> None:
    visitor.recv(1 << 16)
    visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def _nonsense(visitor: socket.socket) -> None:
    visitor.recv(1 << 16)
    visitor.sendall(b"RFB 003.008\n\r\n\r\n")


@pytest.mark.parametrize("host", [_refuse, _hold, _page, _nonsense, lambda visitor: visitor.close()])
def test_what_does_not_let_us_in_is_unreachable(open_door: Open, host: Host) -> None:
    door = open_door(host)
    with pytest.raises(Transient) as caught:
        vnc.connect(Screen(url=f"ws://{door.place}/?token=x"), within=1.0)
    assert caught.value.code == "screen.unreachable"


def test_no_port_and_no_address_are_unreachable(open_door: Open) -> None:
    door = open_door(echo)
    door.close()
    for url in (f"ws://{door.place}/", "ws://[::1/", "ws:///", "ws://127.0.0.1:99999/"):
        with pytest.raises(Transient):
            vnc.connect(Screen(url=url))


def _talk(visitor: socket.socket) -> None:
    Visit(visitor).accept(TextMessage("UkZC"))
    visitor.recv(1)


def _say_nothing(visitor: socket.socket) -> None:
    Visit(visitor).accept()
    while visitor.recv(1 << 16):
        continue


def test_text_ends_it_and_a_ping_without_answer_too(open_door: Open) -> None:
    talker = open_door(_talk)
    server = vnc.connect(Screen(url=f"ws://{talker.place}/"), within=PATIENCE)
    with pytest.raises(OSError, match="TextMessage"):
        server.recv()
    server.close()
    deaf = open_door(_say_nothing)
    server = vnc.connect(Screen(url=f"ws://{deaf.place}/"), within=PATIENCE)
    server.ping()
    with pytest.raises(OSError, match="ping"):
        server.ping()
    server.close()


def test_pump_passes_on_no_faster_than_the_browser_looks(open_door: Open) -> None:
    sent: queue.Queue[int] = queue.Queue()
    keys: queue.Queue[bytes] = queue.Queue()

    def host(visitor: socket.socket) -> None:
        visit = Visit(visitor)
        visit.accept()
        visitor.settimeout(1)
        total = 0
        try:
            while total < 256 * MUCH:
                visit.say(BytesMessage(bytes(MUCH)))
                total += MUCH
        except TimeoutError:
            sent.put(total)
        visitor.settimeout(PATIENCE)
        while (events := visit.read()) is not None:
            for event in events:
                if isinstance(event, BytesMessage):
                    keys.put(bytes(event.data))

    peer = Peer()
    server = vnc.connect(Screen(url=f"ws://{open_door(host).place}/"), within=PATIENCE)
    pump = threading.Thread(target=screen.pump, args=(peer.browser, server, lambda: True))
    pump.start()
    assert sent.get(timeout=PATIENCE) < 64 * MUCH, "somebody holds what nobody looks at"
    look = threading.Thread(target=lambda: list(iter(peer.read, None)))
    look.start()
    peer.say(BytesMessage(b"a key"))
    assert keys.get(timeout=PATIENCE) == b"a key"
    peer.say(CloseConnection(1000))
    for thread in (look, pump):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    server.close()
    peer.socket.close()
