"""Small Debian machines for tests: a tree that all share, and for each what differs, a network card and a systemd."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.deploy.leftovers import forget
from tests.real.hosts import ssh_command
from tests.real.namespaces import SWITCH, end, enter, inner, keep, until

SCRIPT = Path(__file__).with_name("machine.sh")
KEPT = Path("/var/tmp")
# What the playbook would install, since these machines reach no package archive, and what makes a machine of a tree.
PACKAGES = (
    "ca-certificates,dbus,haproxy,iproute2,openssh-server,openssl,postgresql-15,python3,python3-apt,python3-venv,"
    "socat,systemd,systemd-sysv"
)
NETWORK = "10.79.0"
LIMIT = 180.0
# What is started behind these words ends with this thread, and with it everything that it has started.
MORTAL = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def tree() -> Path:
    """A bare Debian 12 with the packages, made once; nothing is ever written into it."""
    name = f"egov-tree-{hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]}"
    place = KEPT / name
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            part = place.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)  # of a run that broke off
            _make(part)
            part.rename(place)
    return place


def _make(place: Path) -> None:
    words = ["--mode=root", "--variant=minbase", "--skip=check/empty", f"--include={PACKAGES}"]
    subprocess.run(
        [*MORTAL, "mmdebstrap", *words, '--aptopt=APT::Install-Recommends "false"', "bookworm", str(place)],
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        timeout=1800,
    )
    # As after a fresh installation, but for what the playbook is to start by itself.
    subprocess.run(
        ["systemctl", f"--root={place}", "disable", "--quiet", "postgresql.service", "haproxy.service"], check=True
    )


@dataclass
class Machine:
    """One of them, and its first process while it runs."""

    name: str
    number: int
    keeper: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number}"


@dataclass
class Machines:
    """Machines on a network that exists only among them; ``within`` is where one stands to reach them."""

    directory: Path
    names: Sequence[str]
    machines: dict[str, Machine] = field(default_factory=dict)
    switch: subprocess.Popen[str] | None = None

    @property
    def key(self) -> Path:
        """The private key that root of each machine accepts."""
        return self.directory / "key"

    def group(self, name: str) -> str:
        """Name of a machine's control group, which no other run has."""
        return f"{self.directory.name}-{name}"

    @property
    def within(self) -> list[str]:
        """What to put before a command that is to reach the machines; it ends with their network at the latest."""
        assert self.switch is not None
        return enter(inner(self.switch), "--net", "--mount", "--pid")

    @property
    def _network(self) -> list[str]:
        """The network alone, where processes have the numbers that they have outside."""
        assert self.switch is not None
        return enter(inner(self.switch), "--net")

    def start(self) -> None:
        """Switch all on; returns when SSH answers on each."""
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        self.switch = keep("--net", command=["bash", "-c", f"ip link set lo up && {SWITCH}"])
        self._run(self._network, f"ip address add {NETWORK}.1/24 dev switch")
        for number, name in enumerate(self.names, start=10):
            self.machines[name] = Machine(name, number)
            keys = self.directory / name / "upper/root/.ssh/authorized_keys"
            keys.parent.mkdir(parents=True, mode=0o700)
            keys.write_text(self.key.with_suffix(".pub").read_text())
            self.switch_on(name)
        for name in self.names:
            until(f"SSH on {name}", lambda name=name: self.ssh(name, "true").returncode == 0, limit=LIMIT, every=0.5)

    def switch_on(self, name: str) -> None:
        """Start one machine with the files that it has, without waiting for anything in it."""
        machine = self.machines[name]
        place = [str(tree()), str(self.directory / name), name, self.group(name)]
        keeper = keep("--net", "--mount", "--uts", "--ipc", "--pid", command=["bash", str(SCRIPT), *place])
        machine.keeper = keeper
        first = inner(keeper)
        card = f"ip link add eth0 netns {first} type veth peer name port{machine.number}"
        self._run(self._network, f"{card} && ip link set port{machine.number} master switch up")
        address = f"ip address add {machine.address}/24 dev eth0 && ip link set eth0 up && ip link set lo up"
        self._run(enter(first, "--net"), address)

    def switch_off(self, name: str) -> None:
        """As by pulling the plug: every process ends at once, its card goes, and nobody is told."""
        keeper = self.machines[name].keeper
        if keeper is not None:
            end(keeper)
            self.machines[name].keeper = None
            forget([self.group(name)])

    def ssh(self, name: str, command: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a shell line as root on a machine; ``said`` is what it reads."""
        words = [*self.within, *ssh_command(self.key), f"root@{self.machines[name].address}", command]
        return subprocess.run(words, input=said, capture_output=True, text=True, check=False, timeout=LIMIT)

    def told(self, name: str, command: str, said: str = "") -> str:
        """What the line prints; it has to succeed."""
        done = self.ssh(name, command, said)
        assert done.returncode == 0, f"{name}: {command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def stop(self) -> None:
        """Switch all off and drop the network; their files stay."""
        for name in self.machines:
            self.switch_off(name)
        if self.switch is not None:
            end(self.switch)
            self.switch = None

    @staticmethod
    def _run(within: Sequence[str], script: str) -> None:
        subprocess.run([*within, "sh", "-c", script], check=True, capture_output=True)
