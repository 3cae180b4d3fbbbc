"""What libvirt is said to do is what the contract proves on QEMU, and what it refuses is not among it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from egovcloud.domain.errors import Unsupported
from egovcloud.drivers.base import Capability, TenantSpec
from egovcloud.drivers.floating import FloatingSpec
from egovcloud.drivers.libvirt import LibvirtDriver
from egovcloud.drivers.libvirt.config import HostConfig
from egovcloud.drivers.volume_copies import VolumeSnapshotSpec
from tests.contract.backends import libvirt_qemu

from .examples import INSTANCE, NAT, VOLUME

DRIVER = LibvirtDriver("centre", {"hv1": HostConfig("qemu+tls://nobody.invalid/system", {})})
REFUSED: dict[Capability, Callable[[], object]] = {
    Capability.TENANCY: lambda: DRIVER.ensure_tenant(TenantSpec(INSTANCE, "p"), within=1),
    Capability.SHELVE: lambda: DRIVER.shelve_instance("hv1", INSTANCE, within=1),
    Capability.FLOATING_ADDRESS: lambda: DRIVER.create_floating_address("hv1", FloatingSpec(INSTANCE, NAT), within=1),
    Capability.VOLUME_SNAPSHOT: lambda: DRIVER.create_volume_snapshot(
        VolumeSnapshotSpec(INSTANCE, "s", "hv1", "local", VOLUME), within=1
    ),
}


def test_declared_is_what_the_contract_proves() -> None:
    assert DRIVER.capabilities == libvirt_qemu.CAPABILITIES


@pytest.mark.parametrize("capability", REFUSED)
def test_what_it_refuses_it_does_not_declare(capability: Capability) -> None:
    with pytest.raises(Unsupported):
        REFUSED[capability]()
    assert capability not in DRIVER.capabilities
