"""Connections to one libvirtd: opened late, kept alive, renewed after a restart, left behind when they hang."""

from __future__ import annotations

import threading

import libvirt

from egovcloud.drivers.libvirt import errors

KEEPALIVE_INTERVAL = 5
KEEPALIVE_COUNT = 3

_setup = threading.Lock()
_ready = False
_simulated: dict[str, libvirt.virConnect] = {}


def prepare() -> None:
    """Silence libvirt's habit of printing errors and start its event loop, on which keepalive depends; once."""
    global _ready
    with _setup:
        if _ready:
            return
        libvirt.registerErrorHandler(_ignore, None)
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_run_events, name="libvirt-events", daemon=True).start()
        _ready = True


def _ignore(_context: object, _error: object) -> None:
    """libvirt raises every error as an exception as well."""


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


class Line:
    """The connection that one lane of a host uses; ``ready`` names what was found in order since it was opened."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._conn: libvirt.virConnect | None = None
        self._left_behind: list[libvirt.virConnect] = []
        self._lock = threading.Lock()
        self.ready: set[str] = set()

    def get(self) -> libvirt.virConnect:
        """A live connection, opened when there is none. Raises ``libvirtError`` when the daemon refuses."""
        with self._lock:
            conn = self._conn
        if conn is not None and _alive(conn):
            return conn
        prepare()
        conn = self._open()
        with self._lock:
            self._bury(self._conn)
            self._conn = conn
            self.ready = set()
        return conn

    def leave_behind(self) -> None:
        """Forget a connection that hangs, without closing it: closing is a call to the very daemon that hangs."""
        with self._lock:
            self._bury(self._conn)
            self._conn = None

    def _bury(self, conn: libvirt.virConnect | None) -> None:
        if conn is not None:
            self._left_behind.append(conn)
        self._left_behind = [dead for dead in self._left_behind if _alive(dead)]

    def _open(self) -> libvirt.virConnect:
        if not self._uri.startswith("test:"):
            conn = libvirt.open(self._uri)
            conn.setKeepAlive(KEEPALIVE_INTERVAL, KEEPALIVE_COUNT)
            return conn
        with _setup:  # the test driver keeps its whole world in the connection: one for each URI and process
            if self._uri not in _simulated:
                _simulated[self._uri] = libvirt.open(self._uri)
            return _simulated[self._uri]


def _alive(conn: libvirt.virConnect) -> bool:
    try:
        return bool(conn.isAlive())
    except libvirt.libvirtError as error:
        return not errors.is_lost(error)
