"""The small guest keeps what it promises on libvirt hosts: SSH, a lasting disk, agent, hot plug, the power button."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
import libvirt_qemu
import pytest

from egovcloud.cli.local.guest import GuestImage
from tests.real.hosts import Hosts, until
from tests.real.image import guest_image, ssh_key

READY = re.compile(r"^EGOV-READY (\S+) (\S+) ([0-9.]+)\s*$", re.MULTILINE)
IMAGES = "/var/lib/libvirt/images"  # each host's own directory behind one path, as live migration wants it


@pytest.fixture(scope="module")
def image() -> GuestImage:
    return guest_image()


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with tempfile.TemporaryDirectory(prefix="egov-", dir="/tmp") as place, Hosts(Path(place), ["hv1", "hv2"]) as both:
        for name in both.names:
            connection = libvirt.open(both.uri(name))
            connection.networkLookupByName("default").create()
            connection.close()
        yield both


@dataclass
class Guest:
    """A running guest: where it is, and what its serial line has said."""

    hosts: Hosts
    host: str
    name: str
    domain: libvirt.virDomain
    hostname: str
    address: str = ""

    @property
    def serial(self) -> str:
        return (self.hosts.path(self.host) / f"log/{self.name}.serial").read_text(errors="replace")

    def wait(self, boots: int = 1) -> None:
        """Wait until the guest has said for the given number of times that it is ready."""
        said = until("readiness", lambda: _at_least(READY.findall(self.serial), boots), limit=120)
        assert said[-1][0] == self.hostname
        self.address = said[-1][1]

    def run(self, command: str, *, limit: float = 60.0) -> str:
        return self.hosts.wait_ssh(self.host, self.address, key=ssh_key(), command=command, limit=limit)


def _at_least(found: list[tuple[str, str, str]], count: int) -> list[tuple[str, str, str]] | None:
    return found if len(found) >= count else None


def _seed(path: Path, hostname: str, instance: str) -> None:
    tree = path.with_suffix(".d")
    (tree / "egov").mkdir(parents=True, exist_ok=True)
    (tree / "meta-data").write_text(f"instance-id: {instance}\nlocal-hostname: {hostname}\n")
    (tree / "user-data").write_text("#cloud-config\n{}\n")
    (tree / "egov/hostname").write_text(hostname)
    (tree / "egov/authorized_keys").write_text(ssh_key().with_suffix(".pub").read_text())
    subprocess.run(["genisoimage", "-quiet", "-V", "cidata", "-J", "-R", "-o", path, tree], check=True)


def _domain(name: str, image: GuestImage, boot: str) -> str:
    """Domain XML of a guest whose disks and logs lie in its host's own directories."""
    variant = next(variant for variant in image.variants if variant.boot == boot)
    domain = ET.fromstring(
        """<domain type='qemu'><name/><memory unit='MiB'/><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='q35'>hvm</type></os>
        <features><acpi/><apic/><tcg><tb-cache unit='MiB'>64</tb-cache></tcg></features>
        <cpu mode='maximum'/><on_reboot>restart</on_reboot>
        <devices>
          <controller type='pci' model='pcie-root'/>
          <controller type='scsi' model='virtio-scsi'/>
          <interface type='network'><source network='default'/><model type='virtio'/><rom enabled='no'/></interface>
          <serial type='file'><source/></serial>
          <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
          <memballoon model='virtio'/>
          <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
        </devices></domain>"""
    )

    def at(path: str) -> ET.Element:
        found = domain.find(path)
        assert found is not None
        return found

    at("name").text = name
    at("memory").text = str(max(192, variant.min_memory_mib))
    at("devices/serial/source").set("path", f"/var/log/libvirt/{name}.serial")
    for _ in range(8):
        ET.SubElement(at("devices"), "controller", type="pci", model="pcie-root-port")
    if boot == "direct":
        ET.SubElement(at("os"), "kernel").text = str(image.path(variant.kernel))
        ET.SubElement(at("os"), "initrd").text = str(image.path(variant.initrd))
        ET.SubElement(at("os"), "cmdline").text = variant.cmdline
    elif boot == "uefi":
        at("os").set("firmware", "efi")
        firmware = ET.SubElement(at("os"), "firmware")
        ET.SubElement(firmware, "feature", enabled="no", name="secure-boot")
    at("devices").append(_disk(f"{IMAGES}/{name}.qcow2", "vda"))
    seed = ET.SubElement(at("devices"), "disk", type="file", device="cdrom")
    ET.SubElement(seed, "driver", name="qemu", type="raw")
    ET.SubElement(seed, "source", file=f"{IMAGES}/{name}.iso")
    ET.SubElement(seed, "target", dev="sda", bus="scsi")
    ET.SubElement(seed, "readonly")
    return ET.tostring(domain, encoding="unicode")


def _disk(file: str, target: str, serial: str = "") -> ET.Element:
    disk = ET.Element("disk", type="file", device="disk")
    ET.SubElement(disk, "driver", name="qemu", type="qcow2")
    ET.SubElement(disk, "source", file=file)
    ET.SubElement(disk, "target", dev=target, bus="virtio")
    if serial:
        ET.SubElement(disk, "serial").text = serial
    return disk


def _qcow2(hosts: Hosts, host: str, name: str, size: str, backing: Path | None = None) -> None:
    base = ["-b", str(backing), "-F", "qcow2"] if backing else []
    path = hosts.path(host) / f"lib/images/{name}.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, path, size], check=True)


def _boot(
    hosts: Hosts, image: GuestImage, name: str, boot: str = "direct", *, seeded: str = "", hostname: str = ""
) -> Iterator[Guest]:
    """Start a guest on hv1 from an overlay and a seed that says ``seeded``; destroy it at the end."""
    variant = next(variant for variant in image.variants if variant.boot == boot)
    _qcow2(hosts, "hv1", name, "512M", image.path(variant.disk))
    _seed(hosts.path("hv1") / f"lib/images/{name}.iso", seeded or name, f"i-{seeded or name}")
    connection = libvirt.open(hosts.uri("hv1"))
    guest = Guest(hosts, "hv1", name, connection.defineXML(_domain(name, image, boot)), hostname or name)
    began = time.monotonic()
    guest.domain.create()
    guest.wait()
    ready = time.monotonic() - began
    guest.run("true")
    print(f"{name}: ready after {ready:.1f} s, SSH by key after {time.monotonic() - began:.1f} s")
    yield guest
    if guest.domain.isActive():
        guest.domain.destroy()
    guest.domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)


@pytest.fixture
def guest(hosts: Hosts, image: GuestImage) -> Iterator[Guest]:
    yield from _boot(hosts, image, "minzheng-01")


def test_a_guest_lives_through_reboot_agent_hot_plug_migration_and_the_power_button(
    guest: Guest, hosts: Hosts, image: GuestImage
) -> None:
    domain = guest.domain
    assert guest.run("cat /etc/hostname; echo kept > /root/file; sync") == "minzheng-01"
    key = guest.run("cat /etc/dropbear/host_key.pub")
    assert f"EGOV-HOSTKEY {key}" in guest.serial
    # The root file system grows into the disk that the flavor gave.
    until("growth", lambda: int(guest.run("df -m / | awk 'END { print $2 }'")) > 450, limit=30)

    until("guest agent", lambda: _agent(domain, "guest-ping") == {}, limit=30)
    assert domain.fsFreeze() >= 1
    assert _agent(domain, "guest-fsfreeze-status") == "frozen"
    assert domain.fsThaw() >= 1
    found = domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)
    assert guest.address in [entry["addr"] for entry in found["eth0"]["addrs"]]

    _qcow2(hosts, "hv1", "data", "256M")
    domain.attachDeviceFlags(ET.tostring(_disk(f"{IMAGES}/data.qcow2", "vdb", "vol-1"), encoding="unicode"), 3)
    made = guest.run(
        "d=/dev/disk/by-id/virtio-vol-1; i=0; until [ -b $d ] || [ $i = 50 ]; do usleep 100000; i=$((i+1)); done;"
        "mkfs.ext4 -q $d && mount $d /mnt && echo data > /mnt/file && umount /mnt && readlink -f $d"
    )
    assert made == "/dev/vdb"

    domain.reboot(libvirt.VIR_DOMAIN_REBOOT_GUEST_AGENT)
    guest.wait(boots=2)
    assert guest.run("cat /root/file /etc/dropbear/host_key.pub; mount /dev/vdb /mnt; cat /mnt/file").split("\n") == [
        "kept",
        key,
        "data",
    ]

    _migrate(guest, "hv2", ["minzheng-01", "data"])
    assert guest.run("cat /root/file /mnt/file") == "kept\ndata"

    began = time.monotonic()
    guest.domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    until("power off", lambda: not guest.domain.isActive(), limit=20)
    print(f"power button: off after {time.monotonic() - began:.1f} s")
    disk = hosts.path("hv2") / "lib/images/data.qcow2"
    clean = subprocess.run(["qemu-img", "check", "-q", disk], capture_output=True, text=True)
    assert clean.returncode == 0, clean.stdout


@pytest.mark.parametrize("boot", ["uefi", "bios"])
def test_firmware_boots_the_image_and_the_partition_grows(boot: str, hosts: Hosts, image: GuestImage) -> None:
    for guest in _boot(hosts, image, f"wenhua-{boot}", boot):
        until("growth", lambda guest=guest: int(guest.run("df -m / | awk 'END { print $2 }'")) > 400, limit=30)


def test_a_stranger_is_not_let_in(hosts: Hosts, image: GuestImage, tmp_path: Path) -> None:
    stranger = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger], check=True)
    for guest in _boot(hosts, image, "gongan-01"):
        refused = hosts.ssh("hv1", guest.address, "true", key=stranger)
        assert refused.returncode == 255
        assert "Permission denied" in refused.stderr


def test_a_seed_is_data_and_never_runs(hosts: Hosts, image: GuestImage) -> None:
    hostile = "$(touch /root/ran)`touch /root/ran`;touch /root/ran"
    for guest in _boot(hosts, image, "jiancha-01", seeded=hostile, hostname="micro"):
        assert guest.run("ls /root; cat /var/lib/egov/instance") == f"i-{hostile}"


def _agent(domain: libvirt.virDomain, command: str) -> object:
    """What the guest agent answers, or None while it does not."""
    try:
        return json.loads(libvirt_qemu.qemuAgentCommand(domain, json.dumps({"execute": command}), 5, 0))["return"]
    except libvirt.libvirtError:
        return None


def _migrate(guest: Guest, target: str, disks: list[str]) -> None:
    """Live migration with its disks to another host, which takes over name, disks and network state."""
    hosts, source = guest.hosts, guest.host
    for name in disks:
        shape = json.loads(
            subprocess.run(
                ["qemu-img", "info", "-U", "--output=json", hosts.path(source) / f"lib/images/{name}.qcow2"],
                check=True, capture_output=True,
            ).stdout
        )  # fmt: skip
        _qcow2(hosts, target, name, str(shape["virtual-size"]))
    seed = f"lib/images/{guest.name}.iso"
    (hosts.path(target) / seed).write_bytes((hosts.path(source) / seed).read_bytes())
    flags = (
        libvirt.VIR_MIGRATE_LIVE
        | libvirt.VIR_MIGRATE_PEER2PEER
        | libvirt.VIR_MIGRATE_PERSIST_DEST
        | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
        | libvirt.VIR_MIGRATE_NON_SHARED_DISK
    )
    wanted = {
        libvirt.VIR_MIGRATE_PARAM_URI: f"tcp://{hosts.address(target)}",
        libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS: ["vda", "vdb"][: len(disks)],
    }
    began = time.monotonic()
    guest.domain.migrateToURI3(f"qemu+tcp://{hosts.address(target)}/system", wanted, flags)
    print(f"live migration with {len(disks)} disks: {time.monotonic() - began:.1f} s")
    guest.host = target
    guest.domain = libvirt.open(hosts.uri(target)).lookupByName(guest.name)


def test_the_command_finds_what_is_built(image: GuestImage) -> None:
    command = [str(Path(sys.executable).parent / "egovcloud"), "image", "build", str(image.directory)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    for variant in image.variants:
        assert f"--disk {image.path(variant.disk)} --sha256 {image.files[variant.disk].sha256}" in told
