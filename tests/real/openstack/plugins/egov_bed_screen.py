"""A small real RFB 3.8 server (RFC 6143): eight bars in colours of the machine's own, and each key turns them by one.

Raw encoding and true colour only. It shares no line with the simulator's, so that neither proves itself.
"""

import contextlib
import hashlib
import socket
import struct
import threading

WIDTH, HEIGHT, BARS = 640, 400, 8
_OWN_FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
# Client to server: how many bytes follow the type, RFC 6143 §7.5.
_REST = {0: 19, 2: 3, 3: 9, 4: 7, 5: 5, 6: 7}


class ScreenServer:
    """Listens on loopback, on a port that the kernel chooses."""

    def __init__(self, name):
        self._name = name.encode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        try:
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
        except OSError:
            return

    def _serve(self, client):
        try:
            with client:
                _Viewer(client, self._name).run()
        except (OSError, EOFError, KeyError, struct.error):
            return


class _Viewer:
    def __init__(self, sock, name):
        self._sock = sock
        self._name = name
        self._format = _OWN_FORMAT
        self._turns = 0
        self._shown = None

    def _read(self, size):
        data = b""
        while len(data) < size:
            more = self._sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def run(self):
        self._sock.sendall(b"RFB 003.008\n")
        self._read(12)
        self._sock.sendall(b"\x01\x01")
        self._read(1)
        self._sock.sendall(struct.pack(">I", 0))
        self._read(1)
        size = struct.pack(">HH", WIDTH, HEIGHT)
        self._sock.sendall(size + self._format + struct.pack(">I", len(self._name)) + self._name)
        wanted = False
        while True:
            kind = self._read(1)[0]
            rest = self._read(_REST[kind])
            if kind == 0:
                self._format, self._shown = rest[3:], None
            elif kind == 2:
                self._read(4 * struct.unpack(">xH", rest)[0])
            elif kind == 3:
                wanted = True
                self._shown = self._shown if rest[0] else None
            elif kind == 4:
                self._turns += rest[0]
            elif kind == 6:
                self._read(struct.unpack(">xxxI", rest)[0])
            if wanted and self._shown != self._turns:
                wanted, self._shown = False, self._turns
                self._sock.sendall(struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0) + self._picture())

    def _picture(self):
        """The bars of a machine are the digest of its name."""
        digest = hashlib.sha256(self._name).digest()
        colours = [digest[3 * bar : 3 * bar + 3] for bar in range(BARS)]
        turned = colours[self._turns % BARS :] + colours[: self._turns % BARS]
        return b"".join(self._pixel(colour) * (WIDTH // BARS) for colour in turned) * HEIGHT

    def _pixel(self, colour):
        bits, _, big, _, *rest = struct.unpack(">BBBBHHHBBBxxx", self._format)
        value = 0
        for part, maximum, shift in zip(colour, rest[:3], rest[3:], strict=True):
            value |= part * maximum // 255 << shift
        return value.to_bytes(bits // 8, "big" if big else "little")
