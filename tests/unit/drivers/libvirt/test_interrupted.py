"""Killed between any two effects and run again, creation leaves one instance and deletion none.

The steps are taken from a run, not from a list, so that a new one cannot escape.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from egovcloud.drivers.base import ImageSpec, InstanceSpec, NetworkSpec, NicSpec, OwnedKind, Power, VolumeSpec
from egovcloud.drivers.libvirt import HostConfig, LibvirtDriver, PoolConfig
from egovcloud.drivers.volume_copies import VolumeSource

LIMIT = 10.0


class Killed(BaseException):
    """What a dying process does to a call: nothing catches it."""


class Reaper:
    """Lets the work pass ``spare`` steps and kills it at the next."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.spare: int | None = None

    def __call__(self, step: str) -> None:
        if self.spare is not None and len(self.passed) == self.spare:
            raise Killed(step)
        self.passed.append(step)

    def arm(self, spare: int | None) -> None:
        self.passed, self.spare = [], spare


class World:
    """A driver on libvirt's test driver with an image and a network in place."""

    def __init__(self, folder: Path) -> None:
        self.reaper = Reaper()
        config = HostConfig("test:///default", {"p": PoolConfig("dir", "/killed-pool")}, state_dir="/killed-state")
        self.driver = LibvirtDriver(f"killed {uuid.uuid4()}", {"hv": config}, on_step=self.reaper)
        disk = folder / "disk"
        disk.write_bytes(b"content")
        digest = hashlib.sha256(b"content").hexdigest()
        self.image = ImageSpec(str(uuid.uuid4()), "image", str(disk), digest, "raw")
        number = uuid.uuid4().bytes[0]
        self.network = NetworkSpec(str(uuid.uuid4()), "net", "nat", f"10.66.{number}.0/24", f"10.66.{number}.1")

    def prepared(self) -> InstanceSpec:
        self.driver.ensure_image("hv", "p", self.image, within=LIMIT)
        self.driver.ensure_network("hv", self.network, within=LIMIT)
        address = self.network.gateway.rsplit(".", 1)[0] + ".9"
        mac = "52:54:00:" + ":".join(f"{byte:02x}" for byte in uuid.uuid4().bytes[:3])
        nic = NicSpec(self.network, mac, address)
        return InstanceSpec(str(uuid.uuid4()), "名", "web", "hv", "p", 1, 128, 1, self.image, (nic,))

    def owned(self, spec: InstanceSpec) -> list[str]:
        listed = self.driver.list_owned("hv", within=LIMIT)
        return [one.external_id for one in listed if (one.kind, one.id) == (OwnedKind.INSTANCE, spec.id)]

    def kill_everywhere(self, call: Callable[[], object], check: Callable[[], None], renew: Callable[[], None]) -> int:
        """Kill ``call`` once at each of its steps, run it again and ``check``; returns the number of steps."""
        self.reaper.arm(None)
        call()
        steps = len(self.reaper.passed)
        check()
        for spare in range(steps):
            self.reaper.arm(None)
            renew()
            self.reaper.arm(spare)
            with pytest.raises(Killed):
                call()
            self.reaper.arm(None)
            call()
            check()
        return steps


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_creation_killed_anywhere_leaves_one_instance(world: World) -> None:
    spec = world.prepared()

    def check() -> None:
        facts = world.driver.observe_instance("hv", spec.id, within=LIMIT)
        assert facts is not None
        assert facts.power is Power.RUNNING
        assert world.owned(spec) == [facts.ref.external_id]

    steps = world.kill_everywhere(
        lambda: world.driver.create_instance(spec, within=LIMIT),
        check,
        lambda: world.driver.delete_instance("hv", spec.id, within=LIMIT),
    )
    assert steps >= 5


def test_deletion_killed_anywhere_leaves_nothing(world: World) -> None:
    spec = world.prepared()
    world.driver.create_instance(spec, within=LIMIT)

    def take_away() -> None:
        world.driver.wipe_instance("hv", spec.id, within=LIMIT)
        world.driver.delete_instance("hv", spec.id, within=LIMIT)

    def check() -> None:
        assert world.driver.observe_instance("hv", spec.id, within=LIMIT) is None
        assert world.owned(spec) == []
        other = replace(spec, id=str(uuid.uuid4()))
        world.driver.create_instance(other, within=LIMIT)  # its address is free again
        world.driver.delete_instance("hv", other.id, within=LIMIT)

    steps = world.kill_everywhere(take_away, check, lambda: world.driver.create_instance(spec, within=LIMIT))
    assert steps >= 5


def test_half_made_instance_is_found_by_the_sweep_and_swept(world: World) -> None:
    spec = world.prepared()
    world.reaper.arm(None)
    world.driver.create_instance(spec, within=LIMIT)
    steps = list(world.reaper.passed)
    world.driver.delete_instance("hv", spec.id, within=LIMIT)
    for spare in range(len(steps)):
        world.reaper.arm(spare)
        with pytest.raises(Killed):
            world.driver.create_instance(spec, within=LIMIT)
        world.reaper.arm(None)
        for owned in world.driver.list_owned("hv", within=LIMIT):
            if owned.kind is OwnedKind.INSTANCE:
                world.driver.delete_owned(owned, within=LIMIT)
        assert world.owned(spec) == []


def test_a_copy_killed_anywhere_is_whole_in_the_end(world: World) -> None:
    source = VolumeSpec(str(uuid.uuid4()), "disk", "hv", "p", 1)
    copy = VolumeSpec(str(uuid.uuid4()), "copy", "hv", "p", 2, source=VolumeSource("volume", source.id, "p"))
    world.driver.create_volume(source, within=LIMIT)

    def listed() -> list[str]:
        every = world.driver.list_owned("hv", within=LIMIT)
        return [one.external_id for one in every if (one.kind, one.id) == (OwnedKind.VOLUME, copy.id)]

    def check() -> None:
        facts = world.driver.observe_volume("hv", "p", copy.id, within=LIMIT)
        assert facts is not None
        assert facts.size_gib == 2
        assert listed() == [facts.ref.external_id]
        world.reaper.arm(0)  # what is whole is not made again
        world.driver.create_volume(copy, within=LIMIT)
        world.reaper.arm(None)

    steps = world.kill_everywhere(
        lambda: world.driver.create_volume(copy, within=LIMIT),
        check,
        lambda: world.driver.delete_volume("hv", "p", copy.id, within=LIMIT),
    )
    assert steps >= 2


def test_half_a_copy_is_swept_whole(world: World) -> None:
    source = VolumeSpec(str(uuid.uuid4()), "disk", "hv", "p", 1)
    world.driver.create_volume(source, within=LIMIT)
    for spare in range(2):
        copy = VolumeSpec(str(uuid.uuid4()), "copy", "hv", "p", 1, source=VolumeSource("volume", source.id, "p"))
        world.reaper.arm(spare)
        with pytest.raises(Killed):
            world.driver.create_volume(copy, within=LIMIT)
        world.reaper.arm(None)
        left = [one for one in world.driver.list_owned("hv", within=LIMIT) if one.id == copy.id]
        assert left
        for owned in left:
            world.driver.delete_owned(owned, within=LIMIT)
        assert [one for one in world.driver.list_owned("hv", within=LIMIT) if one.id == copy.id] == []


def test_image_and_network_killed_anywhere_are_whole_in_the_end(world: World) -> None:
    def make() -> None:
        world.driver.ensure_image("hv", "p", world.image, within=LIMIT)
        world.driver.ensure_network("hv", world.network, within=LIMIT)

    def drop() -> None:
        world.driver.delete_network("hv", world.network.id, within=LIMIT)
        world.driver.delete_image("hv", "p", world.image.id, within=LIMIT)

    def there() -> None:
        listed = world.driver.list_owned("hv", within=LIMIT)
        assert sorted(one.kind for one in listed) == [OwnedKind.IMAGE, OwnedKind.NETWORK]

    def gone() -> None:
        assert world.driver.list_owned("hv", within=LIMIT) == []

    assert world.kill_everywhere(make, there, drop) >= 2
    assert world.kill_everywhere(drop, gone, make) >= 2
