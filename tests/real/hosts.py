"""Libvirt hosts for tests: each a set of namespaces with a libvirtd, a network card, a name and a UUID of its own.

Nothing has a name outside: the kernel removes namespaces, guests, bridges and cards when the first process of a host
ends, and that process ends with the test runner, however it ends. Only the state directory stays.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real.namespaces import SWITCH, end, enter, inner, keep, until

_NODE = Path(__file__).with_name("node.sh")
_NWFILTERS = Path("/usr/share/libvirt/nwfilter")
_NAMESPACES = ("--net", "--mount", "--uts", "--pid")
_SOCKET_LIMIT = 107  # sun_path of a unix socket, without its final NUL

_QEMU_CONF = """\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
"""

# Spanning tree would keep each new network card silent for four seconds.
_DEFAULT_NETWORK = """\
<network>
  <name>default</name>
  <bridge name='virbr0' stp='off' delay='0'/>
  <forward mode='nat'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
</network>
"""


@dataclass
class _Host:
    """A host's directory, its address on the management network, and its first process once it runs."""

    directory: Path
    address: str
    keeper: subprocess.Popen[str] | None = None
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))


class Hosts:
    """Some libvirt hosts on one management network (10.77.0.0/24, which exists only among them).

    ``directory`` holds their state; its path must be short, for libvirt's sockets lie in it. ``kvm`` leaves
    ``/dev/kvm`` visible; it is hidden by default, so that the hosts are alike on every machine.
    """

    def __init__(self, directory: Path, names: Sequence[str], *, kvm: bool = False) -> None:
        self.directory = directory
        self.kvm = kvm
        self._hosts = {
            name: _Host(directory / name, f"10.77.0.{number}") for number, name in enumerate(names, start=11)
        }
        self._switch: subprocess.Popen[str] | None = None
        for name in names:
            if len(str(self.socket(name))) > _SOCKET_LIMIT:
                raise ValueError(f"{self.socket(name)} is too long a path for a unix socket; choose another directory")

    @property
    def names(self) -> list[str]:
        """The hosts' names."""
        return list(self._hosts)

    def path(self, name: str) -> Path:
        """A host's state: ``lib/images`` in it is the host's own ``/var/lib/libvirt/images``."""
        return self._hosts[name].directory

    def socket(self, name: str) -> Path:
        """libvirtd's socket as seen from outside the host."""
        return self.path(name) / "run/libvirt-sock"

    def uri(self, name: str) -> str:
        """libvirt's URI of a host, for clients on this machine."""
        return f"qemu:///system?socket={self.socket(name)}"

    def address(self, name: str) -> str:
        """A host's IPv4 address on the management network: ``qemu+tcp://<address>/system`` between hosts."""
        return self._hosts[name].address

    def uuid(self, name: str) -> str:
        """The host UUID that libvirt reports; live migration refuses two hosts with the same."""
        return self._hosts[name].uuid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all hosts; returns when each libvirtd answers.

        The first probes what QEMU can do, which takes seconds; the others copy what it found.
        """
        try:
            self._switch = keep("--net", command=["bash", "-c", SWITCH])
            probed: Path | None = None
            for name, host in self._hosts.items():
                self._lay_out(name, host, probed)
                host.keeper = keep(*_NAMESPACES, command=["bash", str(_NODE), str(host.directory), name])
                self._connect(name, host)
                self.restart(name)
                probed = host.directory / "cache"
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all hosts with everything that runs on them; may be called at any time, and twice."""
        for host in self._hosts.values():
            if host.keeper is not None:
                end(host.keeper)
                host.keeper = None
        if self._switch is not None:
            end(self._switch)
            self._switch = None

    def restart(self, name: str) -> None:
        """Start a host's libvirtd (after ``kill``, or the first time) and wait until it answers; guests run on."""
        self.run_in(name, ["rm", "-f", "/run/libvirt/libvirtd.pid"])
        # As a daemon it returns when it listens, and its log goes where its configuration says.
        self.run_in(name, ["libvirtd", "--daemon", "--listen", "--pid-file", "/run/libvirt/libvirtd.pid"])
        probe = ["virsh", "-q", "-c", self.uri(name), "version"]
        until(f"libvirtd of {name}", lambda: subprocess.run(probe, capture_output=True).returncode == 0)

    def kill(self, name: str) -> None:
        """SIGKILL a host's libvirtd, as a crash would; its guests run on."""
        process = self._daemon(name)
        self._signal(name, signal.SIGKILL)
        # A dead daemon may stay as a zombie for a moment, so its state is asked, not its number.
        gone = ["sh", "-c", f'! grep -q "^State:.[^Z]" /proc/{process}/status 2>/dev/null']
        until(f"end of libvirtd of {name}", lambda: self.run_in(name, gone, check=False).returncode == 0)

    def pause(self, name: str) -> None:
        """Stop a host's libvirtd in its tracks: connections are accepted and never answered."""
        self._signal(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a paused libvirtd go on."""
        self._signal(name, signal.SIGCONT)

    def run_in(
        self,
        name: str,
        argv: Sequence[str],
        *,
        check: bool = True,
        timeout: float = 60.0,
        input: str | None = None,  # noqa: A002 - subprocess's own name
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside a host, text in and out; raises like ``subprocess.run`` when ``check`` and it fails."""
        return subprocess.run(
            self.command(name, argv), check=check, timeout=timeout, input=input, env=env, capture_output=True, text=True
        )

    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        """The argument list that runs ``argv`` inside a host, for callers with a ``subprocess`` of their own."""
        return [*enter(self._first(name), *_NAMESPACES), *argv]

    def ssh(
        self, name: str, address: str, command: str, *, key: Path, user: str = "root", timeout: float = 30.0
    ) -> subprocess.CompletedProcess[str]:
        """Run ``command`` (a shell line) in a guest at ``address`` from its host; exit code 255 is SSH's own."""
        return self.run_in(name, [*ssh_command(key), f"{user}@{address}", command], check=False, timeout=timeout)

    def wait_ssh(
        self, name: str, address: str, *, key: Path, command: str = "true", user: str = "root", limit: float = 120.0
    ) -> str:
        """Wait until a guest lets the key in and ``command`` succeeds there; returns what it printed, stripped."""

        def attempt() -> subprocess.CompletedProcess[str] | None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                done = self.ssh(name, address, command, key=key, user=user)
                return done if done.returncode == 0 else None
            return None

        # The last attempt's own words say more than "not in time".
        try:
            return until(f"SSH to {address} on {name}", attempt, limit=limit, every=0.1).stdout.strip()
        except TimeoutError as late:
            last = self.ssh(name, address, command, key=key, user=user)
            raise TimeoutError(f"{late}; the last attempt said: {last.stderr.strip()}") from None

    def _lay_out(self, name: str, host: _Host, probed: Path | None) -> None:
        """Write a host's configuration; what it knew from an earlier start, its guests included, stays."""
        for folder in ("run", "etc/qemu/networks", "lib/images", "log", "cache"):
            (host.directory / folder).mkdir(parents=True, exist_ok=True)
        known = host.directory / "uuid"
        if known.exists():
            host.uuid = known.read_text().strip()
        known.write_text(host.uuid + "\n")
        if probed is not None and not (host.directory / "cache/qemu").exists():
            shutil.copytree(probed, host.directory / "cache", dirs_exist_ok=True)
        etc = host.directory / "etc"
        shutil.copytree(_NWFILTERS, etc / "nwfilter", dirs_exist_ok=True)
        (etc / "qemu.conf").write_text(_QEMU_CONF)
        if not (etc / "qemu/networks/default.xml").exists():
            (etc / "qemu/networks/default.xml").write_text(_DEFAULT_NETWORK)
        (etc / "libvirtd.conf").write_text(
            f'listen_tls = 0\nlisten_tcp = 1\nlisten_addr = "{host.address}"\nauth_tcp = "none"\n'
            f'auth_unix_rw = "none"\nauth_unix_ro = "none"\nunix_sock_rw_perms = "0700"\n'
            f'host_uuid = "{host.uuid}"\nmax_clients = 200\nlog_outputs = "3:file:/var/log/libvirt/libvirtd.log"\n'
        )
        table = [f"{other.address} {known}" for known, other in self._hosts.items()]
        (host.directory / "hosts").write_text("\n".join(["127.0.0.1 localhost", *table, ""]))
        (host.directory / "resolv.conf").write_text("")
        if self.kvm:
            (host.directory / "no-kvm").unlink(missing_ok=True)
        else:
            (host.directory / "no-kvm").touch()

    def _connect(self, name: str, host: _Host) -> None:
        """Give a host its card eth0, the other end of which is plugged into the management switch."""
        assert self._switch is not None
        switch, first = inner(self._switch), self._first(name)
        port = f"port{host.address.rsplit('.', 1)[1]}"
        script = f"ip link add eth0 netns {first} type veth peer name {port} && ip link set {port} master switch up"
        subprocess.run([*enter(switch, "--net"), "sh", "-c", script], check=True, capture_output=True)
        script = f"ip addr add {host.address}/24 dev eth0 && ip link set eth0 up"
        self.run_in(name, ["sh", "-c", script])

    def _first(self, name: str) -> int:
        keeper = self._hosts[name].keeper
        if keeper is None:
            raise RuntimeError(f"host {name} is not running")
        return inner(keeper)

    def _daemon(self, name: str) -> int:
        """libvirtd's process number inside the host."""
        return int((self.path(name) / "run/libvirtd.pid").read_text())

    def _signal(self, name: str, number: signal.Signals) -> None:
        self.run_in(name, ["kill", f"-{number.value}", str(self._daemon(name))])


def ssh_command(key: Path) -> list[str]:
    """ssh for tests: the given key alone, no questions, no memory of hosts, and no wait for a dead one."""
    options = {
        "BatchMode": "yes",
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "GlobalKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "ConnectTimeout": "5",
    }
    return ["ssh", "-F", "none", "-i", str(key), *(f"-o{name}={value}" for name, value in options.items())]
