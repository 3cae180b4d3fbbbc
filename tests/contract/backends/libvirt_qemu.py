"""The libvirt driver on two real libvirt hosts in network namespaces, with guests that QEMU emulates."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from egovcloud.drivers.base import Capability, Driver, ImageSpec, InstanceFacts, InstanceSpec, OwnedKind, Power
from tests.contract.adapter import FEATURES as ALL_FEATURES
from tests.contract.adapter import Cloud, Guest, new_id

CAPABILITIES = frozenset(Capability) - {
    Capability.QUOTA,
    Capability.TENANCY,
    Capability.APART,
    Capability.SHELVE,
    Capability.VOLUME_SNAPSHOT,
    Capability.FLOATING_ADDRESS,
}
FEATURES = frozenset(ALL_FEATURES) - {"duplicates", "quick"}  # a libvirt host cannot hold one UUID twice
_NOTE = "/root/contract-note"


def unavailable() -> str | None:
    """Namespaces need root, guests need libvirtd and QEMU."""
    if os.geteuid() != 0:
        return "it needs root"
    missing = [name for name in ("libvirtd", "qemu-system-x86_64", "virsh", "ip", "nsenter") if not shutil.which(name)]
    if find_spec("libvirt") is None:
        missing.append("libvirt-python")
    return f"{', '.join(missing)} not installed" if missing else None


class QemuCloud(Cloud):
    """Looks behind the driver's back by a connection of its own, by SSH, and by stopping libvirtd itself."""

    host, second = "hv1", "hv2"
    pool, shared_pool = "local", "shared"
    bridge = "br-gov"
    limit, patience = 60.0, 300.0
    memory_mib = 256
    examples, steps = 1, 20

    def __init__(self, directory: Path) -> None:

        from tests.real.hosts import Hosts
        from tests.real.image import guest_image, ssh_key

        super().__init__()
        self.directory = directory
        self._guest = guest_image()
        self._key = ssh_key()
        self._images: dict[str, ImageSpec] = {}
        self.hosts_ = Hosts(directory / "hosts", [self.host, self.second])
        self.hosts_.start()
        for name in self.hosts:
            self.hosts_.run_in(name, ["ip", "link", "add", self.bridge, "type", "bridge"])
            self.hosts_.run_in(name, ["ip", "link", "set", self.bridge, "up"])
        self.driver: Driver = self.drive("contract")
        self._conn: dict[str, Any] = {}
        self.reconnect()

    def drive(self, installation: str, on_step: Callable[[str], None] | None = None) -> Driver:
        from egovcloud.drivers.libvirt import HostConfig, LibvirtDriver, PoolConfig

        configs = {}
        for name in self.hosts:
            home = self.directory / name
            for folder in ("sock", "pool"):
                (home / folder).mkdir(parents=True, exist_ok=True)
            address = self.hosts_.address(name)
            configs[name] = HostConfig(
                self.hosts_.uri(name),
                {
                    self.pool: PoolConfig("dir", str(home / "pool")),
                    self.shared_pool: PoolConfig("dir", str(self.directory / "shared"), shared=True),
                },
                state_dir=str(home / "state"),
                socket_dir=str(home / "sock"),
                virt="qemu",
                migration_uri=f"qemu+tcp://{address}/system",
                migration_address=f"tcp://{address}",
            )
        return LibvirtDriver(installation, configs, on_step=on_step)

    def reconnect(self) -> None:
        """After a libvirtd was started anew."""
        import libvirt

        self._conn = {name: libvirt.open(self.hosts_.uri(name)) for name in self.hosts}

    def close(self) -> None:
        for conn in self._conn.values():
            conn.close()
        self.hosts_.stop()

    # -- what every backend gives ------------------------------------------------------------------------------
    def image(self, firmware: str = "direct") -> ImageSpec:
        if firmware not in self._images:
            variant = next(one for one in self._guest.variants if one.boot == firmware)
            folder = self._guest.directory
            disk = folder / variant.disk
            self._images[firmware] = ImageSpec(
                new_id(),
                variant.name,
                str(disk),
                hashlib.sha256(disk.read_bytes()).hexdigest(),
                firmware=firmware,
                kernel=str(folder / variant.kernel) if variant.kernel else None,
                initrd=str(folder / variant.initrd) if variant.initrd else None,
                cmdline=variant.cmdline or None,
            )
        return self._images[firmware]

    def broken_image(self) -> ImageSpec:
        return replace(self.image(), id=new_id(), sha256="0" * 64)

    def other(self) -> Driver:
        return self.drive("another installation")

    def spec(self, **changes: Any) -> InstanceSpec:
        """Every guest lets us in beside whom the test names."""
        ours = self._key.with_suffix(".pub").read_text().strip()
        return super().spec(**{**changes, "ssh_keys": (*changes.get("ssh_keys", ()), ours)})

    def booted(self, facts: InstanceFacts) -> bool:
        """The agent is the last that the guest starts."""
        if facts.power is not Power.RUNNING or not facts.agent:
            return False
        log = self.driver.serial_log(facts.ref.host, facts.id, limit=4096, within=self.limit)
        return b"EGOV-READY" in log

    # -- features ------------------------------------------------------------------------------------------------
    def plant(self, host: str, kind: OwnedKind, *, tenant: str | None = None) -> str:
        name, conn = f"stray-{new_id()}", self._conn[host]
        if kind is OwnedKind.VOLUME:
            pool = conn.storagePoolLookupByName(self.pool)
            xml = f"<volume><name>{name}</name><capacity>1048576</capacity></volume>"
            return str(pool.createXML(xml, 0).path())
        if kind is OwnedKind.NETWORK:
            return str(conn.networkDefineXML(f"<network><name>{name}</name></network>").UUIDString())
        # Its disk lies where no pool of ours looks.
        disk = self.directory / f"{name}.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], check=True)
        xml = (
            f"<domain type='qemu'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os><devices>"
            f"<disk type='file'><driver name='qemu' type='qcow2'/><source file='{disk}'/>"
            "<target dev='vda' bus='virtio'/>"
            "</disk></devices></domain>"
        )
        return str(conn.defineXML(xml).UUIDString())

    def exists(self, host: str, kind: OwnedKind, external_id: str) -> bool:
        conn = self._conn[host]
        if kind is OwnedKind.VOLUME:
            return conn.storageVolLookupByPath(external_id) is not None
        if kind is OwnedKind.NETWORK:
            return conn.networkLookupByUUIDString(external_id) is not None
        return conn.lookupByUUIDString(external_id) is not None

    def stop_outside(self, host: str, instance_id: str) -> None:
        self._conn[host].lookupByUUIDString(instance_id).destroy()

    def pause_outside(self, host: str, instance_id: str) -> None:
        self._conn[host].lookupByUUIDString(instance_id).suspend()

    @contextmanager
    def hanging(self, host: str) -> Iterator[None]:
        self.hosts_.pause(host)
        try:
            yield
        finally:
            self.hosts_.resume(host)

    def run(self, host: str, instance_id: str, command: str) -> str:
        """Run a shell line as root in the guest."""
        facts = self.driver.observe_instance(host, instance_id, within=self.limit)
        assert facts is not None
        return self.hosts_.wait_ssh(host, facts.addresses[0], key=self._key, command=command, limit=self.patience)

    def guest(self, host: str, instance_id: str) -> Guest:
        name, *keys = self.run(host, instance_id, "hostname; cat /root/.ssh/authorized_keys").splitlines()
        return Guest(name, tuple(keys))

    def write(self, host: str, instance_id: str, text: str) -> None:
        self.run(host, instance_id, f"printf %s {shlex.quote(text)} > {_NOTE} && sync")

    def read(self, host: str, instance_id: str) -> str:
        return self.run(host, instance_id, f"cat {_NOTE} 2>/dev/null || true")

    @contextmanager
    def agent_silent(self, instance_id: str) -> Iterator[None]:
        """Take the agent's program away, for init starts it again."""
        self.run(self.host, instance_id, "p=$(which qemu-ga); mv $p $p.away; killall qemu-ga")
        try:
            yield
        finally:
            self.run(self.host, instance_id, "p=$(which qemu-ga.away); mv $p ${p%.away}")

    @contextmanager
    def deaf(self, instance_id: str) -> Iterator[None]:
        """Freeze both ears: the agent, and the reader of the power button."""
        self.run(self.host, instance_id, "killall -STOP dd qemu-ga")
        yield


@contextmanager
def open_cloud(directory: Path) -> Iterator[Cloud]:
    """In a directory with a short path, for sockets have one."""
    home = Path(tempfile.mkdtemp(prefix="ev", dir="/var/tmp"))
    cloud = None
    try:
        cloud = QemuCloud(home)
        yield cloud
    finally:
        if cloud is not None:
            cloud.close()
        shutil.rmtree(home, ignore_errors=True)
