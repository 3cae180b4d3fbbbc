"""What a connection can do: QEMU nearly all of the contract, libvirt's own test driver the part that it simulates."""

from __future__ import annotations

from collections.abc import Iterable

import libvirt

from egovcloud.drivers.base import Capability
from egovcloud.drivers.libvirt.config import HostConfig
from egovcloud.drivers.libvirt.host import Session

SIMULATED = frozenset(
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
# Whoever may speak to libvirt may use all of its host; a volume's file is copied whole, or not at all, and a host has
# no addresses of an outer network to give.
QEMU = SIMULATED | frozenset(
    {
        Capability.COPY_ON_WRITE,
        Capability.DIRECT_KERNEL_BOOT,
        Capability.BIOS_BOOT,
        Capability.UEFI_BOOT,
        Capability.CLOUD_INIT,
        Capability.LIVE_MIGRATION_SHARED,
        Capability.LIVE_MIGRATION_COPY,
        Capability.VOLUME,
        Capability.VOLUME_HOT_PLUG,
        Capability.VOLUME_LIVE_GROW,
        Capability.SNAPSHOT_EXTERNAL,
        Capability.GUEST_FREEZE,
        Capability.SECURITY_GROUP,
        Capability.WIPE,
        Capability.SCREEN,
        Capability.SERIAL_LOG,
    }
)


def declared(hosts: Iterable[HostConfig]) -> frozenset[Capability]:
    """What every one of the hosts can do."""
    found = QEMU
    for config in hosts:
        found &= SIMULATED if config.simulated else QEMU
    return found


def virt_type(session: Session) -> str:
    """``kvm`` or ``qemu`` as configured; for ``auto`` what libvirt believes of this host."""
    if session.config.simulated:
        return "test"
    if session.config.virt != "auto":
        return session.config.virt
    if "virt/kvm" in session.ready:
        return "kvm"
    try:
        session.conn.getDomainCapabilities(None, "x86_64", "q35", "kvm", 0)
    except libvirt.libvirtError:
        return "qemu"
    session.ready.add("virt/kvm")
    return "kvm"
