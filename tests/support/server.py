"""``egovcloud serve`` as it is run: a process of its own, spoken to over a socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

START_SECONDS = 60.0


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running server; ``url`` has no slash at its end."""

    def __init__(self, database_url: str, state_dir: Path, *arguments: str, **settings: str) -> None:
        bind = f"127.0.0.1:{free_port()}"
        self.url = f"http://{bind}"
        self.log = state_dir / "serve.log"
        self._environment = {
            **os.environ,
            "EGOV_DATABASE_URL": database_url,
            "EGOV_STATE_DIR": str(state_dir),
            "EGOV_BIND": bind,
            "EGOV_HASH_MEMORY": "8",
            **{f"EGOV_{name.upper()}": value for name, value in settings.items()},
        }
        self._arguments = [sys.executable, "-m", "egovcloud.app", "serve", *arguments]
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self._arguments, env=self._environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(f"{self.url}/api/v1/health", timeout=2).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"no answer within {START_SECONDS} s: {self.log.read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)
