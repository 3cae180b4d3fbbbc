"""Who uses a deployed centre through its front: somebody who signs in, a visitor, people who ask for work."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.real.deploy.deployment import CONTROL, FRONT, Deployment
from tests.real.namespaces import until
from tests.real.several_hosts.people import Asker

USER = "sysadmin"
PASSWORD = "correct horse battery staple 7"
PERMISSIONS = ["site:create", "site:read", "provider:create", "provider:update", "provider:read", "operation:read"]
CLOUD = "/var/lib/egovcloud/data/cloud.sqlite"
ASKERS = 2
PAUSE = 1.0  # seconds; looks at one cloud come one after the other


@dataclass
class Administrator:
    """The system administrator, who got a password from the local administration, changed it, and made a token."""

    deployment: Deployment
    secrets: dict[str, str] = field(default_factory=dict)

    def arrive(self) -> None:
        """From the one-time password to a token, as docs/deployment.md says."""
        command = f"/usr/local/sbin/egovcloud user create {USER} --role system_admin"
        once = self.deployment.machines.told(CONTROL[0], command).split()[-1]
        jar = self.deployment.directory / "jar"
        cookies = ("--cookie", str(jar), "--cookie-jar", str(jar), "--header", f"Origin: https://{FRONT}")
        opened = json.loads(self.deployment.ask("/api/v1/session", *cookies, body={"username": USER, "password": once}))
        assert opened["must_change_password"] is True
        assert re.search(r"#HttpOnly_\S+\tFALSE\t/\tTRUE\t", jar.read_text()), "the cookie is not marked secure"
        signed = (*cookies, "--header", f"X-CSRF-Token: {opened['csrf_token']}")
        change = {"old_password": once, "new_password": PASSWORD}
        self.deployment.ask("/api/v1/session/password", *signed, "--request", "PUT", body=change)
        wanted = {"name": "trial", "permissions": PERMISSIONS}
        made = json.loads(self.deployment.ask("/api/v1/tokens", *signed, body=wanted))
        self.secrets = {"one-time password": once, "password": PASSWORD, "token": made["secret"]}

    def do(self, path: str, body: Any = None) -> Any:
        """What the API answers to the token's bearer."""
        header = ("--header", f"Authorization: Bearer {self.secrets['token']}")
        return json.loads(self.deployment.ask(f"/api/v1{path}", *header, body=body))

    def cloud(self) -> str:
        """A simulated cloud without hosts, which either worker can look at; answers with its provider."""
        make = f"from egovcloud.drivers.simulator import create_cloud; create_cloud('{CLOUD}', [])"
        for name in CONTROL:
            python = "cd / && runuser -u egovcloud -- /opt/egovcloud/current/venv/bin/python"
            self.deployment.machines.told(name, f'{python} -c "{make}"')
        site = self.do("/sites", {"name": "trial"})["id"]
        wanted = {"name": "trial", "driver": "simulator", "config": {"path": CLOUD}, "site_id": site}
        return str(self.do("/providers", wanted)["id"])


class Visitor(threading.Thread):
    """Asks the front again and again; ``answers`` counts what came, ``trouble`` is what was no answer."""

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
        assert not self.is_alive()


class Crowd:
    """Some who ask for work until they are told to stop, each again and again with one key until it is acknowledged."""

    def __init__(self, door: Path, token: str, path: str) -> None:
        self._path = path
        self._over = threading.Event()
        self.asker = Asker(door, token)
        self.trouble: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._ask, args=(number,), name=f"asker {number}", daemon=True)
            for number in range(ASKERS)
        ]
        for thread in self._threads:
            thread.start()

    def _ask(self, number: int) -> None:
        turn = 0
        try:
            while not self._over.wait(PAUSE):
                self.asker.ask(f"asker-{number}-{turn}", self._path, {})
                turn += 1
        except BaseException as error:
            self.trouble.append(error)

    def more(self, count: int) -> None:
        """Wait until so many more requests are acknowledged."""
        wanted = len(self.asker.acknowledged) + count
        until("acknowledged", lambda: self.trouble or len(self.asker.acknowledged) >= wanted, limit=240)
        assert self.trouble == []

    def stop(self) -> dict[str, str]:
        """Operation by key of all that was acknowledged."""
        self._over.set()
        for thread in self._threads:
            thread.join(240)
            assert not thread.is_alive()
        assert self.trouble == []
        return self.asker.acknowledged


@contextmanager
def door(deployment: Deployment) -> Iterator[Path]:
    """A socket that leads to the front, by TLS and only to whoever has its certificate, for clients on this machine."""
    path = deployment.directory / "front.sock"
    front = f"OPENSSL:{FRONT}:443,cafile={deployment.authority()},verify=1"
    with subprocess.Popen(
        [*deployment.machines.within, "socat", f"UNIX-LISTEN:{path},fork,mode=600", front],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            until("the door", path.exists)
            yield path
        finally:
            process.kill()
