"""Security rules in Neutron's words; pure.

https://docs.openstack.org/api-ref/network/v2/#security-group-rules-security-group-rules
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from egovcloud.drivers.base import RuleSpec
from egovcloud.drivers.openstack.service import Json

ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


class Rule(NamedTuple):
    """One rule as Neutron tells rules apart."""

    direction: str
    ethertype: str
    protocol: str | None
    port_min: int | None
    port_max: int | None
    cidr: str


def wanted(specs: Sequence[RuleSpec]) -> set[Rule]:
    """The rules of a group; without one for egress, egress is open."""
    rules = {_of_spec(spec) for spec in specs}
    if not any(rule.direction == "egress" for rule in rules):
        rules |= {Rule("egress", kind, None, None, None, cidr) for kind, cidr in ANYWHERE.items()}
    return rules


def open_to_all() -> set[Rule]:
    """For ports that no group guards: open, while Neutron still keeps them from spoofing addresses."""
    return {Rule(way, kind, None, None, None, cidr) for way in ("ingress", "egress") for kind, cidr in ANYWHERE.items()}


def _of_spec(spec: RuleSpec) -> Rule:
    protocol = None if spec.protocol == "any" else spec.protocol
    ports = protocol in ("tcp", "udp") and spec.port_min is not None
    low = spec.port_min if ports else None
    high = (spec.port_max if spec.port_max is not None else spec.port_min) if ports else None
    return Rule(spec.direction, "IPv4", protocol, low, high, spec.cidr)


def of_answer(one: Json) -> Rule | None:
    """A rule that Neutron lists; ``None`` for one of a form that we never make (of a group, or of an address group)."""
    if one.get("remote_group_id") or one.get("remote_address_group_id"):
        return None
    kind = str(one["ethertype"])
    return Rule(
        str(one["direction"]),
        kind,
        one.get("protocol"),
        one.get("port_range_min"),
        one.get("port_range_max"),
        str(one.get("remote_ip_prefix") or ANYWHERE.get(kind, "")),
    )


def body(rule: Rule, group_id: str) -> Json:
    """For the creation of ``rule``; anywhere is what Neutron takes for granted."""
    prefix = None if rule.cidr == ANYWHERE[rule.ethertype] else rule.cidr
    return {
        "security_group_id": group_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_ip_prefix": prefix,
    }
