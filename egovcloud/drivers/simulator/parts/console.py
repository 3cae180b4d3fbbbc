"""Screen and serial log of a simulated guest."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path

from egovcloud.domain.errors import Conflict, NotFound, Problem
from egovcloud.drivers.base import OwnedKind, Power, Screen
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.rfb import COLUMNS, ROWS, RfbServer
from egovcloud.drivers.simulator.serial import serial_text

_guard = threading.Lock()
_servers: dict[tuple[int, str, str], RfbServer] = {}
_folders: dict[int, Path] = {}


class ConsolePart(Part):
    """The process that asks for a screen serves it, for as long as somebody looks at it."""

    def screen(self, host: str, instance_id: str, *, within: float) -> Screen:
        """``Conflict("instance.stopped")`` when it does not run."""
        with self.ask("screen", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if ext is None:
                raise NotFound("instance.absent", id=instance_id, host=host)
            row = find.instance_row(tx, ext)
            if find.power(row, call.now) is Power.STOPPED:
                raise Conflict("instance.stopped", id=instance_id)
        return Screen(path=str(self._server(ext, row["hostname"]).path))

    def _server(self, ext: str, hostname: str) -> RfbServer:
        key = (os.getpid(), str(self.cloud.path), ext)
        with _guard:
            server = _servers.get(key)
            if server is None or not server.alive:
                path = _folder() / f"{ext[:13]}-{len(_servers)}.sock"
                path.unlink(missing_ok=True)
                server = _servers[key] = RfbServer(path, hostname, lambda: self._page(ext))
            return server

    def _page(self, ext: str) -> list[str] | None:
        """What the guest's text console shows, the last lines of the serial log below a title."""
        try:
            with self.cloud.read() as tx:
                row = find.instance_row(tx, ext)
        except Problem:
            return None
        now = self.cloud.now()
        if row is None or find.power(row, now) is Power.STOPPED:
            return None
        size = f"{row['vcpus']} vCPU  {row['memory_mib']} MiB  {row['disk_gib']} GiB"
        title = f"{row['hostname']}  {size}  {row['host']}"
        return [title, "-" * COLUMNS, *serial_text(row, now).split("\n")[-(ROWS - 2) :]]

    def serial_log(self, host: str, instance_id: str, *, limit: int, within: float) -> bytes:
        with self.ask("serial_log", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if ext is None:
                raise NotFound("instance.absent", id=instance_id, host=host)
            text = serial_text(find.instance_row(tx, ext), call.now).encode()
        return text[-limit:] if limit > 0 else b""


def _folder() -> Path:
    """A folder of this process that only its user can enter."""
    pid = os.getpid()
    if pid not in _folders:
        _folders[pid] = Path(tempfile.mkdtemp(prefix="egov-screen-"))
        atexit.register(shutil.rmtree, _folders[pid], ignore_errors=True)
    return _folders[pid]
