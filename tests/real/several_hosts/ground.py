"""Two hosts with API and worker, and a third machine with the database and the front, on one network of their own.

Nothing of it has a name outside: network, processes and addresses end with the first process of each machine, and that
one with the test. The simulated cloud is a file that both hosts see, as they would see the same cloud.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from tests.real.namespaces import SWITCH, end, enter, inner, keep, until

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "playbooks/deploy/roles/front/templates/haproxy.cfg.j2"
CENTRE = "10.78.0.1"  # of the machine with database and front
NAMESPACES = ("--net", "--mount", "--uts", "--pid")
CHANGES = re.compile(r'egov_driver_call_seconds_count\{.*call="(create|ensure|start|stop|delete|attach|apply)_')
READY = "echo ready && exec sleep infinity >/dev/null"
ASK = """\
import json, sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], headers=json.loads(sys.argv[2]))
try:
    answer = urllib.request.urlopen(request, timeout=120)
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, dict(answer.headers), answer.read().decode()]))
"""


class Centre:
    """The machine with the database and the front; its bridge is the network."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.keeper = keep("--net", command=["bash", "-c", f"ip link set lo up && {SWITCH}"])
        self.run(["ip", "address", "add", f"{CENTRE}/24", "dev", "switch"])

    @property
    def within(self) -> list[str]:
        """What to put before a command that shall run there."""
        return enter(inner(self.keeper), "--net", "--mount", "--pid")

    def run(self, command: Sequence[str]) -> None:
        subprocess.run([*self.within, *command], check=True, capture_output=True)

    @property
    def door(self) -> Path:
        """The front's socket, for clients that live outside of the network."""
        return self.directory / "front.sock"

    def front(self, servers: dict[str, str]) -> None:
        """Start the front as the playbook configures it, but for where it listens."""
        template = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined).from_string(
            TEMPLATE.read_text()
        )
        values = {
            "front_log": "stderr",
            "front_admin_socket": self.directory / "admin.sock",
            "front_connections": 500,
            "front_user": "",
            "front_pem": "",
            "front_listen": [],
            "front_plain_listen": [f"unix@{self.door}", f"{CENTRE}:8000"],
            "front_servers": list(servers),
            "hostvars": {name: {"egovcloud_address": address} for name, address in servers.items()},
            "egovcloud_api_port": 8080,
        }
        settings = self.directory / "haproxy.cfg"
        settings.write_text(template.render(values))
        with (self.directory / "front.log").open("wb") as log:
            subprocess.Popen(
                [*self.within, "haproxy", "-db", "-f", str(settings)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until("the front", lambda: self.servers() if self.door.exists() else None)

    def servers(self) -> dict[str, str]:
        """What the front thinks of each host: ``UP``, ``DOWN``, ..."""
        command = ["socat", "stdio", f"unix:{self.directory / 'admin.sock'}"]
        told = subprocess.run(command, input="show stat\n", capture_output=True, text=True, check=False).stdout
        rows = [line.split(",") for line in told.splitlines() if line and not line.startswith("#")]
        return {row[1]: row[17] for row in rows if row[1] not in ("FRONTEND", "BACKEND")}

    def cable(self, host: Host, *, plugged: bool) -> None:
        """Plug a host's cable in or pull it out; nobody is told."""
        self.run(["ip", "link", "set", host.port, "up" if plugged else "down"])

    def close(self) -> None:
        end(self.keeper)


@dataclass
class Host:
    """One host of the control plane. Its processes are those of a unit file: ``serve`` and ``worker``."""

    name: str
    number: int
    centre: Centre
    directory: Path
    settings: dict[str, str]
    keeper: subprocess.Popen[str] | None = None
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    starts: int = 0

    @property
    def address(self) -> str:
        return f"10.78.0.{self.number}"

    @property
    def port(self) -> str:
        return f"port{self.number}"

    def log(self, part: str) -> Path:
        """What ``serve`` or ``worker`` said since its last start."""
        return self.directory / f"{part}-{self.starts}.log"

    def start(self) -> None:
        """Switch the host on; returns when its API answers."""
        self.starts += 1
        self.directory.mkdir(exist_ok=True)
        script = f"hostname {self.name} && ip link set lo up && {READY}"
        self.keeper = keep(*NAMESPACES, command=["bash", "-c", script])
        first = inner(self.keeper)
        card = f"ip link add eth0 netns {first} type veth peer name {self.port}"
        subprocess.run(
            [
                *enter(inner(self.centre.keeper), "--net"),
                *("sh", "-c", f"{card} && ip link set {self.port} master switch up"),
            ],
            check=True,
            capture_output=True,
        )
        self.run(["sh", "-c", f"ip address add {self.address}/24 dev eth0 && ip link set eth0 up"])
        for part in ("serve", "worker"):
            self._start(part)
        until(f"the API of {self.name}", lambda: self._alive() and self.health()[0] == 200, limit=180)

    def _alive(self) -> bool:
        for process in self.processes:
            assert process.poll() is None, "\n".join(self.log(part).read_text() for part in ("serve", "worker"))
        return True

    def _start(self, part: str) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EGOV_")},
            "PYTHONPATH": str(ROOT),
            **{f"EGOV_{name.upper()}": value for name, value in self.settings.items()},
            "EGOV_STATE_DIR": str(self.directory),
            "EGOV_BIND": f"{self.address}:8080",
        }
        if part == "worker":
            environment["EGOV_METRICS_BIND"] = "127.0.0.1:9180"
        with self.log(part).open("wb") as log:
            command = self.command([sys.executable, "-m", "egovcloud.app", part])
            made = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.processes.append(made)

    def command(self, argv: Sequence[str]) -> list[str]:
        """The argument list that runs ``argv`` on the host."""
        assert self.keeper is not None
        return [*enter(inner(self.keeper), *NAMESPACES), *argv]

    def run(self, argv: Sequence[str]) -> str:
        return subprocess.run(self.command(argv), check=True, capture_output=True, text=True).stdout

    def ask(self, url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of a GET that is made on the host itself."""
        told = self.run([sys.executable, "-c", ASK, url, json.dumps(headers or {})])
        status, answered, body = json.loads(told)
        return status, answered, body

    def health(self) -> tuple[int, dict[str, str], str]:
        try:
            return self.ask(f"http://{self.address}:8080/api/v1/health")
        except subprocess.CalledProcessError:
            return 0, {}, ""

    def changes(self) -> float:
        """How many calls that change clouds the worker has finished since it started, by its own figures."""
        figures = self.ask("http://127.0.0.1:9180/metrics")[2].splitlines()
        counts = [
            line for line in figures if line.startswith("egov_driver_call_seconds_count") and CHANGES.search(line)
        ]
        return sum(float(line.split()[-1]) for line in counts)

    def told(self, part: str, event: str) -> list[dict[str, Any]]:
        """What the log says of this event."""
        lines = [line for line in self.log(part).read_text().splitlines() if line.startswith("{")]
        return [entry for entry in map(json.loads, lines) if entry.get("event") == event]

    def kill(self) -> None:
        """SIGKILL to everything on it, at once."""
        if self.keeper is not None:
            os.kill(inner(self.keeper), signal.SIGKILL)
            end(self.keeper)
            self.keeper = None
        for process in self.processes:
            process.wait(60)
        self.processes.clear()
