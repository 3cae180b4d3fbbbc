"""Hosts and pools as they are, in the driver's own words."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import NotFound
from egovcloud.drivers.base import Capability, Driver
from tests.contract.adapter import Cloud
from tests.contract.marks import requires


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


@requires(Capability.VOLUME)
def test_pool_that_is_not_there_is_named(cloud: Cloud) -> None:
    with pytest.raises(NotFound) as caught:
        cloud.driver.create_volume(cloud.volume_spec(pool="nowhere"), within=cloud.limit)
    assert caught.value.code == "pool.absent"
