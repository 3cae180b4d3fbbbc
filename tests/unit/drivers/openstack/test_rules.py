"""Rules, subnets and networks in Neutron's words."""

from __future__ import annotations

import pytest

from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import NetworkSpec, RuleSpec
from egovcloud.drivers.openstack import networks, rules, subnets

NETWORK = NetworkSpec(new_id(), "政务外网", "nat", "10.1.2.0/24", "10.1.2.1")


def test_egress_is_open_unless_listed() -> None:
    assert {rule.direction for rule in rules.wanted([])} == {"egress"}
    assert {rule.ethertype for rule in rules.wanted([])} == {"IPv4", "IPv6"}
    listed = rules.wanted([RuleSpec("egress", "tcp", 443, 443, "10.0.0.0/8")])
    assert [(rule.protocol, rule.port_min, rule.cidr) for rule in listed] == [("tcp", 443, "10.0.0.0/8")]


@pytest.mark.parametrize(
    "spec",
    [
        RuleSpec("ingress", "tcp", 22, 22),
        RuleSpec("ingress", "udp", 53),
        RuleSpec("ingress", "icmp"),
        RuleSpec("ingress", "any", None, None, "192.168.0.0/16"),
        RuleSpec("egress", "tcp", 1, 65535),
    ],
)
def test_what_neutron_lists_of_a_rule_is_the_rule(spec: RuleSpec) -> None:
    (rule,) = [one for one in rules.wanted([spec]) if one.direction == spec.direction]
    sent = rules.body(rule, "group")
    assert rules.of_answer({**sent, "id": "1", "remote_group_id": None}) == rule
    assert rule.port_max == (spec.port_max or spec.port_min)


def test_rule_of_another_form_is_never_taken_for_ours() -> None:
    sent = rules.body(next(iter(rules.wanted([RuleSpec("ingress", "tcp", 22, 22)]))), "group")
    assert rules.of_answer({**sent, "remote_group_id": "another"}) is None


@pytest.mark.parametrize("cidr", ["10.1.2.0/24", "10.1.2.0/30", "10.1.0.0/16"])
def test_neutron_chooses_from_the_end_of_the_range_alone(cidr: str) -> None:
    spec = NetworkSpec(new_id(), "n", "nat", cidr, str(cidr.split("/")[0][:-1] + "1"))
    body = subnets.body(spec, "net", "mark")
    pools = [pool["start"] for pool in body["allocation_pools"]]
    assert 0 < len(pools) <= subnets.SPARE
    assert spec.gateway not in pools


def test_modes_of_a_network() -> None:
    isolated = subnets.body(NetworkSpec(new_id(), "n", "isolated", "10.1.2.0/24", "10.1.2.1"), "net", "mark")
    bridged = subnets.body(NetworkSpec(new_id(), "n", "bridged", "10.1.2.0/24", "10.1.2.1", "physnet1"), "net", "mark")
    nat = subnets.body(NETWORK, "net", "mark")
    assert (isolated["gateway_ip"], isolated["enable_dhcp"]) == (None, True)
    assert (bridged["gateway_ip"], bridged["enable_dhcp"]) == ("10.1.2.1", False)
    assert (nat["gateway_ip"], nat["enable_dhcp"]) == ("10.1.2.1", True)


@pytest.mark.parametrize(
    ("bridge", "expected"),
    [
        ("physnet1", {"provider:physical_network": "physnet1", "provider:network_type": "flat"}),
        (
            "physnet1:100",
            {
                "provider:physical_network": "physnet1",
                "provider:network_type": "vlan",
                "provider:segmentation_id": 100,
            },
        ),
    ],
)
def test_bridge_is_a_physical_network(bridge: str, expected: dict[str, object]) -> None:
    spec = NetworkSpec(new_id(), "n", "bridged", "10.1.2.0/24", "10.1.2.1", bridge)
    body = networks.body(spec, "mark")
    assert {key: value for key, value in body.items() if key.startswith("provider:")} == expected
    assert not [key for key in networks.body(NETWORK, "mark") if key.startswith("provider:")]
