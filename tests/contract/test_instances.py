"""An instance from its creation to its end, and its power in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, Power
from tests.contract.adapter import Cloud, new_id, problem_of
from tests.contract.marks import needs, proves, requires


def test_creation_is_idempotent_and_seen(cloud: Cloud) -> None:
    spec = cloud.spec()
    ref = cloud.driver.create_instance(spec, within=cloud.patience)
    assert cloud.driver.create_instance(spec, within=cloud.patience) == ref
    facts = cloud.facts(spec)
    assert (facts.id, facts.ref, facts.power) == (spec.id, ref, Power.RUNNING)
    assert (facts.vcpus, facts.memory_mib, facts.volumes) == (spec.vcpus, spec.memory_mib, ())
    assert ref.host == cloud.host
    assert len(cloud.owned(OwnedKind.INSTANCE, spec.id)) == 1


def test_absent_instance_is_none_and_its_deletion_succeeds(cloud: Cloud) -> None:
    absent = new_id()
    assert cloud.driver.observe_instance(cloud.host, absent, within=cloud.limit) is None
    cloud.driver.delete_instance(cloud.host, absent, within=cloud.limit)


def test_deletion_is_idempotent(cloud: Cloud) -> None:
    spec = cloud.instance()
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.owned(OwnedKind.INSTANCE, spec.id) == []


@needs("second_host")
def test_instance_is_on_its_host_alone(cloud: Cloud) -> None:
    assert cloud.second
    spec = cloud.instance()
    assert cloud.driver.observe_instance(cloud.second, spec.id, within=cloud.limit) is None
    cloud.driver.delete_instance(cloud.second, spec.id, within=cloud.limit)
    assert cloud.facts(spec).power is Power.RUNNING


_NEEDS_INSTANCE: dict[str, tuple[Capability | None, Callable[[Cloud, str], object]]] = {
    "start": (None, lambda c, i: c.driver.start_instance(c.host, i, within=c.limit)),
    "stop": (None, lambda c, i: c.driver.stop_instance(c.host, i, force=False, within=c.limit)),
    "force": (None, lambda c, i: c.driver.stop_instance(c.host, i, force=True, within=c.limit)),
    "reboot": (Capability.REBOOT, lambda c, i: c.driver.reboot_instance(c.host, i, force=True, within=c.limit)),
    "resize": (Capability.RESIZE, lambda c, i: c.driver.resize_instance(c.host, i, 1, 256, within=c.limit)),
    "rebuild": (Capability.REBUILD, lambda c, i: c.driver.rebuild_instance(c.spec(id=i), within=c.limit)),
    "groups": (
        Capability.SECURITY_GROUP,
        lambda c, i: c.driver.apply_security_groups(c.host, i, [], within=c.limit),
    ),
    "screen": (Capability.SCREEN, lambda c, i: c.driver.screen(c.host, i, within=c.limit)),
    "serial": (Capability.SERIAL_LOG, lambda c, i: c.driver.serial_log(c.host, i, limit=9, within=c.limit)),
    "attach": (
        Capability.VOLUME,
        lambda c, i: c.driver.attach_volume(c.host, i, c.pool, c.volume().id, within=c.limit),
    ),
    "snapshot": (
        Capability.SNAPSHOT_INTERNAL,
        lambda c, i: c.driver.create_snapshot(c.host, i, new_id(), external=False, quiesce=False, within=c.limit),
    ),
    "revert": (
        Capability.SNAPSHOT_INTERNAL,
        lambda c, i: c.driver.revert_snapshot(c.host, i, new_id(), within=c.limit),
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=[requires(capability)] if capability else [])
        for name, (capability, _) in _NEEDS_INSTANCE.items()
    ],
)
def test_what_needs_an_instance_says_that_it_is_absent(cloud: Cloud, name: str) -> None:
    problem = problem_of(lambda: _NEEDS_INSTANCE[name][1](cloud, new_id()))
    assert isinstance(problem, NotFound)
    assert problem.code == "instance.absent"


def test_power_goes_off_by_force_and_on_again(cloud: Cloud) -> None:
    spec = cloud.instance()
    for _ in range(2):
        cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
        assert cloud.facts(spec).power is Power.STOPPED
    assert [one.power for one in cloud.owned(OwnedKind.INSTANCE, spec.id)] == [Power.STOPPED]
    for _ in range(2):
        cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
        assert cloud.facts(spec).power is Power.RUNNING


def test_guest_powers_off_when_asked(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.driver.stop_instance(cloud.host, spec.id, force=False, within=cloud.limit)
    cloud.wait_power(spec, Power.STOPPED)
    cloud.driver.stop_instance(cloud.host, spec.id, force=False, within=cloud.limit)
    assert cloud.facts(spec).power is Power.STOPPED


@needs("deaf")
def test_guest_that_does_not_hear_is_stopped_by_force(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    with cloud.deaf(spec.id):
        cloud.driver.stop_instance(cloud.host, spec.id, force=False, within=cloud.limit)
        cloud.driver.stop_instance(cloud.host, spec.id, force=False, within=cloud.limit)
        assert cloud.facts(spec).power is Power.RUNNING
        cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
        assert cloud.facts(spec).power is Power.STOPPED


@needs("outside")
def test_change_from_outside_is_seen(cloud: Cloud) -> None:
    spec = cloud.instance()
    cloud.stop_outside(cloud.host, spec.id)
    assert cloud.facts(spec).power is Power.STOPPED


@needs("pause_outside")
def test_a_guest_that_somebody_halted_goes_on_when_it_is_started(cloud: Cloud) -> None:
    spec = cloud.instance()
    cloud.pause_outside(cloud.host, spec.id)
    assert cloud.facts(spec).power is Power.PAUSED
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.limit)
    cloud.wait_power(spec, Power.RUNNING)


@proves(Capability.REBOOT)
@pytest.mark.parametrize("force", [False, True])
def test_reboot_keeps_it_running(cloud: Cloud, force: bool) -> None:
    spec = cloud.booted_instance()
    before = cloud.facts(spec)
    cloud.driver.reboot_instance(cloud.host, spec.id, force=force, within=cloud.patience)
    cloud.wait_booted(spec)
    assert cloud.facts(spec).ref == before.ref


@proves(Capability.REBOOT)
def test_stopped_instance_is_not_rebooted(cloud: Cloud) -> None:
    spec = cloud.stopped_instance()
    with pytest.raises(Conflict) as caught:
        cloud.driver.reboot_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    assert caught.value.code == "instance.stopped"
    assert cloud.facts(spec).power is Power.STOPPED


@proves(Capability.RESIZE)
def test_size_changes_when_stopped_alone(cloud: Cloud) -> None:
    spec = cloud.instance()
    vcpus, memory = spec.vcpus + 1, spec.memory_mib + 64
    with pytest.raises(Conflict) as caught:
        cloud.driver.resize_instance(cloud.host, spec.id, vcpus, memory, within=cloud.limit)
    assert caught.value.code == "instance.running"
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    for _ in range(2):
        cloud.driver.resize_instance(cloud.host, spec.id, vcpus, memory, within=cloud.limit)
        assert (cloud.facts(spec).vcpus, cloud.facts(spec).memory_mib) == (vcpus, memory)
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
    facts = cloud.facts(spec)
    assert (facts.power, facts.vcpus, facts.memory_mib) == (Power.RUNNING, vcpus, memory)


@proves(Capability.REBUILD)
def test_rebuild_of_a_stopped_instance_keeps_what_it_is(cloud: Cloud) -> None:
    spec = cloud.instance()
    before = cloud.facts(spec)
    with pytest.raises(Conflict) as caught:
        cloud.driver.rebuild_instance(spec, within=cloud.limit)
    assert caught.value.code == "instance.running"
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    for _ in range(2):
        assert cloud.driver.rebuild_instance(spec, within=cloud.patience) == before.ref
        assert cloud.facts(spec).power is Power.STOPPED
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.wait_booted(spec)
    assert len(cloud.owned(OwnedKind.INSTANCE, spec.id)) == 1


@proves(Capability.REBUILD)
@needs("guest_disk")
def test_rebuild_leaves_nothing_of_the_old_disk(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.write(cloud.host, spec.id, "the files of 民政局")
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    cloud.driver.rebuild_instance(spec, within=cloud.patience)
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.wait_booted(spec)
    assert cloud.read(cloud.host, spec.id) == ""


@proves(Capability.REBUILD)
@requires(Capability.VOLUME)
def test_rebuild_keeps_the_volumes(cloud: Cloud) -> None:
    spec, volume = cloud.stopped_instance(), cloud.volume()
    target = cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    cloud.driver.rebuild_instance(spec, within=cloud.patience)
    assert cloud.facts(spec).volumes == ((volume.id, target),)


@proves(Capability.BIOS_BOOT)
def test_guest_boots_by_bios(cloud: Cloud) -> None:
    cloud.booted_instance(image=cloud.image("bios"))


@proves(Capability.UEFI_BOOT)
def test_guest_boots_by_uefi(cloud: Cloud) -> None:
    cloud.booted_instance(image=cloud.image("uefi"))


@proves(Capability.DIRECT_KERNEL_BOOT)
def test_guest_boots_a_kernel_from_the_host(cloud: Cloud) -> None:
    cloud.booted_instance(image=cloud.image("direct"))


@proves(Capability.CLOUD_INIT)
@needs("guest_view")
def test_guest_takes_its_name_and_keys(cloud: Cloud) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5v0n0cXl1b2V4YW1wbGVrZXkAAAAAAAAAAAAAAAAA someone@office"
    spec = cloud.booted_instance(hostname="c-seeded", ssh_keys=(key,))
    guest = cloud.guest(cloud.host, spec.id)
    assert guest.hostname == "c-seeded"
    assert key in guest.ssh_keys


@proves(Capability.WIPE)
def test_what_is_wiped_is_proven_before_it_is_gone(cloud: Cloud) -> None:
    spec = cloud.instance()
    for _ in range(2):  # whoever missed the answer asks again, and has the proof all the same
        record = cloud.driver.wipe_instance(cloud.host, spec.id, within=cloud.patience)
        assert record is not None
        assert record.method
        assert record.bytes_wiped > 0
        assert record.disks
    facts = cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit)
    assert facts is not None
    assert facts.power is Power.STOPPED
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    assert cloud.driver.wipe_instance(cloud.host, spec.id, within=cloud.limit) is None
