"""Shelving: kept in storage alone, listed where it was, and back on the host that is named."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, Power
from egovcloud.drivers.survey import InstanceLook
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves, requires

pytestmark = [proves(Capability.SHELVE)]


def test_it_is_kept_without_a_host_and_comes_back(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    before = cloud.facts(spec)
    for _ in range(2):
        cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)
    facts = cloud.facts(spec)
    assert (facts.power, facts.ref, facts.vcpus) == (Power.SHELVED, before.ref, before.vcpus)
    (owned,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    assert (owned.external_id, owned.host, owned.power) == (before.ref.external_id, cloud.host, Power.SHELVED)
    with pytest.raises(Conflict) as shelved:
        cloud.driver.start_instance(cloud.host, spec.id, within=cloud.limit)
    assert shelved.value.code == "instance.shelved"
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    assert cloud.facts(spec).power is Power.SHELVED
    for _ in range(2):
        assert cloud.driver.unshelve_instance(cloud.host, spec.id, within=cloud.patience) == before.ref
    cloud.wait_booted(spec)
    assert len(cloud.owned(OwnedKind.INSTANCE, spec.id)) == 1


@needs("second_host")
def test_a_stopped_one_comes_back_running_on_another_host(cloud: Cloud) -> None:
    assert cloud.second
    spec = cloud.stopped_instance()
    ref = cloud.facts(spec).ref
    cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.prepare(spec, cloud.second)
    there = cloud.driver.unshelve_instance(cloud.second, spec.id, within=cloud.patience)
    assert (there.external_id, there.host) == (ref.external_id, cloud.second)
    assert cloud.facts(spec, cloud.second).power is Power.RUNNING
    assert cloud.owned(OwnedKind.INSTANCE, spec.id, cloud.host) == []
    cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)  # as an undo does it
    assert cloud.facts(spec).power is Power.SHELVED
    assert cloud.owned(OwnedKind.INSTANCE, spec.id, cloud.second) == []


@needs("shared_pool")
@requires(Capability.VOLUME)
def test_its_volumes_stay_with_it(cloud: Cloud) -> None:
    assert cloud.shared_pool
    spec, volume = cloud.booted_instance(pool=cloud.shared_pool), cloud.volume(pool=cloud.shared_pool)
    target = cloud.driver.attach_volume(cloud.host, spec.id, cloud.shared_pool, volume.id, within=cloud.limit)
    cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)
    assert [one for one, _ in cloud.facts(spec).volumes] == [volume.id]
    with pytest.raises(Conflict) as held:
        cloud.driver.delete_volume(cloud.host, cloud.shared_pool, volume.id, within=cloud.limit)
    assert held.value.code == "volume.in_use"
    cloud.driver.unshelve_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.facts(spec).volumes == ((volume.id, target),)


@needs("guest_disk")
def test_its_disk_holds_what_was_written(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.write(cloud.host, spec.id, "kept")
    cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.driver.unshelve_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.read(cloud.host, spec.id) == "kept"


def test_nothing_that_is_kept_of_it_is_taken_for_an_image_of_ours(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    before = cloud.owned(OwnedKind.IMAGE, spec.image.id)
    cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.owned(OwnedKind.IMAGE, spec.image.id) == before
    (look,) = [
        one.look for one in cloud.driver.survey(cloud.host, within=cloud.limit).things if one.owned.id == spec.id
    ]
    assert isinstance(look, InstanceLook)
    assert (look.vcpus, look.memory_mib) == (spec.vcpus, spec.memory_mib)


def test_it_is_deleted_as_it_lies(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.driver.shelve_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    assert cloud.owned(OwnedKind.INSTANCE, spec.id) == []


def test_what_is_absent_or_only_off_does_not_come_back(cloud: Cloud) -> None:
    spec = cloud.stopped_instance()
    with pytest.raises(Conflict) as off:
        cloud.driver.unshelve_instance(cloud.host, spec.id, within=cloud.limit)
    assert off.value.code == "instance.not_shelved"
    for call in (cloud.driver.shelve_instance, cloud.driver.unshelve_instance):
        with pytest.raises(NotFound) as absent:
            call(cloud.host, new_id(), within=cloud.limit)
        assert absent.value.code == "instance.absent"
