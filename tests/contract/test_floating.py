"""Floating addresses: taken once, handed from one instance to another, seen by everyone, given back."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, NetworkSpec, OwnedKind
from egovcloud.drivers.floating import FloatingFacts, FloatingLook, FloatingSpec
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import proves

pytestmark = proves(Capability.FLOATING_ADDRESS)


def nat(cloud: Cloud) -> NetworkSpec:
    network = cloud.default_network()
    assert network.mode == "nat"
    cloud.driver.ensure_network(cloud.host, network, within=cloud.limit)
    return network


def taken(cloud: Cloud, network: NetworkSpec) -> FloatingFacts:
    return cloud.driver.create_floating_address(
        cloud.host, FloatingSpec(new_id(), network, cloud.default_tenant()), within=cloud.limit
    )


def looks(cloud: Cloud, floating_id: str) -> list[FloatingLook]:
    survey = cloud.driver.survey(cloud.host, within=cloud.limit)
    found = [thing.look for thing in survey.things if thing.owned.id == floating_id]
    return [look for look in found if isinstance(look, FloatingLook)]


def test_it_is_taken_once_listed_on_every_host_and_given_back(cloud: Cloud) -> None:
    spec = FloatingSpec(new_id(), nat(cloud), cloud.default_tenant())
    facts = cloud.driver.create_floating_address(cloud.host, spec, within=cloud.limit)
    assert (facts.id, facts.instance) == (spec.id, None)
    assert facts.address.count(".") == 3
    assert cloud.driver.create_floating_address(cloud.host, spec, within=cloud.limit) == facts
    assert cloud.driver.observe_floating_address(cloud.host, spec.id, within=cloud.limit) == facts
    for host in cloud.hosts:
        (owned,) = cloud.owned(OwnedKind.FLOATING_ADDRESS, spec.id, host)
        assert (owned.external_id, owned.name) == (facts.ref.external_id, facts.address)
    assert looks(cloud, spec.id) == [FloatingLook(facts.address, "")]
    other = taken(cloud, spec.network)
    assert other.address != facts.address
    for _ in range(2):
        cloud.driver.delete_floating_address(cloud.host, spec.id, within=cloud.limit)
    assert cloud.driver.observe_floating_address(cloud.host, spec.id, within=cloud.limit) is None
    assert cloud.owned(OwnedKind.FLOATING_ADDRESS, spec.id) == []
    assert cloud.driver.observe_floating_address(cloud.host, other.id, within=cloud.limit) == other


def test_it_is_handed_from_one_instance_to_another(cloud: Cloud) -> None:
    network = nat(cloud)
    first, second = (cloud.instance(nics=(cloud.nic(network),)) for _ in range(2))
    facts = taken(cloud, network)
    for spec in (first, first, second):
        got = cloud.driver.associate_floating_address(
            cloud.host, facts.id, spec.id, spec.nics[0].mac, within=cloud.limit
        )
        assert (got.id, got.ref, got.address, got.instance) == (facts.id, facts.ref, facts.address, spec.id)
        assert cloud.driver.observe_floating_address(cloud.host, facts.id, within=cloud.limit) == got
        assert looks(cloud, facts.id) == [FloatingLook(facts.address, spec.id)]
    rival = taken(cloud, network)
    with pytest.raises(Conflict) as refused:
        cloud.driver.associate_floating_address(cloud.host, rival.id, second.id, second.nics[0].mac, within=cloud.limit)
    assert refused.value.code == "floating_address.taken"
    for _ in range(2):
        cloud.driver.disassociate_floating_address(cloud.host, facts.id, within=cloud.limit)
    assert cloud.driver.observe_floating_address(cloud.host, facts.id, within=cloud.limit) == facts


def test_it_outlives_its_instance_and_goes_while_it_is_associated(cloud: Cloud) -> None:
    network = nat(cloud)
    first, second = (cloud.instance(nics=(cloud.nic(network),)) for _ in range(2))
    stays, goes = taken(cloud, network), taken(cloud, network)
    for facts, spec in ((stays, first), (goes, second)):
        cloud.driver.associate_floating_address(cloud.host, facts.id, spec.id, spec.nics[0].mac, within=cloud.limit)
    cloud.driver.delete_instance(cloud.host, first.id, within=cloud.patience)
    assert cloud.driver.observe_floating_address(cloud.host, stays.id, within=cloud.limit) == stays
    assert looks(cloud, stays.id) == [FloatingLook(stays.address, "")]
    cloud.driver.delete_floating_address(cloud.host, goes.id, within=cloud.limit)
    assert cloud.driver.observe_floating_address(cloud.host, goes.id, within=cloud.limit) is None
    assert cloud.facts(second).id == second.id


def test_what_leads_nowhere_is_refused(cloud: Cloud) -> None:
    isolated, network = cloud.network("isolated"), nat(cloud)
    cloud.driver.ensure_network(cloud.host, isolated, within=cloud.limit)
    with pytest.raises(Conflict) as inside:
        taken(cloud, isolated)
    assert inside.value.code == "floating_address.no_router"
    spec = cloud.instance(nics=(cloud.nic(isolated),))
    facts = taken(cloud, network)
    mac = spec.nics[0].mac
    with pytest.raises(Conflict) as unreached:
        cloud.driver.associate_floating_address(cloud.host, facts.id, spec.id, mac, within=cloud.limit)
    assert unreached.value.code == "floating_address.no_way"
    for floating_id, instance_id, card, code in (
        (new_id(), spec.id, mac, "floating_address.absent"),
        (facts.id, new_id(), mac, "instance.absent"),
        (facts.id, spec.id, "52:54:00:00:00:00", "floating_address.no_port"),
    ):
        with pytest.raises(NotFound) as absent:
            cloud.driver.associate_floating_address(cloud.host, floating_id, instance_id, card, within=cloud.limit)
        assert absent.value.code == code
    cloud.driver.disassociate_floating_address(cloud.host, new_id(), within=cloud.limit)
    cloud.driver.delete_floating_address(cloud.host, new_id(), within=cloud.limit)
    assert cloud.driver.observe_floating_address(cloud.host, new_id(), within=cloud.limit) is None


def test_the_sweep_takes_ours_alone(cloud: Cloud) -> None:
    network, other = nat(cloud), cloud.other()
    facts = taken(cloud, network)
    (owned,) = cloud.owned(OwnedKind.FLOATING_ADDRESS, facts.id)
    assert [one for one in other.list_owned(cloud.host, within=cloud.limit) if one.id == facts.id] == []
    assert other.observe_floating_address(cloud.host, facts.id, within=cloud.limit) is None
    other.delete_floating_address(cloud.host, facts.id, within=cloud.limit)
    assert cloud.driver.observe_floating_address(cloud.host, facts.id, within=cloud.limit) == facts
    for _ in range(2):
        cloud.driver.delete_owned(owned, within=cloud.limit)
    assert cloud.driver.observe_floating_address(cloud.host, facts.id, within=cloud.limit) is None
