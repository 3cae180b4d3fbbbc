"""What Nova is told beside a server: its group and its key, shared by those that have them and gone with the last."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import InstanceSpec
from tests.contract.backends.openstack import OpenStackCloud
from tests.real.openstack import seed
from tests.real.openstack.layout import Layout
from tests.real.openstack.through import proxied


@contextmanager
def opened(layout: Layout, directory: Path, *, tenancy: bool) -> Iterator[OpenStackCloud]:
    with proxied(layout, directory, tenancy=tenancy) as way:
        cloud = OpenStackCloud(layout, way, directory)
        try:
            yield cloud
        finally:
            cloud.clean()
            for left in cloud.driver.list_owned(cloud.host, within=cloud.limit):  # its image and its project
                cloud.driver.delete_owned(left, within=cloud.patience)


def _server(layout: Layout, cloud: OpenStackCloud, spec: InstanceSpec) -> Any:
    return seed.centre(layout).compute.get_server(cloud.facts(spec).ref.external_id)


@pytest.mark.parametrize("tenancy", [False, True], ids=["together", "apart"])
def test_members_share_a_group_that_goes_with_the_last(layout: Layout, tmp_path: Path, tenancy: bool) -> None:
    with opened(layout, tmp_path, tenancy=tenancy) as cloud:
        compute = seed.centre(layout).compute
        marker = cloud.driver._cloud.marker.tag  # type: ignore[attr-defined]

        def groups() -> list[tuple[str, int]]:
            listed = [one for one in compute.server_groups(all_projects=True) if one.name.startswith(marker)]
            return [(one.policy, len(one.member_ids)) for one in listed]

        text = f"{new_id()}/0"
        first = cloud.instance(apart=text, nics=())
        second = cloud.instance(apart=text, nics=(), host=cloud.second)
        assert groups() == [("anti-affinity", 2)]
        cloud.driver.delete_instance(first.host, first.id, within=cloud.patience)
        assert groups() == [("anti-affinity", 1)]
        cloud.driver.delete_instance(second.host, second.id, within=cloud.patience)
        assert groups() == []


def test_the_first_key_is_a_key_pair_while_somebody_has_it(layout: Layout, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    with opened(layout, tmp_path, tenancy=True) as cloud:
        compute = seed.centre(layout).compute
        first = cloud.instance(ssh_keys=(f"{key} 张三@office", key), nics=())
        second = cloud.instance(ssh_keys=(f"{key}  another comment",), nics=())
        name = _server(layout, cloud, first).key_name
        assert name.startswith("egov-")
        assert _server(layout, cloud, second).key_name == name
        assert compute.get_keypair(name).public_key.split()[1] == key.split()[1]
        odd = "sk-ssh-ed25519@openssh.com " + base64.b64encode(b"a key of a kind that Nova does not know").decode()
        assert _server(layout, cloud, cloud.instance(ssh_keys=(odd, key), nics=())).key_name is None
        cloud.driver.delete_instance(first.host, first.id, within=cloud.patience)
        assert compute.find_keypair(name) is not None
        cloud.driver.delete_instance(second.host, second.id, within=cloud.patience)
        assert compute.find_keypair(name) is None
