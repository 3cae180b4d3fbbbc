"""Our projects kept apart on a cloud that has projects of its own: made once, a second wall, gone when empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Conflict, Forbidden, NotFound, QuotaExceeded
from egovcloud.drivers.base import Allowance, Capability, Owned, OwnedKind
from egovcloud.drivers.floating import FloatingSpec
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves, requires


def told(cloud: Cloud, tenant: str) -> dict[str, Allowance]:
    """The cloud's own quota of a project of ours."""
    return {one.resource: one for one in cloud.driver.allowances(tenant=tenant, within=cloud.limit)}


def listed(cloud: Cloud, tenant: str) -> Owned:
    (one,) = cloud.owned(OwnedKind.TENANT, tenant)
    return one


@proves(Capability.TENANCY)
def test_it_is_made_once_listed_and_goes_when_nothing_is_in_it(cloud: Cloud) -> None:
    spec = cloud.tenant(instances=3)
    again = cloud.driver.ensure_tenant(spec, within=cloud.limit)
    assert listed(cloud, spec.id).external_id == again
    other = cloud.other()
    assert spec.id not in {one.id for one in other.list_owned(cloud.host, within=cloud.limit)}
    with pytest.raises(Forbidden):
        other.delete_owned(listed(cloud, spec.id), within=cloud.limit)

    owned = listed(cloud, spec.id)
    volume = cloud.volume(tenant=spec.id)
    with pytest.raises(Conflict, match="still holds"):
        cloud.driver.delete_owned(owned, within=cloud.limit)
    cloud.driver.delete_volume(volume.host, volume.pool, volume.id, within=cloud.patience)
    cloud.driver.delete_owned(owned, within=cloud.limit)
    cloud.driver.delete_owned(owned, within=cloud.limit)
    assert cloud.owned(OwnedKind.TENANT, spec.id) == []
    with pytest.raises(NotFound):
        cloud.driver.create_volume(cloud.volume_spec(tenant=spec.id), within=cloud.limit)


@proves(Capability.TENANCY)
def test_its_native_quota_is_the_second_wall(cloud: Cloud) -> None:
    spec = cloud.tenant(instances=1, vcpus=8, volume_gib=20)
    first = cloud.instance(tenant=spec.id)
    grant = told(cloud, spec.id)
    assert (grant["instances"].limit, grant["instances"].used) == (1, 1)
    assert (grant["vcpus"].limit, grant["vcpus"].used) == (8, first.vcpus)
    assert (grant["memory_mib"].limit, grant["addresses"].used) == (None, len(first.nics))

    second = cloud.spec(tenant=spec.id)
    with pytest.raises(QuotaExceeded):
        cloud.driver.create_instance(second, within=cloud.patience)
    assert cloud.owned(OwnedKind.INSTANCE, second.id) == []
    cloud.driver.ensure_tenant(replace(spec, limits=(("instances", 2),)), within=cloud.limit)
    cloud.driver.create_instance(second, within=cloud.patience)
    assert told(cloud, spec.id)["instances"] == Allowance("instances", 2, 2)
    # A limit below what is in use is one, too: it stops growth and nothing else.
    cloud.driver.ensure_tenant(replace(spec, limits=(("instances", 1),)), within=cloud.limit)
    assert told(cloud, spec.id)["instances"] == Allowance("instances", 1, 2)


@proves(Capability.TENANCY)
@requires(Capability.FLOATING_ADDRESS)
def test_a_floating_address_lies_in_it(cloud: Cloud) -> None:
    spec, network = cloud.tenant(), cloud.default_network()
    cloud.driver.ensure_network(cloud.host, network, within=cloud.limit)
    wanted = FloatingSpec(new_id(), network, spec.id)
    cloud.driver.create_floating_address(cloud.host, wanted, within=cloud.limit)
    with pytest.raises(Conflict, match="still holds"):
        cloud.driver.delete_owned(listed(cloud, spec.id), within=cloud.limit)
    machine = cloud.instance(tenant=spec.id, nics=(cloud.nic(network),))
    held = cloud.driver.associate_floating_address(
        cloud.host, wanted.id, machine.id, machine.nics[0].mac, within=cloud.limit
    )
    assert held.instance == machine.id
    cloud.driver.delete_instance(machine.host, machine.id, within=cloud.patience)
    cloud.driver.delete_floating_address(cloud.host, wanted.id, within=cloud.limit)
    cloud.driver.delete_owned(listed(cloud, spec.id), within=cloud.limit)
    with pytest.raises(NotFound, match=spec.id):
        cloud.driver.create_floating_address(cloud.host, wanted, within=cloud.limit)


@needs("outside")
@proves(Capability.TENANCY)
def test_what_others_make_in_it_is_told_and_counts(cloud: Cloud) -> None:
    spec = cloud.tenant(instances=1)
    stray = cloud.plant(cloud.host, OwnedKind.INSTANCE, tenant=spec.id)
    seen = {one.external_id: one for one in cloud.driver.list_unmanaged(cloud.host, within=cloud.limit)}
    assert seen[stray].tenant == spec.id
    assert told(cloud, spec.id)["instances"] == Allowance("instances", 1, 1)
    with pytest.raises(QuotaExceeded):
        cloud.instance(tenant=spec.id)
    with pytest.raises(Conflict, match="still holds"):
        cloud.driver.delete_owned(listed(cloud, spec.id), within=cloud.limit)
    assert cloud.exists(cloud.host, OwnedKind.INSTANCE, stray)
    cloud.uproot(cloud.host, OwnedKind.INSTANCE, stray)


@proves(Capability.TENANCY)
def test_one_that_was_not_ensured_is_absent(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        cloud.driver.allowances(tenant=new_id(), within=cloud.limit)
