"""What bears our mark is listed in full; what does not is reported and never touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Forbidden, Permanent
from egovcloud.drivers.base import Capability, Owned, OwnedKind, Power
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves, requires

PLANTED = [OwnedKind.INSTANCE, OwnedKind.VOLUME, OwnedKind.NETWORK]


def test_instance_and_image_are_listed(cloud: Cloud) -> None:
    spec = cloud.spec()
    ref = cloud.driver.create_instance(spec, within=cloud.patience)
    (listed,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    assert (listed.external_id, listed.host, listed.power) == (ref.external_id, cloud.host, Power.RUNNING)
    image = cloud.driver.ensure_image(cloud.host, cloud.pool, spec.image, within=cloud.patience)
    assert [one.external_id for one in cloud.owned(OwnedKind.IMAGE, spec.image.id)] == [image.external_id]


@proves(Capability.VOLUME)
def test_volume_is_listed(cloud: Cloud) -> None:
    spec = cloud.volume_spec()
    ref = cloud.driver.create_volume(spec, within=cloud.limit)
    assert [one.external_id for one in cloud.owned(OwnedKind.VOLUME, spec.id)] == [ref.external_id]


@proves(Capability.SECURITY_GROUP)
def test_security_group_is_listed(cloud: Cloud) -> None:
    group = cloud.group()
    ref = cloud.driver.ensure_security_group(cloud.host, group, within=cloud.limit)
    assert [one.external_id for one in cloud.owned(OwnedKind.SECURITY_GROUP, group.id)] == [ref.external_id]


@proves(Capability.SNAPSHOT_INTERNAL)
def test_snapshot_is_listed(cloud: Cloud) -> None:
    spec, snapshot = cloud.instance(), new_id()
    facts = cloud.driver.create_snapshot(
        cloud.host, spec.id, snapshot, external=False, quiesce=False, within=cloud.patience
    )
    assert [one.external_id for one in cloud.owned(OwnedKind.SNAPSHOT, snapshot)] == [facts.ref.external_id]


@needs("outside")
@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_not_ours_is_reported_and_kept(cloud: Cloud, kind: OwnedKind) -> None:
    spec = cloud.instance()
    stray = cloud.plant(cloud.host, kind)
    unmanaged = {one.external_id: one for one in cloud.driver.list_unmanaged(cloud.host, within=cloud.limit)}
    assert unmanaged[stray].kind is kind
    assert unmanaged[stray].host == cloud.host
    owned = {one.external_id for one in cloud.driver.list_owned(cloud.host, within=cloud.limit)}
    assert stray not in owned
    assert not owned & set(unmanaged)
    with pytest.raises((Forbidden, Permanent)):
        cloud.driver.delete_owned(Owned(kind, spec.id, stray, cloud.host), within=cloud.limit)
    with pytest.raises((Forbidden, Permanent)):
        cloud.driver.delete_owned(Owned(kind, "", stray, cloud.host), within=cloud.limit)
    assert cloud.exists(cloud.host, kind, stray)


def test_mark_is_checked_again_before_the_sweep_deletes(cloud: Cloud) -> None:
    spec = cloud.instance()
    (listed,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    with pytest.raises((Forbidden, Permanent)):
        cloud.driver.delete_owned(replace(listed, id=new_id()), within=cloud.limit)
    assert cloud.facts(spec).power is Power.RUNNING


def test_sweep_deletes_what_is_ours_and_what_is_gone_already(cloud: Cloud) -> None:
    spec, bystander = cloud.instance(), cloud.instance()
    (listed,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    cloud.driver.delete_owned(listed, within=cloud.patience)
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    cloud.driver.delete_owned(listed, within=cloud.patience)
    assert cloud.facts(bystander).power is Power.RUNNING


@requires(Capability.VOLUME)
def test_sweep_deletes_a_volume(cloud: Cloud) -> None:
    volume = cloud.volume()
    (listed,) = cloud.owned(OwnedKind.VOLUME, volume.id)
    cloud.driver.delete_owned(listed, within=cloud.patience)
    cloud.driver.delete_owned(listed, within=cloud.patience)
    assert cloud.owned(OwnedKind.VOLUME, volume.id) == []


def test_another_installation_sees_and_touches_nothing_of_ours(cloud: Cloud) -> None:
    spec = cloud.instance()
    (listed,) = cloud.owned(OwnedKind.INSTANCE, spec.id)
    other = cloud.other()
    assert not [one for one in other.list_owned(cloud.host, within=cloud.limit) if one.id == spec.id]
    strays = {one.external_id for one in other.list_unmanaged(cloud.host, within=cloud.limit)}
    assert listed.external_id in strays
    assert other.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    other.delete_instance(cloud.host, spec.id, within=cloud.patience)
    with pytest.raises((Forbidden, Permanent)):
        other.delete_owned(listed, within=cloud.limit)
    assert cloud.facts(spec).power is Power.RUNNING


@needs("duplicates")
def test_duplicates_are_listed_and_swept_one_by_one(cloud: Cloud) -> None:
    spec = cloud.instance()
    first = cloud.facts(spec).ref.external_id
    second = cloud.duplicate(cloud.host, spec.id)
    listed = {one.external_id: one for one in cloud.owned(OwnedKind.INSTANCE, spec.id)}
    assert set(listed) == {first, second}
    cloud.driver.delete_owned(listed[second], within=cloud.patience)
    assert [one.external_id for one in cloud.owned(OwnedKind.INSTANCE, spec.id)] == [first]
    assert cloud.facts(spec).ref.external_id == first


@needs("duplicates")
def test_deletion_leaves_no_duplicate_behind(cloud: Cloud) -> None:
    spec = cloud.instance()
    cloud.duplicate(cloud.host, spec.id)
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.owned(OwnedKind.INSTANCE, spec.id) == []
