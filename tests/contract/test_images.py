"""Images come to a host once, checked, and stay while a disk depends on them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import Capability, OwnedKind
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import proves


def test_image_is_ensured_once(cloud: Cloud) -> None:
    image = cloud.image()
    first = cloud.driver.ensure_image(cloud.host, cloud.pool, image, within=cloud.patience)
    again = cloud.driver.ensure_image(cloud.host, cloud.pool, image, within=cloud.patience)
    assert first == again
    assert len(cloud.owned(OwnedKind.IMAGE, image.id)) == 1


def test_image_with_another_checksum_is_refused_and_leaves_nothing(cloud: Cloud) -> None:
    image = cloud.broken_image()
    for _ in range(2):
        with pytest.raises(Permanent) as caught:
            cloud.driver.ensure_image(cloud.host, cloud.pool, image, within=cloud.patience)
        assert caught.value.code == "image.checksum"
    assert cloud.owned(OwnedKind.IMAGE, image.id) == []


def test_absent_image_is_deleted_without_complaint(cloud: Cloud) -> None:
    image_id = new_id()
    for _ in range(2):
        cloud.driver.delete_image(cloud.host, cloud.pool, image_id, within=cloud.limit)
    assert cloud.owned(OwnedKind.IMAGE, image_id) == []


def test_instance_needs_its_image(cloud: Cloud) -> None:
    spec = cloud.spec()
    absent = replace(spec, image=replace(spec.image, id=new_id()))
    with pytest.raises(NotFound) as caught:
        cloud.driver.create_instance(absent, within=cloud.limit)
    assert caught.value.code == "image.absent"
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None


@proves(Capability.COPY_ON_WRITE)
def test_image_stays_while_a_disk_depends_on_it(cloud: Cloud) -> None:
    image = replace(cloud.image(), id=new_id())
    spec = cloud.instance(image=image)
    with pytest.raises(Conflict) as caught:
        cloud.driver.delete_image(cloud.host, cloud.pool, image.id, within=cloud.limit)
    assert caught.value.code == "image.in_use"
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.driver.delete_image(cloud.host, cloud.pool, image.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.IMAGE, image.id) == []


def test_image_that_nothing_needs_goes(cloud: Cloud) -> None:
    image = replace(cloud.image(), id=new_id())
    cloud.driver.ensure_image(cloud.host, cloud.pool, image, within=cloud.patience)
    for _ in range(2):
        cloud.driver.delete_image(cloud.host, cloud.pool, image.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.IMAGE, image.id) == []
