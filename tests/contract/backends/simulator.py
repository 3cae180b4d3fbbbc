"""The simulated cloud under the contract: two hosts, local and shared pools, guests that take a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from egovcloud.drivers.base import Capability, Driver, ImageSpec, InstanceFacts, OwnedKind, Power
from egovcloud.drivers.simulator import Faults, Outside, SimHost, SimPool, SimulatorDriver, create_cloud
from tests.contract.adapter import FEATURES as ALL_FEATURES
from tests.contract.adapter import Cloud, Guest, new_id

CAPABILITIES = frozenset(Capability)
FEATURES = frozenset(ALL_FEATURES)


def unavailable() -> str | None:
    """It needs nothing but Python."""
    return None


class SimulatorCloud(Cloud):
    """Behind the driver's back through ``Outside`` and ``Faults``."""

    host, second = "sim-a", "sim-b"
    pool, shared_pool = "local", "shared"
    bridge = "br-gov"
    limit = patience = 5.0

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.driver: Driver = SimulatorDriver("contract", path, tenancy=True)
        self.outside = Outside(path)
        self.faults = Faults(path)
        self._images: dict[str, ImageSpec] = {}

    def image(self, firmware: str = "bios") -> ImageSpec:
        if firmware not in self._images:
            digest = hashlib.sha256(firmware.encode()).hexdigest()
            image = ImageSpec(new_id(), f"debian {firmware}", "sim:debian", digest, firmware=firmware)
            if firmware == "direct":
                image = replace(image, kernel="sim:vmlinuz", initrd="sim:initrd", cmdline="console=ttyS0")
            self._images[firmware] = image
        return self._images[firmware]

    def broken_image(self) -> ImageSpec:
        file = self.path.with_name("image.raw")
        file.write_bytes(b"not what was registered")
        return ImageSpec(new_id(), "broken", str(file), hashlib.sha256(b"what was registered").hexdigest(), "raw")

    def other(self) -> Driver:
        return SimulatorDriver("another installation", self.path, tenancy=True)

    def booted(self, facts: InstanceFacts) -> bool:
        return facts.power is Power.RUNNING and bool(facts.addresses)

    def plant(self, host: str, kind: OwnedKind, *, tenant: str | None = None) -> str:
        if kind is OwnedKind.VOLUME:
            return self.outside.add_volume(host, self.pool, "stray")
        if kind is OwnedKind.NETWORK:
            return self.outside.add_network(host, "stray", "10.250.0.0/24")
        return self.outside.add_instance(host, "stray", tenant=tenant)

    def exists(self, host: str, kind: OwnedKind, external_id: str) -> bool:
        return self.outside.exists(external_id)

    def uproot(self, host: str, kind: OwnedKind, external_id: str) -> None:
        self.outside.delete(external_id)

    def stop_outside(self, host: str, instance_id: str) -> None:
        self.outside.stop(instance_id)

    def pause_outside(self, host: str, instance_id: str) -> None:
        self.outside.power(instance_id, Power.PAUSED)

    def duplicate(self, host: str, instance_id: str) -> str:
        return self.outside.duplicate(instance_id)

    @contextmanager
    def hanging(self, host: str) -> Iterator[None]:
        self.faults.hang(host)
        try:
            yield
        finally:
            self.faults.release(host)

    def guest(self, host: str, instance_id: str) -> Guest:
        seed = self.outside.seed(instance_id)
        keys = seed["ssh_keys"]
        assert isinstance(keys, list)
        return Guest(str(seed["hostname"]), tuple(keys))

    def write(self, host: str, instance_id: str, text: str) -> None:
        self.outside.write(instance_id, text)

    def read(self, host: str, instance_id: str) -> str:
        return self.outside.read(instance_id)

    @contextmanager
    def agent_silent(self, instance_id: str) -> Iterator[None]:
        self.faults.silent(instance_id)
        try:
            yield
        finally:
            self.faults.silent()

    @contextmanager
    def deaf(self, instance_id: str) -> Iterator[None]:
        self.faults.deaf(instance_id)
        try:
            yield
        finally:
            self.faults.deaf()


@contextmanager
def open_cloud(directory: Path) -> Iterator[Cloud]:
    """A fresh file in ``directory``."""
    path = directory / "cloud.sqlite"
    pools = (SimPool("local", 500), SimPool("shared", 500, shared=True))
    create_cloud(
        path,
        [SimHost("sim-a", pools=pools), SimHost("sim-b", pools=pools)],
        boot_seconds=0.05,
        shutdown_seconds=0.05,
        detach_seconds=0.03,
    )
    yield SimulatorCloud(path)
