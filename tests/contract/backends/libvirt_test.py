"""The libvirt driver on libvirt's own test driver: no hypervisor, no root, the same code up to the library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from egovcloud.drivers.base import Capability, Driver, ImageSpec, OwnedKind
from tests.contract.adapter import Cloud, new_id

CAPABILITIES = frozenset(
    {
        Capability.REBOOT,
        Capability.RESIZE,
        Capability.REBUILD,
        Capability.NETWORK_NAT,
        Capability.NETWORK_ISOLATED,
        Capability.NETWORK_BRIDGED,
        Capability.ADDRESS_RESERVATION,
        Capability.SNAPSHOT_INTERNAL,
        Capability.ADOPTION,
        Capability.VOLUME_CLONE,
    }
)
FEATURES = frozenset({"outside", "pause_outside", "bridge", "quick"})
URI = "test:///default"  # its world is shared by all connections of the process


def unavailable() -> str | None:
    """Only libvirt's client library is needed."""
    return None if find_spec("libvirt") else "the package libvirt-python is not installed"


class TestDriverCloud(Cloud):
    """Behind the driver's back through a second connection."""

    __test__ = False
    host, pool, bridge = "test", "contract", "br-gov"

    def __init__(self, directory: Path) -> None:
        import libvirt

        super().__init__()
        self._directory = directory
        self.driver: Driver = self._drive("contract")
        self._conn = libvirt.open(URI)
        disk = directory / "disk.raw"
        disk.write_bytes(b"a disk without a system")
        digest = hashlib.sha256(disk.read_bytes()).hexdigest()
        self._image = ImageSpec(new_id(), "contract", str(disk), digest, "raw")

    def _drive(self, installation: str) -> Driver:
        from egovcloud.drivers.libvirt import HostConfig, LibvirtDriver, PoolConfig

        pools = {self.pool: PoolConfig("dir", "/contract")}
        return LibvirtDriver(installation, {self.host: HostConfig(URI, pools, state_dir="/contract-state")})

    def image(self, firmware: str = "bios") -> ImageSpec:
        return self._image

    def broken_image(self) -> ImageSpec:
        return ImageSpec(new_id(), "broken", self._image.disk, "0" * 64, "raw")

    def other(self) -> Driver:
        return self._drive("another installation")

    def plant(self, host: str, kind: OwnedKind, *, tenant: str | None = None) -> str:
        name = f"stray-{new_id()}"
        if kind is OwnedKind.VOLUME:
            pool = self._conn.storagePoolLookupByName(self.pool)
            xml = f"<volume><name>{name}</name><capacity>1048576</capacity></volume>"
            return str(pool.createXML(xml, 0).path())
        if kind is OwnedKind.NETWORK:
            return str(self._conn.networkDefineXML(f"<network><name>{name}</name></network>").UUIDString())
        xml = f"<domain type='test'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os></domain>"
        return str(self._conn.defineXML(xml).UUIDString())

    def exists(self, host: str, kind: OwnedKind, external_id: str) -> bool:
        if kind is OwnedKind.VOLUME:
            return self._conn.storageVolLookupByPath(external_id) is not None
        if kind is OwnedKind.NETWORK:
            return self._conn.networkLookupByUUIDString(external_id) is not None
        return self._conn.lookupByUUIDString(external_id) is not None

    def stop_outside(self, host: str, instance_id: str) -> None:
        self._conn.lookupByUUIDString(instance_id).destroy()

    def pause_outside(self, host: str, instance_id: str) -> None:
        self._conn.lookupByUUIDString(instance_id).suspend()


@contextmanager
def open_cloud(directory: Path) -> Iterator[Cloud]:
    """The test driver's world ends with the process."""
    yield TestDriverCloud(directory)
