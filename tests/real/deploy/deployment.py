"""The playbook with an inventory of small machines, run as an operator runs it, and the front as people reach it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.real.deploy.leftovers import Warden
from tests.real.deploy.machines import MORTAL, NETWORK, Machines

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
BOOKS = ROOT / "playbooks/deploy"
DATABASE, *CONTROL = NAMES = ["egov-db", "egov-1", "egov-2"]
FRONT = f"{NETWORK}.10"
# Braces are evaluated where somebody forgets that text is data, and so is the rest.
NAME = '市政务云 "计算" 中心 {{ 7 * 7 }} $(id)'
LIMIT = 1500.0


@dataclass
class Deployment:
    """``said`` is what all runs printed, ``changed`` what the last one did."""

    machines: Machines
    source: Path
    said: str = ""
    changed: list[str] = field(default_factory=list)

    @property
    def directory(self) -> Path:
        return self.machines.directory

    def inventory(self) -> Path:
        """Who is what: one host for database and front, two for the control plane."""
        hosts = {name: {"ansible_host": machine.address} for name, machine in self.machines.machines.items()}
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ControlPersist=120"
        found = {
            "all": {
                "vars": {
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": str(self.machines.key),
                    "ansible_ssh_common_args": options,
                    "ansible_python_interpreter": "/usr/bin/python3",
                    "egovcloud_source": str(self.source),
                    "egovcloud_build": str(self.directory / "releases"),
                    "egovcloud_build_python": sys.executable,
                    "egovcloud_extras": [],
                    "egovcloud_root_name": "NAME",
                }
            },
            "database": {"hosts": {DATABASE: hosts[DATABASE]}},
            "front": {"hosts": {DATABASE: None}},
            "control": {"hosts": {name: hosts[name] for name in CONTROL}},
        }
        path = self.directory / "inventory.yml"
        # JSON is YAML but for the tag that says: this is text, whatever it looks like.
        path.write_text(json.dumps(found).replace('"NAME"', f"!unsafe {json.dumps(NAME)}"))
        return path

    def build(self) -> None:
        """The release, where a package index can be reached: the machines' network has none."""
        self._run("build.yml", MORTAL)

    def play(self, *arguments: str) -> dict[str, int]:
        """Run the playbook; answers with how much it changed on each machine, and fails when it does."""
        return self._run("site.yml", self.machines.within, *arguments)

    def _run(self, book: str, within: list[str], *arguments: str) -> dict[str, int]:
        environment = {
            **os.environ,
            "ANSIBLE_HOME": str(self.directory / "ansible"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "3",
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
        }
        command = [str(BIN / "ansible-playbook"), "-i", str(self.inventory()), str(BOOKS / book), *arguments]
        done = subprocess.run(
            [*within, *command],
            env=environment, cwd=self.directory, capture_output=True, text=True, check=False, timeout=LIMIT,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        recap = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+) ", done.stdout, re.MULTILINE)
        told = done.stdout.split("\nTASK ")
        self.changed = [task.splitlines()[0] for task in told if re.search(r"^changed:", task, re.MULTILINE)]
        return {name: int(changed) for name, changed in recap if name != "localhost"}

    def release(self, version: str) -> None:
        """Make the checkout that of another version."""
        about = self.source / "setup.cfg"
        about.write_text(re.sub(r"(?m)^version = .*$", f"version = {version}", about.read_text()))

    def ask(self, path: str, *words: str, body: Any = None) -> str:
        """What the front answers over TLS, by its own certificate; ``body`` is sent as JSON and is in no argument."""
        command = ["curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--cacert"]
        sent = [] if body is None else ["--json", "@-"]
        done = subprocess.run(
            [*self.machines.within, *command, str(self.authority()), *words, *sent, f"https://{FRONT}{path}"],
            input="" if body is None else json.dumps(body),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def authority(self) -> Path:
        """The certificate that the front has made itself."""
        path = self.directory / "front.pem"
        if not path.exists():
            path.write_text(self.machines.told(DATABASE, "openssl x509 -in /etc/haproxy/egovcloud.pem"))
        return path

    def servers(self) -> dict[str, str]:
        """What the front thinks of each control host: ``UP``, ``DOWN``, ..."""
        told = self.machines.told(DATABASE, "echo show stat | socat stdio unix-connect:/run/haproxy/admin.sock")
        rows = [line.split(",") for line in told.splitlines() if line.startswith("api,")]
        return {row[1]: row[17] for row in rows if row[1] != "BACKEND"}


@contextmanager
def deployment() -> Iterator[Deployment]:
    """Three bare machines, switched on; of machines, network and files nothing stays."""
    directory = Path(tempfile.mkdtemp(prefix="egov-deploy-", dir="/tmp"))
    machines = Machines(directory, NAMES)
    warden = Warden(directory, [machines.group(name) for name in NAMES])
    try:
        source = directory / "source"
        source.mkdir()
        for name in ("egovcloud", "migrations", "config"):
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, source / name)
        machines.start()
        yield Deployment(machines, source)
    finally:
        machines.stop()
        warden.release()
