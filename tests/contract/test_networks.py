"""Networks, reserved addresses and security groups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, Power, RuleSpec
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves


def _network_lives(cloud: Cloud, mode: str) -> None:
    """Ensured twice, plugged, kept while in use, deleted twice."""
    network = cloud.network(mode)
    first = cloud.driver.ensure_network(cloud.host, network, within=cloud.limit)
    assert cloud.driver.ensure_network(cloud.host, network, within=cloud.limit) == first
    assert [one.external_id for one in cloud.owned(OwnedKind.NETWORK, network.id)] == [first.external_id]
    spec = cloud.instance(nics=(cloud.nic(network),))
    assert cloud.facts(spec).power is Power.RUNNING
    with pytest.raises(Conflict) as caught:
        cloud.driver.delete_network(cloud.host, network.id, within=cloud.limit)
    assert caught.value.code == "network.in_use"
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    for _ in range(2):
        cloud.driver.delete_network(cloud.host, network.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.NETWORK, network.id) == []


@proves(Capability.NETWORK_NAT)
def test_nat_network(cloud: Cloud) -> None:
    _network_lives(cloud, "nat")


@proves(Capability.NETWORK_ISOLATED)
def test_isolated_network(cloud: Cloud) -> None:
    _network_lives(cloud, "isolated")


@proves(Capability.NETWORK_BRIDGED)
@needs("bridge")
def test_bridged_network(cloud: Cloud) -> None:
    _network_lives(cloud, "bridged")


@proves(Capability.NETWORK_ISOLATED)
def test_instance_needs_its_network(cloud: Cloud) -> None:
    spec = replace(cloud.spec(), nics=(cloud.nic(cloud.network("isolated")),))
    with pytest.raises(NotFound) as caught:
        cloud.driver.create_instance(spec, within=cloud.limit)
    assert caught.value.code == "network.absent"
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None


@proves(Capability.ADDRESS_RESERVATION)
def test_guest_gets_its_reserved_address(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.wait("the address is seen", lambda: cloud.facts(spec).addresses == (spec.nics[0].address,))


@proves(Capability.ADDRESS_RESERVATION)
def test_address_belongs_to_one_instance_until_it_goes(cloud: Cloud) -> None:
    first = cloud.instance()
    port = cloud.nic(first.nics[0].network, address=first.nics[0].address)
    second = cloud.spec(nics=(port,))
    with pytest.raises(Conflict) as caught:
        cloud.driver.create_instance(second, within=cloud.limit)
    assert caught.value.code == "address.in_use"
    assert cloud.driver.observe_instance(cloud.host, second.id, within=cloud.limit) is None
    cloud.driver.delete_instance(cloud.host, first.id, within=cloud.patience)
    cloud.driver.create_instance(second, within=cloud.patience)
    assert cloud.facts(second).power is Power.RUNNING


@proves(Capability.SECURITY_GROUP)
def test_security_group_is_replaced_and_kept_while_it_guards(cloud: Cloud) -> None:
    group = cloud.group()
    first = cloud.driver.ensure_security_group(cloud.host, group, within=cloud.limit)
    assert cloud.driver.ensure_security_group(cloud.host, group, within=cloud.limit) == first
    spec = cloud.instance(nics=(cloud.nic(cloud.default_network(), group),))
    changed = replace(
        group,
        rules=(
            RuleSpec("ingress", "udp", 53, 53, "10.0.0.0/8"),
            RuleSpec("egress", "tcp", 1, 65535),
            RuleSpec("ingress", "any"),
            RuleSpec("ingress", "icmp"),
        ),
    )
    assert cloud.driver.ensure_security_group(cloud.host, changed, within=cloud.limit) == first
    assert cloud.facts(spec).power is Power.RUNNING
    with pytest.raises(Conflict) as caught:
        cloud.driver.delete_security_group(cloud.host, group.id, within=cloud.limit)
    assert caught.value.code == "security_group.in_use"
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    for _ in range(2):
        cloud.driver.delete_security_group(cloud.host, group.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.SECURITY_GROUP, group.id) == []


@proves(Capability.SECURITY_GROUP)
def test_other_groups_come_to_guard_a_running_instance(cloud: Cloud) -> None:
    old, new = cloud.group(), cloud.group()
    port = cloud.nic(cloud.default_network(), old)
    spec = cloud.instance(nics=(port,))
    changed = replace(port, security_groups=(new,))
    with pytest.raises(NotFound) as caught:
        cloud.driver.apply_security_groups(cloud.host, spec.id, [changed], within=cloud.limit)
    assert caught.value.code == "security_group.absent"
    cloud.driver.ensure_security_group(cloud.host, new, within=cloud.limit)
    for _ in range(2):
        cloud.driver.apply_security_groups(cloud.host, spec.id, [changed], within=cloud.limit)
    assert cloud.facts(spec).power is Power.RUNNING
    cloud.driver.delete_security_group(cloud.host, old.id, within=cloud.limit)
    with pytest.raises(Conflict):
        cloud.driver.delete_security_group(cloud.host, new.id, within=cloud.limit)
    cloud.driver.apply_security_groups(cloud.host, spec.id, [replace(port, security_groups=())], within=cloud.limit)
    cloud.driver.delete_security_group(cloud.host, new.id, within=cloud.limit)
    assert cloud.owned(OwnedKind.SECURITY_GROUP, new.id) == []


@proves(Capability.SECURITY_GROUP)
def test_group_without_rules_is_a_group(cloud: Cloud) -> None:
    group = cloud.group(rules=())
    cloud.driver.ensure_security_group(cloud.host, group, within=cloud.limit)
    spec = cloud.instance(nics=(cloud.nic(cloud.default_network(), group),))
    assert cloud.facts(spec).power is Power.RUNNING


@proves(Capability.SECURITY_GROUP)
def test_instance_needs_its_security_groups(cloud: Cloud) -> None:
    spec = replace(cloud.spec(), nics=(cloud.nic(cloud.default_network(), cloud.group()),))
    with pytest.raises(NotFound) as caught:
        cloud.driver.create_instance(spec, within=cloud.limit)
    assert caught.value.code == "security_group.absent"
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None


def test_what_is_absent_is_deleted_without_complaint(cloud: Cloud) -> None:
    absent = new_id()
    for _ in range(2):
        cloud.driver.delete_network(cloud.host, absent, within=cloud.limit)
        if cloud.has(Capability.SECURITY_GROUP):
            cloud.driver.delete_security_group(cloud.host, absent, within=cloud.limit)
    assert absent not in {one.id for one in cloud.driver.list_owned(cloud.host, within=cloud.limit)}
