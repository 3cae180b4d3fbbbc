"""Where a test bed lies: its files, ports and secrets, which are the same as long as its state lives."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(os.environ.get("EGOV_OPENSTACK_HOME", "/var/tmp/egovcloud-openstack"))
COMPUTES = ("fake1", "fake2")
REGION = "RegionOne"
SERVICES = ("keystone", "placement", "glance", "neutron", "nova", "cinder", "swift")
_PORTS = (
    *SERVICES,
    "mariadb",
    "memcached",
    "rabbitmq",
    "rabbitmq_dist",
    "epmd",
    "swift_account",
    "swift_container",
    "swift_object",
    "novnc",
)
_PASSWORDS = ("admin", "centre", "service", "database", "rabbitmq", "swift_hash")


@dataclass
class Layout:
    """``home`` keeps what is installed; ``state`` below it is what one life of the bed makes, and is wiped after it."""

    home: Path = HOME
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def venv(self) -> Path:
        return self.home / "venv"

    @property
    def bin(self) -> Path:
        return self.venv / "bin"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def etc(self) -> Path:
        return self.state / "etc"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def log(self) -> Path:
        return self.state / "log"

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def schema(self) -> Path:
        """The databases as their migrations left them, which take a minute."""
        return self.home / "schema.sql"

    @property
    def ready(self) -> Path:
        return self.state / "ready"

    @property
    def clouds(self) -> Path:
        return self.etc / "clouds.yaml"

    @property
    def secure(self) -> Path:
        return self.etc / "secure.yaml"

    def url(self, service: str, path: str = "") -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    @property
    def auth_url(self) -> str:
        return self.url("keystone", "/v3")

    def open(self) -> Layout:
        """Make the directories, and choose ports and passwords unless that was done before."""
        for folder in (self.home, self.state, self.etc, self.data, self.log, self.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.state / "bed.json"
        if file.exists():
            known = json.loads(file.read_text())
            self.ports, self.passwords = known["ports"], known["passwords"]
            return self
        self.ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self.passwords = {name: secrets.token_urlsafe(18) for name in _PASSWORDS}
        write(file, json.dumps({"ports": self.ports, "passwords": self.passwords}))
        return self

    def wipe(self) -> None:
        shutil.rmtree(self.state, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    """Below the range from which the kernel takes ports for clients, so that none is taken while the bed is down."""
    found: list[int] = []
    for port in range(18000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


def write(path: Path, text: str) -> None:
    """For root's eyes only, since nearly all of these files hold a password."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
