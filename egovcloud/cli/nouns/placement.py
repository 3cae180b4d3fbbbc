"""Placement: where a machine would go, and why not elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Verb, columns, integer, ref, text
from egovcloud.cli.failures import Usage

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

HOSTS = columns("host accepted:flag score why")


def run_preview(call: Call) -> None:
    """Every host with its reasons. It asks and changes nothing."""
    values = call.values
    if not values.get("flavor") and not (values.get("vcpus") and values.get("memory_mib")):
        raise Usage("cli.placement.shape")
    answer = call.client.request("POST", "/placement/preview", body=call.body()).data
    show_hosts(call, answer["items"] if isinstance(answer, Mapping) else answer)


def show_hosts(call: Call, hosts: list[Any]) -> None:
    """Hosts with the reasons that spoke against them, or for the accepted ones all of them."""
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(hosts)
        return
    call.output.rows([{**host, "why": why(host)} for host in hosts], HOSTS)


def why(host: Mapping[str, Any]) -> str:
    """The sentences of the reasons; for a refused host only what refused it."""
    reasons = [reason for reason in host.get("reasons") or [] if isinstance(reason, Mapping)]
    against = [reason for reason in reasons if reason.get("ok") is False]
    chosen = against if against and not host.get("accepted") else reasons
    return "; ".join(str(reason.get("text") or reason.get("filter") or reason.get("weigher")) for reason in chosen)


NOUN = Noun(
    "placement",
    "/placement",
    columns=HOSTS,
    verbs=(
        Verb(
            "preview",
            run_preview,
            (
                ref("flavor"),
                integer("vcpus"),
                integer("memory_mib", metavar="MIB"),
                integer("disk_gib", metavar="GIB"),
                ref("zone"),
                text("anti_affinity", metavar="GROUP"),
            ),
            columns=HOSTS,
            examples=("placement preview --flavor large", "placement preview --vcpus 8 --memory-mib 32768"),
        ),
    ),
)
