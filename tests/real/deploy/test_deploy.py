"""The playbook as an operator runs it: over SSH, on machines with systemd, first time, again, and to upgrade."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.real.deploy.machines import NETWORK, Machines, forget_groups
from tests.real.namespaces import until

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
FRONT = f"{NETWORK}.10"
BOOKS = ROOT / "playbooks/deploy"
NAME = '市政务云 "计算" 中心 {{ 7 * 7 }} $(id)'
LIMIT = 1500.0


@dataclass
class Deployment:
    """Machines, and the playbook with an inventory of them."""

    machines: Machines
    source: Path
    variables: dict[str, Any] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)  # what the last run did

    @property
    def directory(self) -> Path:
        return self.machines.directory

    def inventory(self) -> Path:
        """Written anew each time, with what the variables say now."""
        hosts = {name: {"ansible_host": machine.address} for name, machine in self.machines.machines.items()}
        first, *rest = hosts
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
                    **self.variables,
                }
            },
            "database": {"hosts": {first: hosts[first]}},
            "front": {"hosts": {first: None}},
            "control": {"hosts": {name: hosts[name] for name in rest}},
        }
        path = self.directory / "inventory.yml"
        # JSON is YAML but for the tag that says: this is text, whatever it looks like.
        path.write_text(json.dumps(found).replace('"NAME"', f"!unsafe {json.dumps(NAME)}"))
        return path

    def build(self) -> None:
        """The release, where a package index can be reached: the machines' network has none."""
        self.play(book="build.yml", within=False)

    def play(self, *arguments: str, book: str = "site.yml", within: bool = True) -> dict[str, int]:
        """Run the playbook; answers with how much it changed on each machine, and fails when it does."""
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
            [*(self.machines.within if within else []), *command],
            env=environment, cwd=self.directory, capture_output=True, text=True, check=False, timeout=LIMIT,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        recap = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+) ", done.stdout, re.MULTILINE)
        told = done.stdout.split("\nTASK ")
        self.changed = [task.splitlines()[0] for task in told if re.search(r"^changed:", task, re.MULTILINE)]
        return {name: int(changed) for name, changed in recap if name != "localhost"}

    def ask(self, path: str, *words: str) -> str:
        """What the front answers over TLS, by its own certificate."""
        authority = self.directory / "front.pem"
        if not authority.exists():
            authority.write_text(self.machines.told("egov-db", "openssl x509 -in /etc/haproxy/egovcloud.pem"))
        command = ["curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--cacert", str(authority)]
        done = subprocess.run(
            [*self.machines.within, *command, *words, f"https://{FRONT}{path}"],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="egov-deploy-", dir="/tmp") as place:
        directory = Path(place)
        source = directory / "source"
        source.mkdir()
        for name in ("egovcloud", "migrations", "config"):
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, source / name)
        machines = Machines(directory, ["egov-db", "egov-1", "egov-2"])
        try:
            machines.start()
            yield Deployment(machines, source)
        finally:
            machines.stop()
            forget_groups(machines)


class Visitor(threading.Thread):
    """Asks the front again and again; ``answers`` counts what came, by status."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(name="visitor", daemon=True)
        self._deployment = deployment
        self._over = threading.Event()
        self.answers = 0
        self.trouble: list[str] = []

    def run(self) -> None:
        while not self._over.wait(0.1):
            try:
                assert json.loads(self._deployment.ask("/api/v1/health"))["status"] == "ok"
                self.answers += 1
            except (AssertionError, ValueError, subprocess.SubprocessError) as error:
                self.trouble.append(str(error))

    def stop(self) -> None:
        self._over.set()
        self.join(180)


def test_deployed_again_and_upgraded(deployment: Deployment) -> None:
    machines = deployment.machines
    control = ["egov-1", "egov-2"]
    deployment.build()
    deployment.play("--check")
    assert all(deployment.play().values())

    # -- it works, as told
    assert json.loads(deployment.ask("/api/v1/health"))["status"] == "ok"
    secrets = {path.name: path.read_text().strip() for path in (deployment.directory / "secrets").iterdir()}
    assert set(secrets) == {"database-password", "secret-key"}
    for name in control:
        assert machines.told(name, "systemctl is-active egovcloud-api egovcloud-worker").split() == ["active"] * 2
        assert machines.told(name, "systemctl show -P User egovcloud-api egovcloud-worker").split() == ["egovcloud"] * 2
        assert machines.told(name, "stat -c '%U %a' /etc/egovcloud/credentials/*").splitlines() == ["root 600"] * 2
        everything = "cat /proc/[0-9]*/cmdline /etc/egovcloud/egovcloud.toml; systemctl show 'egovcloud-*'"
        shown = machines.told(name, everything)
        assert not any(secret in shown for secret in secrets.values())
    once = machines.told("egov-1", "/usr/local/sbin/egovcloud user create duty --role operator").split()[-1]
    body = json.dumps({"username": "duty", "password": once})
    signed_in = deployment.ask(
        "/api/v1/session", "--json", body, "--header", f"Origin: https://{FRONT}", "--cookie-jar",
        str(deployment.directory / "jar"),
    )  # fmt: skip
    assert json.loads(signed_in)["must_change_password"] is True
    jar = (deployment.directory / "jar").read_text()
    assert re.search(r"#HttpOnly_\S+\tFALSE\t/\tTRUE\t", jar), "the session's cookie is not marked secure"
    database = 'runuser -u postgres -- psql -Atc "SELECT name FROM departments WHERE parent_id IS NULL" egovcloud'
    assert machines.told("egov-db", database) == NAME

    # -- a second run, and one that only looks, change nothing
    assert set(deployment.play().values()) == {0}, deployment.changed
    assert set(deployment.play("--check").values()) == {0}, deployment.changed

    # -- an upgrade takes one host after the other, and nobody notices
    began = {name: machines.told(name, "systemctl show -P InvocationID egovcloud-api") for name in control}
    about = deployment.source / "setup.cfg"
    about.write_text(re.sub(r"(?m)^version = .*$", "version = 9.9.9", about.read_text()))
    deployment.build()
    visitor = Visitor(deployment)
    visitor.start()
    until("the first visitor", lambda: visitor.answers, limit=120)
    deployment.play()
    before = visitor.answers
    until("visitors after the upgrade", lambda: visitor.answers > before + 5, limit=120)
    visitor.stop()
    assert visitor.trouble == []
    for name in control:
        assert machines.told(name, "systemctl show -P InvocationID egovcloud-api") != began[name]
        assert machines.told(name, "/usr/local/sbin/egovcloud version") == "9.9.9"
    assert json.loads(deployment.ask("/api/v1/health"))["version"] == "9.9.9"
    assert set(deployment.play().values()) == {0}, deployment.changed
