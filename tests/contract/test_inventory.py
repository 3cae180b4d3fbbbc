"""Hosts and pools as they are, in the driver's own words."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import NotFound
from egovcloud.drivers.base import Capability, Driver
from tests.contract.adapter import Cloud
from tests.contract.marks import proves, requires


def test_driver_is_what_the_backend_says(cloud: Cloud, declared: frozenset[str]) -> None:
    assert isinstance(cloud.driver, Driver)
    assert cloud.driver.kind
    assert cloud.driver.capabilities == declared


def test_hosts_are_listed_with_their_size(cloud: Cloud) -> None:
    hosts = {host.name: host for host in cloud.driver.hosts(within=cloud.limit)}
    assert set(cloud.hosts) <= set(hosts)
    for name in cloud.hosts:
        assert hosts[name].reachable
        assert hosts[name].vcpus > 0
        assert hosts[name].memory_mib >= 256


def test_pools_are_listed_with_their_size(cloud: Cloud) -> None:
    pools = {pool.name: pool for pool in cloud.driver.pools(cloud.host, within=cloud.limit)}
    pool = pools[cloud.pool]
    assert pool.host == cloud.host
    assert pool.kind
    assert 0 <= pool.used_gib <= pool.capacity_gib
    assert pool.capacity_gib >= cloud.disk_gib


def test_a_quota_of_its_own_is_told_by_whoever_declares_one(cloud: Cloud) -> None:
    told = cloud.driver.allowances(within=cloud.limit)
    assert bool(told) == (Capability.QUOTA in cloud.driver.capabilities)
    assert len({one.resource for one in told}) == len(told)


@proves(Capability.QUOTA)
def test_what_is_used_of_the_clouds_own_quota_is_told_in_our_units(cloud: Cloud) -> None:
    tenant = cloud.default_tenant()  # where projects are kept apart, each has a quota of its own
    before = {one.resource: one.used for one in cloud.driver.allowances(tenant=tenant, within=cloud.limit)}
    assert set(before) == {"instances", "vcpus", "memory_mib", "volume_gib", "addresses"}
    spec = cloud.instance()
    cloud.driver.create_volume(cloud.volume_spec(), within=cloud.limit)
    after = cloud.driver.allowances(tenant=tenant, within=cloud.limit)
    grown = {one.resource: one.used - before[one.resource] for one in after}
    assert (grown["instances"], grown["vcpus"], grown["memory_mib"]) == (1, spec.vcpus, spec.memory_mib)
    assert grown["volume_gib"] >= cloud.volume_spec().size_gib  # more where the root disk is a volume too
    assert grown["addresses"] >= 1


@requires(Capability.VOLUME)
def test_pool_that_is_not_there_is_named(cloud: Cloud) -> None:
    with pytest.raises(NotFound) as caught:
        cloud.driver.create_volume(cloud.volume_spec(pool="nowhere"), within=cloud.limit)
    assert caught.value.code == "pool.absent"
