"""Every call of the contract on one host, as data, for what must hold of all of them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from egovcloud.drivers.base import Capability, Owned, OwnedKind
from egovcloud.drivers.floating import FloatingSpec
from egovcloud.drivers.volume_copies import VolumeSnapshotSpec
from tests.contract.adapter import Cloud, new_id

Make = Callable[[Cloud, str], Callable[[float], object]]


def _spec(cloud: Cloud, host: str) -> Callable[[float], object]:
    spec = replace(cloud.spec(), host=host)
    return lambda within: cloud.driver.create_instance(spec, within=within)


def _rebuild(cloud: Cloud, host: str) -> Callable[[float], object]:
    spec = replace(cloud.spec(), host=host)
    return lambda within: cloud.driver.rebuild_instance(spec, within=within)


CALLS: dict[str, tuple[Make, Capability | None]] = {
    "pools": (lambda c, h: lambda w: c.driver.pools(h, within=w), None),
    "survey": (lambda c, h: lambda w: c.driver.survey(h, within=w), None),
    "list_owned": (lambda c, h: lambda w: c.driver.list_owned(h, within=w), None),
    "list_unmanaged": (lambda c, h: lambda w: c.driver.list_unmanaged(h, within=w), None),
    "delete_owned": (
        lambda c, h: lambda w: c.driver.delete_owned(Owned(OwnedKind.INSTANCE, new_id(), new_id(), h), within=w),
        None,
    ),
    "ensure_image": (lambda c, h: lambda w: c.driver.ensure_image(h, c.pool, c.image(), within=w), None),
    "delete_image": (lambda c, h: lambda w: c.driver.delete_image(h, c.pool, new_id(), within=w), None),
    "ensure_network": (lambda c, h: (lambda n: lambda w: c.driver.ensure_network(h, n, within=w))(c.network()), None),
    "delete_network": (lambda c, h: lambda w: c.driver.delete_network(h, new_id(), within=w), None),
    "ensure_security_group": (
        lambda c, h: lambda w: c.driver.ensure_security_group(h, c.group(), within=w),
        Capability.SECURITY_GROUP,
    ),
    "delete_security_group": (
        lambda c, h: lambda w: c.driver.delete_security_group(h, new_id(), within=w),
        Capability.SECURITY_GROUP,
    ),
    "apply_security_groups": (
        lambda c, h: lambda w: c.driver.apply_security_groups(h, new_id(), [], within=w),
        Capability.SECURITY_GROUP,
    ),
    "create_instance": (_spec, None),
    "observe_instance": (lambda c, h: lambda w: c.driver.observe_instance(h, new_id(), within=w), None),
    "start_instance": (lambda c, h: lambda w: c.driver.start_instance(h, new_id(), within=w), None),
    "stop_instance": (lambda c, h: lambda w: c.driver.stop_instance(h, new_id(), force=True, within=w), None),
    "reboot_instance": (
        lambda c, h: lambda w: c.driver.reboot_instance(h, new_id(), force=True, within=w),
        Capability.REBOOT,
    ),
    "resize_instance": (
        lambda c, h: lambda w: c.driver.resize_instance(h, new_id(), 1, 256, within=w),
        Capability.RESIZE,
    ),
    "rebuild_instance": (_rebuild, Capability.REBUILD),
    "wipe_instance": (lambda c, h: lambda w: c.driver.wipe_instance(h, new_id(), within=w), Capability.WIPE),
    "delete_instance": (lambda c, h: lambda w: c.driver.delete_instance(h, new_id(), within=w), None),
    "live_migrate": (
        lambda c, h: lambda w: c.driver.live_migrate(new_id(), h, c.second or h, shared=True, within=w),
        Capability.LIVE_MIGRATION_SHARED,
    ),
    "shelve_instance": (lambda c, h: lambda w: c.driver.shelve_instance(h, new_id(), within=w), Capability.SHELVE),
    "unshelve_instance": (lambda c, h: lambda w: c.driver.unshelve_instance(h, new_id(), within=w), Capability.SHELVE),
    "screen": (lambda c, h: lambda w: c.driver.screen(h, new_id(), within=w), Capability.SCREEN),
    "serial_log": (
        lambda c, h: lambda w: c.driver.serial_log(h, new_id(), limit=10, within=w),
        Capability.SERIAL_LOG,
    ),
    "create_volume": (
        lambda c, h: lambda w: c.driver.create_volume(c.volume_spec(host=h), within=w),
        Capability.VOLUME,
    ),
    "observe_volume": (
        lambda c, h: lambda w: c.driver.observe_volume(h, c.pool, new_id(), within=w),
        Capability.VOLUME,
    ),
    "attach_volume": (
        lambda c, h: lambda w: c.driver.attach_volume(h, new_id(), c.pool, new_id(), within=w),
        Capability.VOLUME,
    ),
    "detach_volume": (
        lambda c, h: lambda w: c.driver.detach_volume(h, new_id(), new_id(), within=w),
        Capability.VOLUME,
    ),
    "grow_volume": (
        lambda c, h: lambda w: c.driver.grow_volume(h, c.pool, new_id(), 2, within=w),
        Capability.VOLUME,
    ),
    "wipe_volume": (lambda c, h: lambda w: c.driver.wipe_volume(h, c.pool, new_id(), within=w), Capability.WIPE),
    "delete_volume": (
        lambda c, h: lambda w: c.driver.delete_volume(h, c.pool, new_id(), within=w),
        Capability.VOLUME,
    ),
    "inspect_unmanaged": (
        lambda c, h: lambda w: c.driver.inspect_unmanaged(h, OwnedKind.INSTANCE, new_id(), within=w),
        Capability.ADOPTION,
    ),
    "adopt_instance": (
        lambda c, h: (lambda i: lambda w: c.driver.adopt_instance(h, i, i, within=w))(new_id()),
        Capability.ADOPTION,
    ),
    "adopt_volume": (
        lambda c, h: lambda w: c.driver.adopt_volume(h, c.pool, new_id(), new_id(), within=w),
        Capability.ADOPTION,
    ),
    "release_instance": (lambda c, h: lambda w: c.driver.release_instance(h, new_id(), within=w), Capability.ADOPTION),
    "release_volume": (
        lambda c, h: lambda w: c.driver.release_volume(h, c.pool, new_id(), within=w),
        Capability.ADOPTION,
    ),
    "create_floating_address": (
        lambda c, h: (lambda n: lambda w: c.driver.create_floating_address(h, FloatingSpec(new_id(), n), within=w))(
            c.network("nat")
        ),
        Capability.FLOATING_ADDRESS,
    ),
    "observe_floating_address": (
        lambda c, h: lambda w: c.driver.observe_floating_address(h, new_id(), within=w),
        Capability.FLOATING_ADDRESS,
    ),
    "associate_floating_address": (
        lambda c, h: (
            lambda w: c.driver.associate_floating_address(h, new_id(), new_id(), "52:54:00:00:00:00", within=w)
        ),
        Capability.FLOATING_ADDRESS,
    ),
    "disassociate_floating_address": (
        lambda c, h: lambda w: c.driver.disassociate_floating_address(h, new_id(), within=w),
        Capability.FLOATING_ADDRESS,
    ),
    "delete_floating_address": (
        lambda c, h: lambda w: c.driver.delete_floating_address(h, new_id(), within=w),
        Capability.FLOATING_ADDRESS,
    ),
    "create_snapshot": (
        lambda c, h: lambda w: c.driver.create_snapshot(h, new_id(), new_id(), external=False, quiesce=False, within=w),
        Capability.SNAPSHOT_INTERNAL,
    ),
    "observe_snapshot": (
        lambda c, h: lambda w: c.driver.observe_snapshot(h, new_id(), new_id(), within=w),
        Capability.SNAPSHOT_INTERNAL,
    ),
    "revert_snapshot": (
        lambda c, h: lambda w: c.driver.revert_snapshot(h, new_id(), new_id(), within=w),
        Capability.SNAPSHOT_INTERNAL,
    ),
    "delete_snapshot": (
        lambda c, h: lambda w: c.driver.delete_snapshot(h, new_id(), new_id(), within=w),
        Capability.SNAPSHOT_INTERNAL,
    ),
    "create_volume_snapshot": (
        lambda c, h: (
            lambda w: c.driver.create_volume_snapshot(
                VolumeSnapshotSpec(new_id(), "contract", h, c.pool, new_id()), within=w
            )
        ),
        Capability.VOLUME_SNAPSHOT,
    ),
    "observe_volume_snapshot": (
        lambda c, h: lambda w: c.driver.observe_volume_snapshot(h, c.pool, new_id(), new_id(), within=w),
        Capability.VOLUME_SNAPSHOT,
    ),
    "delete_volume_snapshot": (
        lambda c, h: lambda w: c.driver.delete_volume_snapshot(h, c.pool, new_id(), new_id(), within=w),
        Capability.VOLUME_SNAPSHOT,
    ),
}
