"""API and worker under supervision: systemd units where systemd runs, a small supervisor where not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import httpx

from egovcloud.cli.local.up import account
from egovcloud.cli.local.up.places import UNITS, Places, systemd_runs
from egovcloud.cli.local.up.report import Stop, step, wait_for

SERVICES = ("egovcloud-api", "egovcloud-worker")
CODE = Path(__file__).parents[4]  # of the checkout, with its virtual environment


def start(places: Places, origin: str) -> bool:
    """Both run and the API answers; true when they had to be started."""
    with step("API, worker and console under supervision") as said:
        if answers(origin) and running(places):
            said.append("already running")
            return False
        if systemd_runs():
            _start_units(places)
            said.append("systemd")
        else:
            if not running(places):
                _start_supervisor(places)
            said.append("supervisor")
        wait_for(lambda: answers(origin), f"an answer from {origin} ({_log(places)} says why)", 60)
    return True


def answers(origin: str) -> bool:
    """Whether the API says that it is well."""
    try:
        return httpx.get(f"{origin}/api/v1/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def running(places: Places) -> bool:
    """Whether supervision is in place."""
    if systemd_runs():
        asked = subprocess.run(["systemctl", "is-active", "--quiet", *SERVICES], check=False)
        return asked.returncode == 0
    return supervisor_pid(places) is not None


def supervisor_pid(places: Places) -> int | None:
    """The process id, if it is ours and alive."""
    try:
        pid = int((places.run / "supervisor.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return pid if any(word.endswith(b".supervise") for word in words) else None


def stop(places: Places) -> bool:
    """End both; true when there was something to end."""
    if systemd_runs():
        if not running(places):
            return False
        subprocess.run(["systemctl", "disable", "--now", "--quiet", *SERVICES], check=True)
        return True
    pid = supervisor_pid(places)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: supervisor_pid(places) is None, "the end of the supervisor", 60)
    return True


def remove_units() -> None:
    """The unit files that ``start`` wrote."""
    for name in SERVICES:
        (UNITS / f"{name}.service").unlink(missing_ok=True)
    if systemd_runs():
        subprocess.run(["systemctl", "daemon-reload"], check=True)


def _log(places: Places) -> str:
    return f"`journalctl -u {SERVICES[0]}`" if systemd_runs() else str(places.logs / "api.log")


def unit(name: str, places: Places) -> str:
    """The text of a unit, with the places of this installation."""
    text = (resources.files(__package__) / "files" / f"{name}.service").read_text()
    for word, place in (("@BIN@", Path(sys.executable).parent), ("@CODE@", CODE), ("@STATE@", places.state)):
        text = text.replace(word, str(place))
    return text


def _start_units(places: Places) -> None:
    account.ensure(places)
    for name in SERVICES:
        (UNITS / f"{name}.service").write_text(unit(name, places))
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    done = subprocess.run(
        ["systemctl", "enable", "--now", "--quiet", *SERVICES], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Stop(f"systemd did not start {' and '.join(SERVICES)}: {done.stderr.strip()}")


def _start_supervisor(places: Places) -> None:
    with (places.logs / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "egovcloud.cli.local.up.supervise", str(places.state)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "EGOV_CONFIG": str(places.settings)},
        )
