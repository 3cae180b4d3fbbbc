"""Networks, filters, pools and volumes: valid by libvirt's schemas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.drivers.base import NetworkSpec, RuleSpec, SecurityGroupSpec
from egovcloud.drivers.libvirt import network_xml, nwfilter_xml, pool_xml
from egovcloud.drivers.libvirt.config import PoolConfig
from egovcloud.drivers.libvirt.markup import legal, parse, read_mark, render
from egovcloud.drivers.libvirt.naming import Naming

from .examples import HOSTILE, INSTANCE, NAT, NETWORK, WEB, complaints

NAMES = Naming("centre")
NETWORKS = [
    NAT,
    replace(NAT, mode="isolated"),
    replace(NAT, mode="bridged", bridge="br-gov"),
    replace(NAT, cidr="192.0.2.129/25", gateway="192.0.2.129"),
]


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: f"{spec.mode}-{spec.cidr}")
def test_every_mode_is_valid(spec: NetworkSpec) -> None:
    assert complaints("network", network_xml.network(spec, NAMES)) == ""


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_network_of_any_name_is_valid_and_marked(name: str) -> None:
    document = network_xml.network(replace(NAT, name=name), NAMES)
    assert complaints("network", document) == ""
    marker = read_mark(parse(render(document)))
    assert marker is not None
    assert (marker.installation, marker.kind, marker.id) == ("centre", "network", NETWORK)
    assert marker.get("name") == legal(name)


def test_only_reservations_are_served() -> None:
    document = network_xml.network(NAT, NAMES)
    assert document.find("ip/dhcp/range") is None
    assert network_xml.reservations(document) == {network_xml.NOBODY: NAT.gateway}
    entry = network_xml.reservation("52:54:00:AA:00:01", "10.20.0.9")
    assert (entry.get("mac"), entry.get("ip"), entry.get("name")) == ("52:54:00:aa:00:01", "10.20.0.9", None)


def test_spanning_tree_is_off_and_the_bridge_name_fits_the_kernel() -> None:
    bridge = network_xml.network(NAT, NAMES).find("bridge")
    assert bridge is not None
    assert bridge.get("stp") == "off"
    assert 0 < len(bridge.get("name", "").encode()) <= 15


def test_group_is_valid_and_says_what_its_rules_say() -> None:
    document = nwfilter_xml.group(WEB, NAMES)
    assert complaints("nwfilter", document) == ""
    rules = document.findall("rule")
    assert len(rules) == len(WEB.rules)
    assert {rule.get("action") for rule in rules} == {"accept"}
    web, ports, name, ping, host, out = [next(iter(rule)) for rule in rules]
    assert web.attrib == {"dstportstart": "443", "dstportend": "443"}
    assert ports.attrib == {
        "srcipaddr": "10.0.0.0",
        "srcipmask": "8",
        "dstportstart": "8000",
        "dstportend": "8100",
    }
    assert name.attrib == {"dstportstart": "53", "dstportend": "53"}
    assert (ping.tag, dict(ping.attrib)) == ("icmp", {})
    assert (host.tag, host.get("srcipaddr"), host.get("srcipmask")) == ("all", "192.0.2.7", "32")
    assert (out.get("dstipaddr"), out.get("srcipaddr"), rules[-1].get("direction")) == ("203.0.113.0", None, "out")


@pytest.mark.parametrize("groups", [[], ["egov-a"], ["egov-a", "egov-b"]], ids=len)
@pytest.mark.parametrize("closed", [False, True])
def test_port_drops_what_no_group_allows(groups: list[str], closed: bool) -> None:
    document = nwfilter_xml.port("egov-port", groups, closed_egress=closed)
    assert complaints("nwfilter", document) == ""
    last = {
        rule.get("direction"): rule.get("action")
        for rule in sorted(document.iterfind("rule"), key=lambda rule: int(rule.get("priority", "0")))
        if rule.find("all") is not None
    }
    assert last == ({} if not groups else {"in": "drop", "out": "drop" if closed else "accept"})
    assert [node.get("filter") for node in document.iterfind("filterref")] == groups


def test_port_cannot_pretend_to_be_another() -> None:
    document = nwfilter_xml.port("egov-port", [], closed_egress=False)
    checks = [next(iter(rule)).attrib for rule in document.iterfind("rule[@action='drop'][@direction='out']")]
    assert {"match": "no", "srcmacaddr": "$MAC"} in checks
    assert {"match": "no", "srcipaddr": "$IP"} in checks
    assert {"match": "no", "arpsrcipaddr": "$IP"} in checks


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp", "any"])
@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "10.1.2.3/32", "10.1.2.3/8"])
def test_every_kind_of_rule_is_valid(direction: str, protocol: str, cidr: str) -> None:
    spec = replace(WEB, rules=(RuleSpec(direction, protocol, 1, 65535, cidr), RuleSpec(direction, protocol)))
    assert complaints("nwfilter", nwfilter_xml.group(spec, NAMES)) == ""


POOLS = [
    PoolConfig("dir", "/var/lib/libvirt/images"),
    PoolConfig("logical", "/dev/vg_cloud", "vg_cloud"),
    PoolConfig("netfs", "/mnt/cloud", "/export/cloud", ("nas1.gov.cn",), "nfs"),
    PoolConfig("netfs", "/mnt/cloud", "volume", ("gl1",), "glusterfs"),
    PoolConfig("rbd", source="cloud", source_hosts=("mon1", "mon2"), auth_user="egov", auth_secret=INSTANCE),
]


@pytest.mark.parametrize("config", POOLS, ids=lambda config: f"{config.kind}-{config.source_format}")
def test_every_kind_of_pool_is_valid(config: PoolConfig) -> None:
    assert complaints("storagepool", pool_xml.pool("cloud", config)) == ""


def test_which_pools_hold_files_and_which_are_seen_by_other_hosts() -> None:
    assert [(pool.files, pool.seen_elsewhere) for pool in POOLS] == [
        (True, False),
        (False, False),
        (True, True),
        (True, True),
        (False, True),
    ]
    assert PoolConfig("dir", "/mnt/nas", shared=True).seen_elsewhere


@pytest.mark.parametrize("backing", [None, ("/pool/image.disk", "qcow2")])
@pytest.mark.parametrize("format_", ["qcow2", "raw"])
@pytest.mark.parametrize("allocation", [None, 0, 1 << 30])
def test_every_volume_is_valid(format_: str, backing: tuple[str, str] | None, allocation: int | None) -> None:
    document = pool_xml.volume("egov-v", 1 << 30, format_, backing=backing, allocation=allocation)
    assert complaints("storagevol", document) == ""


@pytest.mark.parametrize(
    "told",
    [
        (),
        (RuleSpec("ingress", "tcp", 22, 22, "10.0.0.0/8"), RuleSpec("ingress", "icmp")),
        (RuleSpec("ingress", "udp", 5000, 5010), RuleSpec("egress", "any", None, None, "192.168.1.0/24")),
    ],
)
def test_rules_are_read_back_as_they_were_told(told: tuple[RuleSpec, ...]) -> None:
    group = SecurityGroupSpec("11111111-2222-4333-8444-555555555555", "g", told)
    assert nwfilter_xml.rules_of(nwfilter_xml.group(group, Naming("ours"))) == told


def test_a_rule_that_we_never_make_is_told_in_its_own_words() -> None:
    document = parse("<filter><rule action='drop' direction='in'><sctp/></rule></filter>")
    assert nwfilter_xml.rules_of(document) == (RuleSpec("ingress", "drop-sctp"),)
