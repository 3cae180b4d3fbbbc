"""Security groups (安全组): who may talk to an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, columns, ref, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.verbs import creates, deletes, lists, shows, updates

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

_WORDS = (("ingress", "egress"), ("tcp", "udp", "icmp", "any"))


def _rules(call: Call, value: Any) -> list[dict[str, Any]]:
    """Rules out of ``DIRECTION,PROTOCOL,PORT_MIN,PORT_MAX,CIDR`` or, for one port, ``DIRECTION,PROTOCOL,PORT,CIDR``."""
    return [rule(str(text)) for text in value if str(text) != "none"]


def rule(text: str) -> dict[str, Any]:
    """One rule; empty ports mean every port."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 4:
        parts.insert(3, parts[2])
    if len(parts) != 5 or any(part not in words for part, words in zip(parts, _WORDS, strict=False)):
        raise Usage("cli.bad_rule", value=text)
    direction, protocol, low, high, cidr = parts
    if any(port and not (port.isascii() and port.isdigit()) for port in (low, high)) or not cidr:
        raise Usage("cli.bad_rule", value=text)
    return {
        "direction": direction,
        "protocol": protocol,
        "port_min": int(low) if low else None,
        "port_max": int(high) if high else None,
        "cidr": cidr,
    }


_RULE = Param("rule", many=True, key="rules", convert=_rules, metavar="RULE")

NOUN = Noun(
    "security-group",
    "/security-groups",
    columns=columns("name project department state description id"),
    scopes=("department", "project"),
    filters=(ref("department"), ref("project", within=("department",)), text("state")),
    sections={"rules": columns("direction protocol port_min port_max cidr")},
    verbs=(
        lists(),
        shows(),
        creates(
            text("name", required=True),
            ref("project", required=True),
            text("description", default=""),
            _RULE,
            examples=(
                "security-group create --name web --project 社会救助 --rule ingress,tcp,22,22,10.0.0.0/8"
                " --rule ingress,tcp,443,443,0.0.0.0/0",
            ),
        ),
        updates(
            Param("rule", many=True, required=True, key="rules", convert=_rules, metavar="RULE"),
            name="set-rules",
            method="PUT",
            suffix="/rules",
            slow=True,
            examples=("security-group set-rules web --rule ingress,tcp,22,10.0.0.0/8",),
        ),
        updates(text("name"), text("description")),
        deletes(slow=True),
    ),
)
