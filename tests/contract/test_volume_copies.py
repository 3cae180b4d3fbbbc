"""Volumes that start as a copy of another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Conflict, Invalid, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, VolumeSpec
from egovcloud.drivers.volume_copies import VOLUME, VolumeSource
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import proves, requires


def copy_of(cloud: Cloud, volume: VolumeSpec, **changes: object) -> VolumeSpec:
    return replace(cloud.volume_spec(source=VolumeSource(VOLUME, volume.id, volume.pool)), **changes)  # type: ignore[arg-type]


@proves(Capability.VOLUME_CLONE)
def test_a_clone_is_a_volume_of_its_own(cloud: Cloud) -> None:
    volume = cloud.volume()
    spec = copy_of(cloud, volume, size_gib=2)
    ref = cloud.driver.create_volume(spec, within=cloud.patience)
    assert cloud.driver.create_volume(spec, within=cloud.patience) == ref
    facts = cloud.driver.observe_volume(cloud.host, cloud.pool, spec.id, within=cloud.limit)
    assert facts is not None
    assert (facts.ref, facts.size_gib) == (ref, 2)
    assert len(cloud.owned(OwnedKind.VOLUME, spec.id)) == 1
    cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)
    assert cloud.driver.create_volume(spec, within=cloud.patience) == ref  # it needs its source no more
    cloud.driver.delete_volume(cloud.host, cloud.pool, spec.id, within=cloud.patience)
    assert cloud.owned(OwnedKind.VOLUME, spec.id) == []


@proves(Capability.VOLUME_CLONE)
def test_a_clone_of_nothing_or_of_too_much(cloud: Cloud) -> None:
    volume = cloud.volume(size_gib=2)
    with pytest.raises(Invalid) as small:
        cloud.driver.create_volume(copy_of(cloud, volume), within=cloud.patience)
    assert small.value.code == "volume.source_size"
    assert {"1 GiB", "2 GiB"} <= {f"{small.value.params[name]} GiB" for name in ("size_gib", "source_gib")}
    absent = copy_of(cloud, replace(volume, id=new_id()))
    with pytest.raises(NotFound) as gone:
        cloud.driver.create_volume(absent, within=cloud.limit)
    assert gone.value.code == "volume.absent"
    assert cloud.owned(OwnedKind.VOLUME, absent.id) == []


@proves(Capability.VOLUME_CLONE)
@requires(Capability.VOLUME)
def test_a_volume_that_an_instance_has_is_not_cloned(cloud: Cloud) -> None:
    instance, volume = cloud.instance(), cloud.volume()
    cloud.driver.attach_volume(cloud.host, instance.id, cloud.pool, volume.id, within=cloud.limit)
    spec = copy_of(cloud, volume)
    with pytest.raises(Conflict) as refusal:
        cloud.driver.create_volume(spec, within=cloud.patience)
    assert (refusal.value.code, refusal.value.params["instance"]) == ("volume.source_in_use", instance.id)
    assert cloud.owned(OwnedKind.VOLUME, spec.id) == []
    cloud.driver.stop_instance(cloud.host, instance.id, force=True, within=cloud.limit)
    cloud.wait_detached(instance, volume.id)
    cloud.driver.create_volume(spec, within=cloud.patience)
    assert cloud.driver.attach_volume(cloud.host, instance.id, cloud.pool, spec.id, within=cloud.limit)
