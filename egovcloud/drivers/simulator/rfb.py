"""A real, small RFB 3.8 server (RFC 6143) that shows a page of text, so that a simulated screen can be opened.

Raw encoding and true colour only; keys and pointer are read and have no effect.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from egovcloud.drivers.simulator import font

COLUMNS, ROWS = 80, 25
WIDTH, HEIGHT = COLUMNS * font.WIDTH, ROWS * font.HEIGHT
IDLE_SECONDS = 120.0
_REFRESH_SECONDS = 0.5

Page = Callable[[], list[str] | None]


class Gone(Exception):
    """The client went away, or the instance did."""


@dataclass(frozen=True)
class PixelFormat:
    """The client's wish for pixels: bits, byte order, and each colour's maximum and shift."""

    bits: int = 32
    big: bool = False
    maxima: tuple[int, int, int] = (255, 255, 255)
    shifts: tuple[int, int, int] = (16, 8, 0)

    def pack(self) -> bytes:
        return struct.pack(">BBBBHHHBBBxxx", self.bits, 24, int(self.big), 1, *self.maxima, *self.shifts)

    @classmethod
    def unpack(cls, data: bytes) -> PixelFormat:
        bits, _, big, true_colour, *rest = struct.unpack(">BBBBHHHBBBxxx", data)
        if bits not in (8, 16, 32) or not true_colour:
            raise Gone
        return cls(bits, bool(big), (rest[0], rest[1], rest[2]), (rest[3], rest[4], rest[5]))

    def pixel(self, red: int, green: int, blue: int) -> bytes:
        value = 0
        for colour, maximum, shift in zip((red, green, blue), self.maxima, self.shifts, strict=True):
            value |= (colour * maximum // 255) << shift
        mask = (1 << self.bits) - 1
        return (value & mask).to_bytes(self.bits // 8, "big" if self.big else "little")


def picture(lines: list[str], pixels: PixelFormat) -> bytes:
    """The whole frame in the client's format: light letters on a dark ground, ``COLUMNS`` by ``ROWS``."""
    ink, ground = pixels.pixel(220, 226, 232), pixels.pixel(16, 24, 38)
    cells: dict[str, list[bytes]] = {}
    frame: list[bytes] = []
    for line in (lines + [""] * ROWS)[:ROWS]:
        text = line[:COLUMNS].ljust(COLUMNS)
        for character in set(text):
            if character not in cells:
                cells[character] = [b"".join(ink if dot else ground for dot in row) for row in font.dots(character)]
        for row in range(font.HEIGHT // 2):
            frame += [b"".join(cells[character][row] for character in text)] * 2
    return b"".join(frame)


class RfbServer:
    """Listens on a unix socket and serves ``page`` (lines of text, or ``None`` once the instance is off)."""

    def __init__(self, path: Path, name: str, page: Page) -> None:
        self.path = path
        self._name = name
        self._page = page
        self._clients = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(8)
        self._listener.settimeout(IDLE_SECONDS)
        self._thread = threading.Thread(target=self._accept, name=f"rfb {path.name}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and self.path.exists()

    def close(self) -> None:
        """Stop listening; screens that are open stay open."""
        self.path.unlink(missing_ok=True)
        self._listener.close()

    def _accept(self) -> None:
        try:
            while True:
                try:
                    client, _ = self._listener.accept()
                except TimeoutError:
                    if self._clients:
                        continue
                    return
                self._clients += 1
                threading.Thread(target=self._serve, args=(client,), name="rfb client", daemon=True).start()
        except OSError:
            return
        finally:
            self.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                _Client(client, self._name, self._page).run()
        except (Gone, OSError):
            return
        finally:
            self._clients -= 1


class _Client:
    """One viewer, from the handshake to its last update."""

    def __init__(self, sock: socket.socket, name: str, page: Page) -> None:
        self._sock = sock
        self._name = name
        self._page = page
        self._pixels = PixelFormat()
        self._wanted = False
        self._shown: list[str] | None = None

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._sock.recv(size - len(data))
            if not more:
                raise Gone
            data += more
        return data

    def run(self) -> None:
        self._sock.settimeout(30)
        self._sock.sendall(b"RFB 003.008\n")
        if self._exactly(12) != b"RFB 003.008\n":
            raise Gone
        self._sock.sendall(b"\x01\x01")  # one security type: none; the socket's directory is the guard
        if self._exactly(1) != b"\x01":
            raise Gone
        self._sock.sendall(struct.pack(">I", 0))
        self._exactly(1)
        name = self._name.encode()
        self._sock.sendall(
            struct.pack(">HH", WIDTH, HEIGHT) + self._pixels.pack() + struct.pack(">I", len(name)) + name
        )
        while True:
            self._sock.settimeout(_REFRESH_SECONDS)
            try:
                kind = self._exactly(1)[0]
            except TimeoutError:
                self._update()
                continue
            self._sock.settimeout(30)
            self._message(kind)
            self._update()

    def _message(self, kind: int) -> None:
        if kind == 0:
            self._pixels = PixelFormat.unpack(self._exactly(19)[3:])
            self._shown = None
        elif kind == 2:
            (count,) = struct.unpack(">xH", self._exactly(3))
            self._exactly(4 * count)
        elif kind == 3:
            if not self._exactly(9)[0]:
                self._shown = None
            self._wanted = True
        elif kind == 4:
            self._exactly(7)
        elif kind == 5:
            self._exactly(5)
        elif kind == 6:
            (size,) = struct.unpack(">xxxI", self._exactly(7))
            while size > 0:
                size -= len(self._exactly(min(size, 65536)))
        else:
            raise Gone

    def _update(self) -> None:
        """Answer the last request when there is something new to see."""
        lines = self._page()
        if lines is None:
            raise Gone
        if not self._wanted or lines == self._shown:
            return
        header = struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0)
        self._sock.settimeout(30)
        self._sock.sendall(header + picture(lines, self._pixels))
        self._wanted, self._shown = False, lines
