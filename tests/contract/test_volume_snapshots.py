"""Snapshots of volumes: taken once, seen, listed, made into volumes, and in the way of their volume's deletion."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, Invalid, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, VolumeSpec
from egovcloud.drivers.survey import VolumeSnapshotLook
from egovcloud.drivers.volume_copies import VOLUME_SNAPSHOT, VolumeSnapshotSpec, VolumeSource
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import proves, requires


def of(cloud: Cloud, volume: VolumeSpec) -> VolumeSnapshotSpec:
    return VolumeSnapshotSpec(new_id(), "contract", volume.host, volume.pool, volume.id, volume.tenant)


@proves(Capability.VOLUME_SNAPSHOT)
def test_it_is_taken_once_and_is_in_the_way_of_its_volume(cloud: Cloud) -> None:
    driver, volume = cloud.driver, cloud.volume(size_gib=2)
    spec = of(cloud, volume)
    facts = driver.create_volume_snapshot(spec, within=cloud.patience)
    assert (facts.id, facts.volume_id, facts.size_gib) == (spec.id, volume.id, 2)
    assert driver.create_volume_snapshot(spec, within=cloud.patience) == facts
    assert driver.observe_volume_snapshot(cloud.host, cloud.pool, volume.id, spec.id, within=cloud.limit) == facts
    (thing,) = (one for one in driver.survey(cloud.host, within=cloud.limit).things if one.owned.id == spec.id)
    assert (thing.owned.kind, thing.owned.external_id) == (OwnedKind.VOLUME_SNAPSHOT, facts.ref.external_id)
    assert thing.look == VolumeSnapshotLook(volume.id, 2)
    with pytest.raises(Conflict) as kept:
        driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)
    assert (kept.value.code, kept.value.params["count"]) == ("volume.snapshots_left", 1)
    for _ in range(2):
        driver.delete_volume_snapshot(cloud.host, cloud.pool, volume.id, spec.id, within=cloud.patience)
    assert driver.observe_volume_snapshot(cloud.host, cloud.pool, volume.id, spec.id, within=cloud.limit) is None
    assert cloud.owned(OwnedKind.VOLUME_SNAPSHOT, spec.id) == []
    driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)


@proves(Capability.VOLUME_SNAPSHOT)
def test_a_volume_starts_as_one_and_does_not_need_it_any_more(cloud: Cloud) -> None:
    driver, volume = cloud.driver, cloud.volume(size_gib=2)
    spec = of(cloud, volume)
    driver.create_volume_snapshot(spec, within=cloud.patience)
    source = VolumeSource(VOLUME_SNAPSHOT, spec.id, cloud.pool)
    with pytest.raises(Invalid) as small:
        driver.create_volume(cloud.volume_spec(source=source), within=cloud.patience)
    assert small.value.code == "volume.source_size"
    made = cloud.volume_spec(source=source, size_gib=3)
    ref = driver.create_volume(made, within=cloud.patience)
    assert driver.create_volume(made, within=cloud.patience) == ref
    (owned,) = cloud.owned(OwnedKind.VOLUME_SNAPSHOT, spec.id)
    driver.delete_owned(owned, within=cloud.patience)
    assert driver.create_volume(made, within=cloud.patience) == ref
    facts = driver.observe_volume(cloud.host, cloud.pool, made.id, within=cloud.limit)
    assert facts is not None
    assert (facts.ref, facts.size_gib) == (ref, 3)


@proves(Capability.VOLUME_SNAPSHOT)
def test_of_what_is_not_there(cloud: Cloud) -> None:
    driver, absent = cloud.driver, cloud.volume_spec()
    with pytest.raises(NotFound) as gone:
        driver.create_volume_snapshot(of(cloud, absent), within=cloud.limit)
    assert gone.value.code == "volume.absent"
    assert driver.observe_volume_snapshot(cloud.host, cloud.pool, absent.id, new_id(), within=cloud.limit) is None
    driver.delete_volume_snapshot(cloud.host, cloud.pool, absent.id, new_id(), within=cloud.limit)
    wanted = cloud.volume_spec(source=VolumeSource(VOLUME_SNAPSHOT, new_id(), cloud.pool))
    with pytest.raises(NotFound) as nothing:
        driver.create_volume(wanted, within=cloud.limit)
    assert nothing.value.code == "volume_snapshot.absent"


@proves(Capability.VOLUME_SNAPSHOT)
@requires(Capability.VOLUME)
def test_of_a_volume_that_an_instance_has(cloud: Cloud) -> None:
    instance, volume = cloud.instance(), cloud.volume()
    cloud.driver.attach_volume(cloud.host, instance.id, cloud.pool, volume.id, within=cloud.limit)
    spec = of(cloud, volume)
    assert cloud.driver.create_volume_snapshot(spec, within=cloud.patience).size_gib == 1
    assert [one[0] for one in cloud.facts(instance).volumes] == [volume.id]
