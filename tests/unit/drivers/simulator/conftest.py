"""A small simulated cloud and short ways to act on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from egovcloud.drivers.base import ImageSpec, InstanceSpec, NetworkSpec, NicSpec, Ref, VolumeSpec
from egovcloud.drivers.simulator import CallLog, Faults, Outside, SimHost, SimPool, SimulatorDriver, create_cloud

IMAGE = ImageSpec("image", "debian", "sim:debian", "0" * 64)
NETWORK = NetworkSpec("network", "office", "nat", "10.9.0.0/16", "10.9.0.1")


class Bench:
    """The cloud's file with a driver, its faults, its log, and hands from outside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        pools = (SimPool("local", 100), SimPool("shared", 100, shared=True))
        create_cloud(path, [SimHost("a", 4, 8192, pools), SimHost("b", 4, 8192, pools)])
        self.driver = SimulatorDriver("here", path, tenancy=True)
        self.faults = Faults(path)
        self.outside = Outside(path)
        self.log = CallLog(path)
        self._address = 1
        for host in ("a", "b"):
            self.driver.ensure_image(host, "local", IMAGE, within=5)
            self.driver.ensure_network(host, NETWORK, within=5)

    def spec(self, **changes: Any) -> InstanceSpec:
        self._address += 1
        number = self._address
        nic = NicSpec(NETWORK, f"52:54:00:00:00:{number:02x}", f"10.9.0.{number}")
        return replace(
            InstanceSpec(str(uuid4()), "office", "office", "a", "local", 1, 512, 10, IMAGE, (nic,)), **changes
        )

    def create(self, spec: InstanceSpec, within: float = 5) -> Ref:
        return self.driver.create_instance(spec, within=within)

    def instance(self, **changes: Any) -> InstanceSpec:
        spec = self.spec(**changes)
        self.create(spec)
        return spec

    def volume(self, **changes: Any) -> VolumeSpec:
        spec = replace(VolumeSpec(str(uuid4()), "data", "a", "local", 10), **changes)
        self.driver.create_volume(spec, within=5)
        return spec


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "cloud.sqlite")
