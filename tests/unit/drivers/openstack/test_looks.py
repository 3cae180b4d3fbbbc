"""What the services' lists say of our things (shapes of the API reference), and what they do not say."""

from __future__ import annotations

from typing import Any

from egovcloud.drivers.base import RuleSpec
from egovcloud.drivers.openstack import looks, rules
from egovcloud.drivers.openstack.marker import Marker, name_metadata
from egovcloud.drivers.survey import FOREIGN, GroupLook, NetworkLook, NicLook, VolumeLook

ID = "11111111-2222-4333-8444-{:012d}"
MARKER = Marker("ours")
SERVER: dict[str, Any] = {
    "id": "nova-1",
    "name": "web",
    "status": "ACTIVE",
    "tags": [MARKER.tag, MARKER.server_tag(ID.format(1))],
    "metadata": name_metadata("web"),
    "flavor": {"vcpus": 2, "ram": 2048, "disk": 20},
    "image": {"id": "glance-1"},
}


def lists(**more: list[Any]) -> looks.Lists:
    found: dict[str, list[Any]] = {
        "servers": [SERVER],
        "volumes": [],
        "volume_snapshots": [],
        "images": [{"id": "glance-1", **MARKER.properties("image", ID.format(2))}],
        "networks": [{"id": "net-1", "description": MARKER.description("network", ID.format(3))}],
        "subnets": [],
        "groups": [
            {"id": "sg-1", "description": MARKER.description("security_group", ID.format(4))},
            {"id": "sg-open", "description": MARKER.description("open", ID.format(0))},
        ],
        "ports": [],
    }
    return looks.Lists(MARKER, **{**found, **more})


def port(**more: Any) -> dict[str, Any]:
    return {
        "mac_address": "52:54:00:AA:00:01",
        "fixed_ips": [{"ip_address": "10.0.0.5"}],
        "network_id": "net-1",
        "security_groups": ["sg-1"],
        **more,
    }


def test_a_server_is_told_by_the_lists_alone() -> None:
    look = looks.instance(lists(), SERVER, [port()])
    assert (look.vcpus, look.memory_mib, look.disk_gib, look.image) == (2, 2048, 20, ID.format(2))
    assert look.name == look.given_name == "web"
    assert look.nics == (NicLook("52:54:00:aa:00:01", "10.0.0.5", ID.format(3), (ID.format(4),)),)
    assert looks.instance(lists(), {**SERVER, "name": "other"}, []).name == "other"


def test_between_two_sizes_a_server_has_none() -> None:
    look = looks.instance(lists(), {**SERVER, "status": "VERIFY_RESIZE"}, [])
    assert (look.vcpus, look.memory_mib, look.disk_gib) == (None, None, None)


def test_what_is_not_ours_is_foreign_and_the_group_of_no_group_is_nobody_s() -> None:
    look = looks.instance(lists(), SERVER, [port(network_id="net-9", security_groups=["sg-open"])])
    assert look.nics == (NicLook("52:54:00:aa:00:01", "10.0.0.5", FOREIGN, ()),)
    look = looks.instance(lists(), SERVER, [port(security_groups=["sg-9"])])
    assert look.nics is not None
    assert look.nics[0].groups == (FOREIGN,)


def test_a_volume_is_at_its_server_or_free_and_in_between_at_nobody_s() -> None:
    held = {"size": 5, "status": "in-use", "attachments": [{"server_id": "nova-1"}]}
    assert looks.volume(lists(), held) == VolumeLook(5, ID.format(1))
    assert looks.volume(lists(), {**held, "attachments": [{"server_id": "nova-9"}]}) == VolumeLook(5, FOREIGN)
    assert looks.volume(lists(), {"size": 5, "status": "available", "attachments": []}) == VolumeLook(5, "")
    assert looks.volume(lists(), {**held, "status": "detaching"}) == VolumeLook(5, None)


def test_a_network_is_told_by_its_subnet() -> None:
    subnet = {"network_id": "net-1", "cidr": "10.0.0.0/24", "gateway_ip": "10.0.0.1", "enable_dhcp": True}
    one: dict[str, Any] = {"id": "net-1"}
    assert looks.network(lists(subnets=[subnet]), one) == NetworkLook("nat", "10.0.0.0/24", "10.0.0.1", "")
    closed = {**subnet, "gateway_ip": None}
    assert looks.network(lists(subnets=[closed]), one) == NetworkLook("isolated", "10.0.0.0/24", None, "")
    wire = {**one, "provider:physical_network": "physnet1", "provider:network_type": "vlan"}
    bridged = looks.network(
        lists(subnets=[{**subnet, "enable_dhcp": False}]), {**wire, "provider:segmentation_id": 100}
    )
    assert bridged == NetworkLook("bridged", "10.0.0.0/24", "10.0.0.1", "physnet1:100")
    assert looks.network(lists(), one).cidr == FOREIGN


def test_rules_come_back_as_they_were_told() -> None:
    for told in (
        (),
        (RuleSpec("ingress", "tcp", 22, 22, "10.0.0.0/8"), RuleSpec("ingress", "icmp")),
        (RuleSpec("ingress", "any"), RuleSpec("egress", "udp", 53, 53)),
        (RuleSpec("egress", "any"),),
    ):
        listed = [{"id": str(n), **rules.body(rule, "sg-1")} for n, rule in enumerate(rules.wanted(told))]
        look = looks.group({"security_group_rules": listed})
        assert look.rules is not None
        assert set(look.rules) == set(told)
    other = [{"remote_group_id": "sg-9", "direction": "ingress", "ethertype": "IPv4"}]
    assert looks.group({"security_group_rules": other}) == GroupLook(
        (RuleSpec("ingress", "group", None, None, FOREIGN),)
    )
