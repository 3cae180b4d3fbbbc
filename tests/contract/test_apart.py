"""Groups whose members the cloud itself keeps apart: no two of them on one host."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import QuotaExceeded
from egovcloud.drivers.base import Capability, OwnedKind, Power
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves

pytestmark = [proves(Capability.APART), needs("second_host")]


def test_members_are_on_hosts_of_their_own(cloud: Cloud) -> None:
    assert cloud.second
    group = f"{new_id()}/0 政务"
    first = cloud.booted_instance(apart=group)
    refused = cloud.spec(apart=group)
    with pytest.raises(QuotaExceeded) as full:
        cloud.driver.create_instance(refused, within=cloud.patience)
    assert full.value.code == "cloud.no_room"
    assert cloud.owned(OwnedKind.INSTANCE, refused.id) == []
    other = cloud.spec(apart=group, host=cloud.second)
    cloud.driver.create_instance(other, within=cloud.patience)
    beside = cloud.booted_instance(apart=f"{new_id()}/0")
    assert {cloud.facts(one).power for one in (first, other, beside)} == {Power.RUNNING}
    # Whoever comes after the last one has gone finds an empty group, or makes it anew.
    for one in (first, other):
        cloud.driver.delete_instance(one.host, one.id, within=cloud.patience)
    cloud.booted_instance(apart=group)
