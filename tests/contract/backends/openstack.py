"""The OpenStack driver on real services: every request passes a proxy that can fall silent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from egovcloud.drivers.base import Capability, Driver, ImageSpec, OwnedKind
from tests.contract.adapter import Cloud, new_id

CAPABILITIES = frozenset(
    {
        Capability.REBOOT,
        Capability.ADOPTION,
        Capability.RESIZE,
        Capability.REBUILD,
        Capability.COPY_ON_WRITE,
        Capability.BIOS_BOOT,
        Capability.UEFI_BOOT,
        Capability.LIVE_MIGRATION_SHARED,
        Capability.LIVE_MIGRATION_COPY,
        Capability.VOLUME,
        Capability.VOLUME_HOT_PLUG,
        Capability.VOLUME_LIVE_GROW,
        Capability.VOLUME_CLONE,
        Capability.VOLUME_SNAPSHOT,
        Capability.SNAPSHOT_EXTERNAL,
        Capability.NETWORK_NAT,
        Capability.NETWORK_ISOLATED,
        Capability.NETWORK_BRIDGED,
        Capability.ADDRESS_RESERVATION,
        Capability.FLOATING_ADDRESS,
        Capability.SECURITY_GROUP,
        Capability.SCREEN,
        Capability.SERIAL_LOG,
        Capability.QUOTA,
        Capability.TENANCY,
        Capability.SHELVE,
        Capability.APART,
    }
)
# No guest runs on the bed's compute hosts, and a cloud that hangs does so as a whole.
FEATURES = frozenset({"second_host", "shared_pool", "outside", "duplicates", "hang", "bridge"})


def unavailable() -> str | None:
    """Installed by whoever asks for it by name; mounts and service users need root."""
    return None if os.geteuid() == 0 else "it needs root"


class OpenStackCloud(Cloud):
    """Behind the driver's back through openstacksdk, as the same project's administrator."""

    host, second = "fake1", "fake2"
    pool, shared_pool = "local", "shared"
    bridge = "physnet9"
    whole = True
    limit, patience = 60.0, 120.0
    memory_mib = 256
    examples, steps = 1, 20

    def __init__(self, layout: Any, way: Any, directory: Path) -> None:
        from tests.real.openstack import seed

        super().__init__()
        self._layout, self._way = layout, way
        self.driver: Driver = way.driver(f"contract {new_id()}")
        self._sdk = seed.centre(layout)
        disk = directory / "disk.raw"
        disk.write_bytes(b"a disk without a system" * 4096)
        digest = hashlib.sha256(disk.read_bytes()).hexdigest()
        self._image = ImageSpec(new_id(), "contract", str(disk), digest, "raw")
        self._uefi = replace(self._image, id=new_id(), firmware="uefi")

    # -- what every backend gives ------------------------------------------------------------------------------
    def image(self, firmware: str = "bios") -> ImageSpec:
        return self._uefi if firmware == "uefi" else self._image

    def broken_image(self) -> ImageSpec:
        return replace(self._image, id=new_id(), sha256="0" * 64)

    def other(self) -> Driver:
        other: Driver = self._way.driver(f"another installation {new_id()}")
        return other

    # -- features ------------------------------------------------------------------------------------------------
    def plant(self, host: str, kind: OwnedKind, *, tenant: str | None = None) -> str:
        name = f"stray-{new_id()}"
        if kind is OwnedKind.VOLUME:
            volume = self._sdk.block_storage.create_volume(name=name, size=1)
            self.wait("the stray volume is there", lambda: self._volume_status(volume.id) == "available")
            return str(volume.id)
        if kind is OwnedKind.NETWORK:
            return str(self._sdk.network.create_network(name=name).id)
        return self._server(name, host, tenant=tenant)

    def _volume_status(self, volume_id: str) -> str:
        return str(self._sdk.block_storage.get_volume(volume_id).status)

    def _server(self, name: str, host: str, *, tenant: str | None = None, **more: Any) -> str:
        # Of a size that nobody asks our driver for.
        flavor = self._sdk.compute.find_flavor("elsewhere") or self._sdk.compute.create_flavor(
            flavorid="elsewhere", name="elsewhere", vcpus=1, ram=65, disk=1
        )
        image = self.driver.ensure_image(host, self.pool, self._image, within=self.patience).external_id
        server = self._in(tenant).compute.create_server(
            name=name, flavor_id=flavor.id, image_id=image, networks="none", host=host, **more
        )
        self.wait(f"{name} runs", lambda: self._sdk.compute.get_server(server.id).status == "ACTIVE")
        return str(server.id)

    def _in(self, tenant: str | None) -> Any:
        """The same administrator, at work in the project on the cloud of this one of ours."""
        if tenant is None:
            return self._sdk
        owned = self.driver.list_owned(self.host, within=self.limit)
        (keystone_id,) = (one.external_id for one in owned if one.kind is OwnedKind.TENANT and one.id == tenant)
        return self._sdk.connect_as_project({"id": keystone_id})

    def exists(self, host: str, kind: OwnedKind, external_id: str) -> bool:
        if kind is OwnedKind.VOLUME:
            return self._sdk.block_storage.find_volume(external_id) is not None
        if kind is OwnedKind.NETWORK:
            return self._sdk.network.find_network(external_id) is not None
        return self._sdk.compute.find_server(external_id, all_projects=True) is not None

    def uproot(self, host: str, kind: OwnedKind, external_id: str) -> None:
        self._sdk.compute.delete_server(external_id)
        self.wait("the stray is gone", lambda: not self.exists(host, kind, external_id))

    def stop_outside(self, host: str, instance_id: str) -> None:
        server_id = self.driver.observe_instance(host, instance_id, within=self.limit).ref.external_id  # type: ignore[union-attr]
        self._sdk.compute.stop_server(server_id)
        self.wait("it has stopped", lambda: self._sdk.compute.get_server(server_id).status == "SHUTOFF")

    def duplicate(self, host: str, instance_id: str) -> str:
        """As a creation would make it whose search came too early."""
        server_id = self.driver.observe_instance(host, instance_id, within=self.limit).ref.external_id  # type: ignore[union-attr]
        first = self._sdk.compute.get_server(server_id)
        tags = list(self._sdk.compute.get(f"/servers/{server_id}/tags", microversion="2.26").json()["tags"])
        return self._server(first.name, host, tags=tags, metadata=dict(first.metadata))

    @contextmanager
    def hanging(self, host: str) -> Iterator[None]:
        with self._way.traffic.silent():
            yield

    def sweep_strays(self) -> None:
        """What ``plant`` made, which no driver may remove."""
        for server in self._sdk.compute.servers(all_projects=True):
            if server.name.startswith("stray-"):
                self._sdk.compute.delete_server(server.id)
        for volume in self._sdk.block_storage.volumes():
            if volume.name.startswith("stray-"):
                self._sdk.block_storage.delete_volume(volume.id)
        for network in self._sdk.network.networks():
            if network.name.startswith("stray-"):
                self._sdk.network.delete_network(network.id)


@contextmanager
def open_cloud(directory: Path) -> Iterator[Cloud]:
    """On the bed that runs, or else on one of its own."""
    from tests.real.openstack.bed import Bed
    from tests.real.openstack.through import proxied

    with Bed().up() as layout, proxied(layout, directory, tenancy=True) as way:
        cloud = OpenStackCloud(layout, way, directory)
        try:
            yield cloud
        finally:
            cloud.sweep_strays()
