"""The hypervisor of this machine: libvirt started, KVM tried, the guest image built."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib import resources
from ipaddress import IPv4Network
from pathlib import Path

from egovcloud.cli.local import guest
from egovcloud.cli.local.guest.kvm import kvm_works
from egovcloud.cli.local.up.places import Places, systemd_runs
from egovcloud.cli.local.up.report import Stop, step, wait_for

# Without a login manager and cgroups of its own, a container's libvirtd may not expect them.
QEMU_CONF = """user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
"""
LIBVIRTD_CONF = """auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
host_uuid_source = "machine-id"
"""


def uri(places: Places) -> str:
    """How this machine's hypervisor is reached."""
    if systemd_runs():
        return "qemu:///system"
    return f"qemu:///system?socket={places.hypervisor}/run/libvirt-sock"


def start(places: Places) -> None:
    """libvirt answers, or ``Stop`` says why not."""
    with step("Hypervisor: libvirt") as said:
        if answers(places):
            said.append("already running")
            return
        if systemd_runs():
            subprocess.run(["systemctl", "enable", "--now", "--quiet", "libvirtd.service"], check=True)
        else:
            _start_own(places)
        wait_for(lambda: answers(places), "an answer from libvirt", 30)
        said.append("started")


def answers(places: Places) -> bool:
    """Whether libvirt can be asked now."""
    done = subprocess.run(
        ["virsh", "--quiet", "--connect", uri(places), "version"], capture_output=True, check=False, timeout=60
    )
    return done.returncode == 0


def _start_own(places: Places) -> None:
    root = places.hypervisor
    for name in ("run", "lib", "log", "cache"):
        (root / name).mkdir(parents=True, exist_ok=True)
    if not (root / "etc").exists():
        shutil.copytree("/etc/libvirt", root / "etc", symlinks=True)
        # Networks of libvirt's own package would start here too, on bridges that may be somebody else's.
        shutil.rmtree(root / "etc" / "qemu" / "networks", ignore_errors=True)
        (root / "etc" / "qemu" / "networks").mkdir(parents=True, exist_ok=True)
    (root / "etc" / "qemu.conf").write_text(QEMU_CONF)
    machine = Path("/proc/sys/kernel/random/uuid").read_text().strip()
    identity = root / "host-uuid"
    if not identity.exists():
        identity.write_text(machine)
    conf = LIBVIRTD_CONF.replace('host_uuid_source = "machine-id"', f'host_uuid = "{identity.read_text()}"')
    (root / "etc" / "libvirtd.conf").write_text(conf)
    script = resources.files(__package__) / "files" / "libvirtd.sh"
    with resources.as_file(script) as path, (places.logs / "libvirtd.log").open("ab") as log:
        subprocess.Popen(
            ["unshare", "--mount", "sh", str(path), str(root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def stop_own(places: Places) -> None:
    """End the libvirtd that we started; guests are processes of their own and are dealt with before."""
    pid_file = places.hypervisor / "libvirtd.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    try:
        if b"libvirtd" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return
        os.kill(pid, signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        return
    wait_for(lambda: not _alive(pid), "the end of libvirtd", 20)
    # dnsmasq of our networks outlives libvirtd; it is told from others by the configuration that it was started with.
    for proc in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = proc.read_bytes().split(b"\0")
        except OSError:
            continue
        if words and words[0].endswith(b"dnsmasq") and any(b"/egov-" in word for word in words):
            os.kill(int(proc.parent.name), signal.SIGTERM)


def _alive(pid: int) -> bool:
    """A zombie is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def image(places: Places) -> guest.GuestImage:
    """The small guest image, built out of Debian's packages unless it is there.

    One that is there is registered with its checksum and has disks that depend on it: it is never built anew.
    """
    with step("Guest image: kernel, busybox, dropbear on a disk of its own") as said:
        built = guest.GuestImage.load(places.images / "micro")
        if built is not None:
            said.append("already there")
            return built
        try:
            built = guest.build(places.images / "micro")
        except guest.GuestBuildError as error:
            raise Stop(str(error)) from error
        said.append(f"{len(built.variants)} ways to boot")
        return built


def acceleration(places: Places, built: guest.GuestImage) -> str:
    """``kvm`` where it really runs a guest, else ``qemu``; tried once and remembered."""
    remembered = places.state / "acceleration"
    with step("Hardware virtualisation: tried, not guessed") as said:
        if remembered.exists():
            virt = remembered.read_text().strip()
        else:
            direct = built.variant("direct")
            virt = "kvm" if kvm_works(built.path(direct.kernel), built.path(direct.initrd)) else "qemu"
            remembered.write_text(virt + "\n")
        said.append("KVM" if virt == "kvm" else "emulation, because KVM does not run a guest here")
        return virt


def network_range() -> str:
    """The first of our /24 networks that overlaps nothing this machine has a route to."""
    listed = subprocess.run(
        ["ip", "-4", "-o", "route", "show", "table", "all"], capture_output=True, text=True, check=True
    )
    taken = []
    for line in listed.stdout.splitlines():
        words = line.split()
        target = words[1] if words[0] in ("local", "broadcast", "unreachable", "blackhole") else words[0]
        if target != "default":
            taken.append(IPv4Network(target, strict=False))
    for third in range(16, 256):
        candidate = IPv4Network(f"192.168.{third}.0/24")
        if not any(candidate.overlaps(other) for other in taken):
            return str(candidate)
    raise Stop("no free network between 192.168.16.0/24 and 192.168.255.0/24; this machine has routes to all of them")
