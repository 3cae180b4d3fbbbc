"""What the driver can do on a cloud, as far as its configuration tells.

Not declared: wiping (Cinder's ``volume_clear`` leaves no proof), guest agents, kernels from outside, snapshots that
include volumes. A cloud does not tell whether it has a console service before a screen is asked for.
"""

from __future__ import annotations

from egovcloud.drivers.base import Capability
from egovcloud.drivers.openstack.config import CloudConfig

_ALWAYS = frozenset(
    {
        Capability.REBOOT,
        Capability.RESIZE,
        Capability.REBUILD,
        Capability.COPY_ON_WRITE,
        Capability.BIOS_BOOT,
        Capability.UEFI_BOOT,
        Capability.NETWORK_ISOLATED,
        Capability.ADDRESS_RESERVATION,
        Capability.SECURITY_GROUP,
        Capability.SERIAL_LOG,
        Capability.ADOPTION,
        Capability.QUOTA,
        Capability.SHELVE,
        Capability.APART,
    }
)


def declared(config: CloudConfig) -> frozenset[Capability]:
    found = set(_ALWAYS)
    if config.external_network:
        found |= {Capability.NETWORK_NAT, Capability.FLOATING_ADDRESS}
    if config.tenancy:
        found.add(Capability.TENANCY)
    if config.screens:
        found.add(Capability.SCREEN)
    if config.physical_networks:
        found.add(Capability.NETWORK_BRIDGED)
    if any(pool.volume_type for pool in config.pools.values()):
        found |= {Capability.VOLUME, Capability.VOLUME_HOT_PLUG, Capability.VOLUME_LIVE_GROW}
        found |= {Capability.VOLUME_CLONE, Capability.VOLUME_SNAPSHOT}
    if any(pool.boots_from_volume for pool in config.pools.values()):
        found.add(Capability.LIVE_MIGRATION_SHARED)
    if any(not pool.boots_from_volume for pool in config.pools.values()):
        found |= {Capability.LIVE_MIGRATION_COPY, Capability.SNAPSHOT_EXTERNAL}
    return frozenset(found)
