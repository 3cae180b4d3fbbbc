"""Volumes: created, attached to one instance at a time, grown, let go, wiped."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, OwnedKind
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import proves, requires


@proves(Capability.VOLUME)
def test_creation_is_idempotent_and_seen(cloud: Cloud) -> None:
    spec = cloud.volume_spec()
    ref = cloud.driver.create_volume(spec, within=cloud.limit)
    assert cloud.driver.create_volume(spec, within=cloud.limit) == ref
    facts = cloud.driver.observe_volume(cloud.host, cloud.pool, spec.id, within=cloud.limit)
    assert facts is not None
    assert (facts.id, facts.ref, facts.size_gib) == (spec.id, ref, spec.size_gib)
    assert len(cloud.owned(OwnedKind.VOLUME, spec.id)) == 1


@proves(Capability.VOLUME)
def test_absent_volume(cloud: Cloud) -> None:
    spec, absent = cloud.instance(), new_id()
    assert cloud.driver.observe_volume(cloud.host, cloud.pool, absent, within=cloud.limit) is None
    cloud.driver.delete_volume(cloud.host, cloud.pool, absent, within=cloud.limit)
    assert cloud.driver.detach_volume(cloud.host, spec.id, absent, within=cloud.limit) is True
    assert cloud.driver.detach_volume(cloud.host, new_id(), absent, within=cloud.limit) is True
    with pytest.raises(NotFound) as caught:
        cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, absent, within=cloud.limit)
    assert caught.value.code == "volume.absent"
    with pytest.raises(NotFound) as caught:
        cloud.driver.grow_volume(cloud.host, cloud.pool, absent, 2, within=cloud.limit)
    assert caught.value.code == "volume.absent"


@proves(Capability.VOLUME)
def test_volume_stays_with_one_stopped_instance(cloud: Cloud) -> None:
    spec, other, volume = cloud.stopped_instance(), cloud.stopped_instance(), cloud.volume()
    target = cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    assert target
    assert cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit) == target
    assert cloud.facts(spec).volumes == ((volume.id, target),)
    with pytest.raises(Conflict) as caught:
        cloud.driver.attach_volume(cloud.host, other.id, cloud.pool, volume.id, within=cloud.limit)
    assert caught.value.code == "volume.in_use"
    with pytest.raises(Conflict) as caught:
        cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
    assert caught.value.code == "volume.in_use"
    assert cloud.driver.detach_volume(cloud.host, other.id, volume.id, within=cloud.limit) is True
    assert cloud.facts(spec).volumes == ((volume.id, target),)
    cloud.wait_detached(spec, volume.id)
    assert cloud.facts(spec).volumes == ()
    cloud.driver.attach_volume(cloud.host, other.id, cloud.pool, volume.id, within=cloud.limit)
    assert [one[0] for one in cloud.facts(other).volumes] == [volume.id]


@proves(Capability.VOLUME)
def test_attachment_outlives_power(cloud: Cloud) -> None:
    spec, volume = cloud.stopped_instance(), cloud.volume()
    target = cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.facts(spec).volumes == ((volume.id, target),)
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    assert cloud.facts(spec).volumes == ((volume.id, target),)


@proves(Capability.VOLUME_HOT_PLUG)
def test_running_guest_gets_and_gives_volumes(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    volumes = [cloud.volume() for _ in range(2)]
    targets = [
        cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit) for volume in volumes
    ]
    assert len(set(targets)) == 2
    held = tuple((volume.id, target) for volume, target in zip(volumes, targets, strict=True))
    assert set(cloud.facts(spec).volumes) == set(held)
    cloud.wait_detached(spec, volumes[0].id)
    assert cloud.facts(spec).volumes == (held[1],)
    assert cloud.driver.detach_volume(cloud.host, spec.id, volumes[0].id, within=cloud.limit) is True
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    assert cloud.facts(spec).volumes == (held[1],)


@proves(Capability.VOLUME)
def test_volume_grows_and_never_shrinks(cloud: Cloud) -> None:
    volume = cloud.volume()
    for size, seen in ((2, 2), (2, 2), (1, 2), (3, 3)):
        cloud.driver.grow_volume(cloud.host, cloud.pool, volume.id, size, within=cloud.limit)
        facts = cloud.driver.observe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
        assert facts is not None
        assert facts.size_gib == seen


@proves(Capability.VOLUME_LIVE_GROW)
def test_volume_grows_under_a_running_guest(cloud: Cloud) -> None:
    spec, volume = cloud.booted_instance(), cloud.volume()
    target = cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    for _ in range(2):
        cloud.driver.grow_volume(cloud.host, cloud.pool, volume.id, 2, within=cloud.limit)
        facts = cloud.driver.observe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
        assert facts is not None
        assert facts.size_gib == 2
    assert cloud.facts(spec).volumes == ((volume.id, target),)


@proves(Capability.VOLUME)
def test_deletion_is_idempotent(cloud: Cloud) -> None:
    volume = cloud.volume()
    for _ in range(2):
        cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
    assert cloud.driver.observe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit) is None
    assert cloud.owned(OwnedKind.VOLUME, volume.id) == []


@proves(Capability.VOLUME)
def test_volume_outlives_its_instance(cloud: Cloud) -> None:
    spec, volume = cloud.instance(), cloud.volume()
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    facts = cloud.driver.observe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
    assert facts is not None
    cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)


@proves(Capability.WIPE)
@requires(Capability.VOLUME)
def test_what_is_wiped_is_proven_before_it_is_gone(cloud: Cloud) -> None:
    volume = cloud.volume()
    facts = cloud.driver.observe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
    assert facts is not None
    for _ in range(2):
        record = cloud.driver.wipe_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)
        assert record is not None
        assert record.method
        assert record.disks
        assert record.bytes_wiped >= facts.allocated_bytes
    cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)
    assert cloud.driver.observe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit) is None
    assert cloud.driver.wipe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit) is None


@proves(Capability.WIPE)
@requires(Capability.VOLUME)
def test_an_attached_volume_is_not_wiped(cloud: Cloud) -> None:
    spec, volume = cloud.instance(), cloud.volume()
    cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    with pytest.raises(Conflict) as refusal:
        cloud.driver.wipe_volume(cloud.host, cloud.pool, volume.id, within=cloud.limit)
    assert refusal.value.code == "volume.in_use"
