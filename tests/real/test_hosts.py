"""The tests' own libvirt hosts: apart from one another, able to die and to hang, and gone when their owner is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.hosts import Hosts, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="egov-", dir="/tmp") as path:
        yield Path(path)


def running(place: Path) -> list[str]:
    """Command lines of the processes that hold hosts whose state lies in ``place``."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(place) in words and "node.sh" in words:
            found.append(words)
    return found


def ask(hosts: Hosts, name: str, *, limit: float = 30.0) -> str:
    """The host name that a libvirtd gives."""
    argv = ["virsh", "-q", "-c", hosts.uri(name), "hostname"]
    return subprocess.run(argv, check=True, timeout=limit, capture_output=True, text=True).stdout.strip()


def test_hosts_are_apart_reach_one_another_die_and_hang(place: Path) -> None:
    with Hosts(place, ["hv1", "hv2"]) as hosts:
        assert [ask(hosts, name) for name in hosts.names] == ["hv1", "hv2"]
        assert hosts.uuid("hv1") != hosts.uuid("hv2")
        other = hosts.run_in("hv1", ["virsh", "-q", "-c", f"qemu+tcp://{hosts.address('hv2')}/system", "hostname"])
        assert other.stdout.strip() == "hv2"
        hosts.kill("hv1")
        with pytest.raises(subprocess.CalledProcessError):
            ask(hosts, "hv1")
        hosts.pause("hv2")
        with pytest.raises(subprocess.TimeoutExpired):
            ask(hosts, "hv2", limit=1.5)
        hosts.restart("hv1")
        hosts.resume("hv2")
        assert [ask(hosts, name) for name in hosts.names] == ["hv1", "hv2"]
    assert running(place) == []


def test_nothing_outlives_a_killed_test_run(place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.real.hosts import Hosts;"
        "Hosts(Path(sys.argv[1]), ['hv1']).start(); print('up', flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(place)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    assert running(place)
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    until("end of the host", lambda: not running(place), limit=10)


def test_a_directory_too_deep_for_a_socket_is_refused() -> None:
    with pytest.raises(ValueError, match="too long a path for a unix socket"):
        Hosts(Path("/tmp") / ("x" * 100), ["hv1"])
