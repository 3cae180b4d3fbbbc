"""Networks (网络) and their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egovcloud.cli.declare import Noun, Verb, choice, columns, ref, text
from egovcloud.cli.verbs import TARGET, creates, deletes, list_things, lists, shows, updates

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

PORTS = columns("address mac instance")


def run_ports(call: Call) -> None:
    """Who has which address."""
    (target,) = call.targets()
    list_things(call, f"/networks/{target['id']}/ports", PORTS)


NOUN = Noun(
    "network",
    "/networks",
    columns=columns("name mode cidr gateway used=used_addresses total=total_addresses zone department state id"),
    filters=(ref("department"), ref("zone"), choice("mode", "nat", "isolated", "bridged"), text("state")),
    verbs=(
        lists(),
        shows(),
        Verb("ports", run_ports, (TARGET,), lists=True, columns=PORTS),
        creates(
            text("name", required=True),
            choice("mode", "nat", "isolated", "bridged", required=True),
            text("cidr", required=True, metavar="CIDR"),
            text("gateway", metavar="ADDRESS"),
            text("bridge"),
            ref("zone"),
            ref("department"),
            examples=("network create --name office --mode nat --cidr 10.20.0.0/24",),
        ),
        updates(text("name")),
        deletes(slow=True),
    ),
)
