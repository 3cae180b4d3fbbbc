"""What Nova is told beside a server: its group, shared by those that are in it and gone with the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egovcloud.domain.ids import new_id
from tests.contract.backends.openstack import OpenStackCloud
from tests.real.openstack import seed
from tests.real.openstack.layout import Layout
from tests.real.openstack.through import Way


@contextmanager
def opened(way: Way, layout: Layout, directory: Path) -> Iterator[OpenStackCloud]:
    cloud = OpenStackCloud(layout, way, directory)
    try:
        yield cloud
    finally:
        cloud.clean()


def test_members_share_a_group_that_goes_with_the_last(way: Way, layout: Layout, tmp_path: Path) -> None:
    with opened(way, layout, tmp_path) as cloud:
        compute = seed.centre(layout).compute
        marker = cloud.driver._cloud.marker.tag  # type: ignore[attr-defined]

        def groups() -> list[tuple[str, int]]:
            listed = [one for one in compute.server_groups() if one.name.startswith(marker)]
            return [(one.policy, len(one.member_ids)) for one in listed]

        text = f"{new_id()}/0"
        first = cloud.instance(apart=text, nics=())
        second = cloud.instance(apart=text, nics=(), host=cloud.second)
        assert groups() == [("anti-affinity", 2)]
        cloud.driver.delete_instance(first.host, first.id, within=cloud.patience)
        assert groups() == [("anti-affinity", 1)]
        cloud.driver.delete_instance(second.host, second.id, within=cloud.patience)
        assert groups() == []
