"""``make up`` from nothing to two machines that answer SSH, and back to nothing."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.image import guest_image
from tests.real.namespaces import end, enter, inner, keep

ROOT = Path(__file__).resolve().parents[2]
NAMESPACES = ("--net", "--mount", "--uts", "--pid")
# Emulated guests boot while the other tests have the processors.
LIMIT = 900.0


@dataclass(frozen=True)
class Machine:
    """A bare machine; ``state`` is where its centre keeps everything."""

    process: int
    state: Path

    def run(self, *words: str) -> str:
        """What a command printed that succeeded there."""
        done = subprocess.run(
            [*enter(self.process, *NAMESPACES), *words],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, f"{shlex.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def egovcloud(self, verb: str, *words: str) -> str:
        return self.run(str(Path(sys.executable).parent / "egovcloud"), verb, "--state-dir", str(self.state), *words)

    def guests(self) -> set[str]:
        """Names of the guests whose QEMU runs there."""
        listed = self.run("sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
        return set(re.findall(r"-name guest=([^, ]+)", listed))

    def estate(self) -> list[int]:
        """How many there are of everything that `up` makes; what it does for a look is told in the audit trail."""
        with closing(sqlite3.connect(self.state / "data/egovcloud.sqlite")) as database:
            tables = ("departments", "users", "flavors", "images", "networks", "requests", "instances", "volumes")
            return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="egov-up-", dir="/var/tmp") as place:
        keeper = keep(*NAMESPACES, command=["bash", str(Path(__file__).with_name("up.sh"))])
        try:
            state = Path(place) / "centre"
            # It is built out of packages, which nobody can fetch from in there.
            shutil.copytree(guest_image().directory, state / "images/micro")
            yield Machine(inner(keeper), state)
        finally:
            end(keeper)


def test_from_nothing_to_running_machines_and_back(machine: Machine) -> None:
    told = machine.egovcloud("up")
    lines = [line.split(maxsplit=3) for line in told.splitlines() if "ssh -i" in line]
    assert [(name, state) for name, _, state, _ in lines] == [("shjz-1", "active"), ("shjz-2", "active")]
    for name, _, _, ssh in lines:
        words = [*shlex.split(ssh), "-o", "BatchMode=yes", "hostname; cat /proc/partitions"]
        answer = machine.run(*words)
        assert answer.startswith(name)
        assert re.search(r"1048576 vdb$", answer, re.MULTILINE), answer
    guests = machine.guests()
    assert len(guests) == 2
    passwords = machine.state / "first-passwords.txt"
    assert passwords.stat().st_mode & 0o077 == 0
    assert str(passwords) in told

    before = machine.estate()
    again = machine.egovcloud("up")
    assert "already there" in again
    assert machine.estate() == before
    assert machine.guests() == guests

    machine.egovcloud("down")
    assert machine.guests() == guests
    machine.egovcloud("down", "--all")
    assert machine.guests() == set()

    machine.egovcloud("clean")
    assert not machine.state.exists()
    assert set(machine.run("ps", "-e", "-o", "comm=").split()) == {"bash", "sleep", "ps"}
    assert "egov" not in machine.run("ip", "-br", "link")
