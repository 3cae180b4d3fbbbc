"""Things to ask the driver for on the bed, and a look at what became of them that is not the driver's."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from egovcloud.domain.errors import NotFound, Transient
from egovcloud.drivers.base import (
    ImageSpec,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    OwnedKind,
    RuleSpec,
    SecurityGroupSpec,
    VolumeSpec,
)
from egovcloud.drivers.openstack import OpenStackDriver, groups
from egovcloud.drivers.openstack.marker import Marker
from tests.real.openstack import seed
from tests.real.openstack.layout import COMPUTES, Layout

T = TypeVar("T")
HOST = COMPUTES[0]
LIMIT = 90.0
TRIES = 8
_ORDER = (
    OwnedKind.SNAPSHOT,
    OwnedKind.INSTANCE,
    OwnedKind.VOLUME,
    OwnedKind.SECURITY_GROUP,
    OwnedKind.NETWORK,
    OwnedKind.IMAGE,
    OwnedKind.TENANT,
)


def new_id() -> str:
    return str(uuid.uuid4())


def persist(call: Callable[[], T]) -> tuple[T, int]:
    """The answer, and how often the call failed before it came; asked again at once, as an engine might."""
    for failures in range(TRIES):
        try:
            return call(), failures
        except Transient as problem:
            last = problem
    raise AssertionError(f"{TRIES} tries, the last: {last}")


@dataclass
class Centre:
    """One installation on the bed."""

    driver: OpenStackDriver
    layout: Layout
    directory: Path
    _numbers: list[int] = field(default_factory=lambda: list(range(20, 250)))

    @cached_property
    def sdk(self) -> Any:
        """The same project's administrator, past the driver and the proxies."""
        return seed.centre(self.layout)

    @cached_property
    def marker(self) -> Marker:
        return Marker(self.driver.installation)

    # -- what to ask for -------------------------------------------------------------------------------------------
    def image_spec(self) -> ImageSpec:
        disk = self.directory / "disk.raw"
        if not disk.exists():
            disk.write_bytes(b"a disk without a system" * 4096)
        return ImageSpec(new_id(), "bed", str(disk), hashlib.sha256(disk.read_bytes()).hexdigest(), "raw")

    @cached_property
    def image(self) -> ImageSpec:
        spec = self.image_spec()
        self.driver.ensure_image(HOST, "local", spec, within=LIMIT)
        return spec

    def network_spec(self, mode: str = "isolated") -> NetworkSpec:
        number = self._numbers.pop()
        return NetworkSpec(new_id(), "bed", mode, f"10.99.{number}.0/24", f"10.99.{number}.1")

    @cached_property
    def network(self) -> NetworkSpec:
        spec = self.network_spec()
        self.driver.ensure_network(HOST, spec, within=LIMIT)
        return spec

    def group_spec(self) -> SecurityGroupSpec:
        return SecurityGroupSpec(new_id(), "bed", (RuleSpec("ingress", "tcp", 22, 22), RuleSpec("ingress", "icmp")))

    def instance_spec(self, *, wired: bool = True, pool: str = "local") -> InstanceSpec:
        number = new_id()
        nics: tuple[NicSpec, ...] = ()
        if wired:
            mac = "52:54:00:" + ":".join(f"{byte:02x}" for byte in uuid.uuid4().bytes[:3])
            address = self.network.cidr.rsplit(".", 1)[0] + f".{self._numbers.pop(0)}"
            nics = (NicSpec(self.network, mac, address),)
        return InstanceSpec(number, "bed", f"b-{number[:8]}", HOST, pool, 1, 256, 1, self.image, nics)

    def instance(self, **options: Any) -> InstanceSpec:
        spec = self.instance_spec(**options)
        self.driver.create_instance(spec, within=LIMIT)
        return spec

    def volume_spec(self) -> VolumeSpec:
        return VolumeSpec(new_id(), "bed", HOST, "local", 1)

    def volume(self) -> VolumeSpec:
        spec = self.volume_spec()
        self.driver.create_volume(spec, within=LIMIT)
        return spec

    # -- what there is, by openstacksdk alone ----------------------------------------------------------------------
    def servers(self, instance_id: str) -> list[Any]:
        """All of the cloud that say in their metadata that they are this instance."""
        return [
            one
            for one in self.sdk.compute.servers(all_projects=True)
            if dict(one.metadata).get("egov_id") == instance_id
        ]

    def ports(self, instance_id: str) -> list[Any]:
        return [one for one in self.sdk.network.ports() if str(one.description).endswith(f"/port/{instance_id}")]

    def volumes(self, volume_id: str) -> list[Any]:
        return [
            one
            for one in self.sdk.block_storage.volumes(all_projects=True)
            if dict(one.metadata).get("egov_id") == volume_id
        ]

    def images(self, our_id: str) -> list[Any]:
        return [one for one in self.sdk.image.images() if (one.properties or {}).get("egov_id") == our_id]

    def described(self, listed: Any, our_id: str) -> list[Any]:
        """Neutron's networks, subnets, routers or groups of this id."""
        return [one for one in listed if str(one.description).endswith(f"/{our_id}")]

    # -- the end -----------------------------------------------------------------------------------------------------
    def clean(self) -> None:
        """Away with all that bears the installation's mark, as the sweep would do it."""
        listed = {one.external_id: one for host in COMPUTES for one in self.driver.list_owned(host, within=LIMIT)}
        for owned in sorted(listed.values(), key=lambda one: _ORDER.index(one.kind)):
            with suppress(NotFound):
                self.driver.delete_owned(owned, within=LIMIT)
        # The group of ports that no group guards stays as long as its installation, which ends here.
        for group in self.described(self.sdk.network.security_groups(), groups.NOBODY):
            if self.marker.digest in group.description:
                self.sdk.network.delete_security_group(group.id)
