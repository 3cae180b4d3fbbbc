"""Processes of the bed: each leads a group of its own and is known by its number and its birth."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.real.hosts import until
from tests.real.openstack.layout import Layout


def environment(layout: Layout) -> dict[str, str]:
    """For services: their configuration's places, their own programs first, and two shims before those."""
    etc = layout.etc
    shims = Path(__file__).parent / "shims"
    return {
        "PATH": f"{shims}:{layout.bin}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(layout.state),
        "LC_ALL": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        "OS_KEYSTONE_CONFIG_DIR": str(etc / "keystone"),
        "OS_PLACEMENT_CONFIG_DIR": str(etc / "placement"),
        "OS_GLANCE_CONFIG_DIR": str(etc / "glance"),
        "OS_NEUTRON_CONFIG_DIR": str(etc / "neutron"),
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf;ml2_conf.ini",
        "OS_NOVA_CONFIG_DIR": str(etc / "nova"),
    }


def start(layout: Layout, name: str, command: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
    """Start ``command`` unless the process that was started under this name still runs."""
    if name in running(layout):
        return
    with (layout.log / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment(layout), **(extra or {})},
            cwd=layout.state,
            start_new_session=True,
        )
    # Whole or not at all: somebody may be looking.
    part = layout.run / f"{name}.part"
    part.write_text(json.dumps([process.pid, _birth(process.pid)]))
    part.rename(layout.run / f"{name}.json")


def run(layout: Layout, name: str, command: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; its words are in the log of ``name``."""
    log = layout.log / f"{name}.log"
    with log.open("ab") as file:
        code = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**environment(layout), **(extra or {})},
            cwd=layout.state,
            check=False,
        ).returncode
    if code:
        raise RuntimeError(f"{' '.join(command[:3])} failed, see {log}:\n{log.read_text(errors='replace')[-2000:]}")


def _birth(pid: int) -> str:
    """When the process began, in ticks (field 22 of proc_pid_stat(5)): a number alone may be somebody else's by now."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def running(layout: Layout) -> dict[str, int]:
    """Names and numbers of those that still are the ones we started."""
    found = {}
    for file in layout.run.glob("*.json"):
        pid, birth = json.loads(file.read_text())
        if birth and _birth(pid) == birth:
            found[file.stem] = pid
    return found


def stop(layout: Layout, names: Sequence[str]) -> None:
    """End these groups, the polite way first."""
    for number, limit in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 10.0)):
        mine = {name: pid for name, pid in running(layout).items() if name in names}
        for pid in mine.values():
            _signal(pid, number)
        try:
            until("processes have ended", lambda: not set(names) & set(running(layout)), limit=limit)
        except TimeoutError:
            continue
        break
    for name in names:
        (layout.run / f"{name}.json").unlink(missing_ok=True)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def wait_port(port: int, what: str, limit: float = 90.0) -> None:
    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2):
                return True
        except OSError:
            return False

    until(f"{what} listens on port {port}", answers, limit=limit)


def wait_http(url: str, what: str, limit: float = 120.0) -> None:
    """Until the service answers for itself, be it that it wants a token."""

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.HTTPError as error:
            return error.code in (300, 401)
        except OSError:
            return False

    until(f"{what} answers at {url}", answers, limit=limit)
