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
    """The sentences that matter: for a refused host what refused it, for the others what ranked them."""
    reasons = [reason for reason in host.get("reasons") or [] if isinstance(reason, Mapping)]
    wanted = [reason for reason in reasons if reason.get("weigher")] if host.get("accepted") else refusals(host)
    return " ".join(str(reason.get("text") or reason.get("weigher") or reason.get("filter")) for reason in wanted)


def refusals(host: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The reasons that spoke against a host."""
    return [reason for reason in host.get("reasons") or [] if isinstance(reason, Mapping) and reason.get("ok") is False]


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
