"""Networks (网络) and their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Verb, choice, columns, ref, text
from egovcloud.cli.language import say
from egovcloud.cli.verbs import TARGET, creates, deletes, list_things, lists, shows, updates

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

PORTS = columns("address mac instance")
APPLICATIONS = columns("application project department instances networks")


def run_ports(call: Call) -> None:
    """Who has which address."""
    (target,) = call.targets()
    list_things(call, f"/networks/{target['id']}/ports", PORTS)


def run_topology(call: Call) -> None:
    """Which application has machines in which network."""
    department = call.values.get("department")
    asked = {"department_id": call.identify("department", str(department))} if department else {}
    found: dict[str, Any] = call.client.get("/topology", asked)
    names = {one["id"]: one["name"] for one in found["networks"]}
    for row in found["applications"]:
        row["networks"] = [{**one, "name": names[one["id"]]} for one in row["networks"]]
    call.output.rows(found["applications"], APPLICATIONS)
    if found["total"] > len(found["applications"]):
        call.output.note(say("cli.part", shown=len(found["applications"]), total=found["total"]))


NOUN = Noun(
    "network",
    "/networks",
    columns=columns("name mode cidr gateway used=used_addresses total=total_addresses zone department state id"),
    filters=(ref("department"), ref("zone"), choice("mode", "nat", "isolated", "bridged"), text("state")),
    verbs=(
        lists(),
        shows(),
        Verb("ports", run_ports, (TARGET,), lists=True, columns=PORTS),
        Verb("topology", run_topology, (ref("department"),), columns=APPLICATIONS),
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
