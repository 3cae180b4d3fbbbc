"""Networks and security groups: what is refused, and that the refusal helps."""

from __future__ import annotations

from typing import Any

from tests.support.town import Town

NETWORKS: list[tuple[dict[str, Any], str]] = [
    ({"cidr": "10.1.0.1/24"}, "network.cidr"),
    ({"cidr": "10.1.0.0/24x"}, "network.cidr"),
    ({"cidr": "10.1.0.0/30"}, "network.prefix"),
    ({"cidr": "8.8.8.0/24"}, "network.private"),
    ({"cidr": "127.0.0.0/24"}, "network.private"),
    ({"cidr": "224.0.0.0/24", "mode": "bridged", "bridge": "br0"}, "network.special"),
    ({"gateway": "10.2.0.1"}, "network.gateway"),
    ({"gateway": "10.1.0.0"}, "network.gateway"),
    ({"gateway": "10.1.0.255"}, "network.gateway"),
    ({"mode": "bridged"}, "network.bridge"),
    ({"bridge": "br0"}, "network.bridge"),
    ({"mode": "bridged", "bridge": "br0; reboot"}, "network.bridge"),
    ({"cidr": "10.0.2.0/24"}, "network.overlap"),
]


def test_networks_are_refused(town: Town) -> None:
    for change, code in NETWORKS:
        body = {"name": "n", "mode": "nat", "cidr": "10.1.0.0/24", **change}
        status, found, sentence = town.operator.refused("POST", "/networks", body)
        assert (status, found) == (409 if code == "network.overlap" else 422, code), change
        assert "{" not in sentence
    assert town.operator.names("/networks") == {"shared"}


def test_overlap_counts_within_a_zone_and_not_on_bridges(town: Town) -> None:
    body = {"name": "a", "mode": "isolated", "cidr": "10.9.0.0/24", "zone_id": town.ids["zone"]}
    first = town.operator.call("POST", "/networks", body).get_json()
    assert (first["gateway"], first["total_addresses"], first["used_addresses"]) == ("10.9.0.1", 253, 0)
    assert town.operator.refused("POST", "/networks", {**body, "name": "b"})[1] == "network.overlap"
    everywhere = {"name": "c", "mode": "nat", "cidr": "10.9.0.0/25"}
    assert town.operator.refused("POST", "/networks", everywhere)[1] == "network.overlap"
    site = town.ids["site"]
    other = town.root.call("POST", "/zones", {"site_id": site, "name": "互联网区"}).get_json()
    assert town.operator.call("POST", "/networks", {**body, "name": "d", "zone_id": other["id"]}).status_code == 201
    bridged = {"name": "e", "mode": "bridged", "bridge": "br0", "cidr": "10.9.0.0/24"}
    assert town.operator.call("POST", "/networks", bridged).get_json()["bridge"] == "br0"


def test_a_network_in_use_stays(town: Town) -> None:
    town.machine("civil-web")
    path = f"/networks/{town.ids['network']}"
    shown = town.civil_member.get(path)
    assert (shown["used_addresses"], shown["total_addresses"]) == (1, 1021)
    status, code, sentence = town.operator.refused("DELETE", path)
    assert (status, code) == (409, "network.used")
    assert "1 port" in sentence
    assert town.operator.get(path)["state"] == "active"
    made = town.operator.call("POST", "/networks", {"name": "x", "mode": "nat", "cidr": "10.7.0.0/24"}).get_json()
    assert town.operator.call("DELETE", f"/networks/{made['id']}").get_json()["kind"] == "network.delete"
    assert town.civil_member.refused("DELETE", path)[0] == 403


RULES: list[tuple[dict[str, Any], str]] = [
    ({"protocol": "icmp", "port_min": 1, "port_max": 2}, "security_rule.no_ports"),
    ({"protocol": "any", "port_max": 2}, "security_rule.no_ports"),
    ({"protocol": "tcp", "port_min": 90, "port_max": 80}, "security_rule.ports"),
    ({"protocol": "tcp", "port_min": 90}, "security_rule.ports"),
    ({"protocol": "tcp", "cidr": "10.0.0.1/8"}, "security_rule.cidr"),
    ({"protocol": "tcp", "cidr": "everywhere"}, "security_rule.cidr"),
    ({"protocol": "gre"}, "input.invalid"),
    ({"protocol": "tcp", "port_min": 0, "port_max": 2}, "input.invalid"),
]


def test_rules_are_refused(town: Town) -> None:
    good = {"direction": "ingress", "protocol": "tcp", "port_min": 22, "port_max": 22}
    for rule, code in RULES:
        rules = [good, {"direction": "ingress", **rule}]
        body = {"project_id": town.ids["project:civil"], "name": "g", "rules": rules}
        response = town.civil_member.call("POST", "/security-groups", body)
        problem = response.get_json()
        assert (response.status_code, problem["code"]) == (422, code), rule
        assert problem["errors"][0]["field"].startswith("rules[1]")
    assert town.civil_member.names("/security-groups") == set()


def test_rules_are_replaced_as_a_whole(town: Town) -> None:
    rule = {"direction": "ingress", "protocol": "tcp", "port_min": 443, "port_max": 443, "cidr": "10.0.0.0/8"}
    body = {"project_id": town.ids["project:civil"], "name": "web", "rules": [rule]}
    made = town.civil_member.call("POST", "/security-groups", body).get_json()
    path = f"/security-groups/{made['id']}"
    assert made["rules"] == [rule]
    assert town.civil_member.refused("POST", "/security-groups", body)[:2] == (409, "name.taken")
    assert town.market_admin.refused("PUT", f"{path}/rules", {"rules": []})[0] == 404
    answer = town.civil_member.call("PUT", f"{path}/rules", {"rules": []}, If_Match='"1"')
    assert (answer.status_code, answer.get_json()["kind"]) == (202, "security_group.apply")
    shown = town.civil_member.get(path)
    assert (shown["rules"], shown["state"]) == ([], "applying")
    busy = town.civil_member.refused("PUT", f"{path}/rules", {"rules": [rule]})
    assert busy[:2] == (409, "state.refused")
