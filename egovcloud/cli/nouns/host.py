"""Hosts (宿主机): hypervisors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Verb, choice, columns, ref
from egovcloud.cli.tree import branches
from egovcloud.cli.verbs import action, lists, shows
from egovcloud.domain.lifecycle import HOST

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

TREE = columns(
    "name state health vcpus_allocated vcpus memory_allocated=memory_allocated_mib:mib memory=memory_mib:mib"
    " instances id"
)
# The tree names each level differently; whichever is there holds the next one.
_LEVELS = ("zones", "host_pools", "hosts", "children")


def run_tree(call: Call) -> None:
    """Site, zone, host pool, host: a line each."""
    tree = call.client.get("/hosts/tree")
    nodes = tree if isinstance(tree, list) else tree.get("items") or tree.get("sites") or [tree]
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(nodes)
        return
    call.output.rows(list(_lines(nodes, call.output.format == "table")), TREE)


def _lines(nodes: list[Any], drawn: bool) -> Iterator[Mapping[str, Any]]:
    for prefix, node in branches(nodes, *_LEVELS):
        count = node.get("instances")
        yield {
            **node,
            "name": (prefix if drawn else "") + str(node.get("name") or ""),
            "instances": count if count is not None else node.get("instances_count"),
        }


NOUN = Noun(
    "host",
    "/hosts",
    columns=columns(
        "name state health host_pool vcpus vcpus_allocated memory=memory_mib:mib"
        " memory_allocated=memory_allocated_mib:mib hypervisor id"
    ),
    scopes=("host_pool",),
    filters=(
        ref("zone"),
        ref("host_pool"),
        ref("provider"),
        choice("state", *HOST.states),
        choice("health", "up", "down", "unknown"),
    ),
    verbs=(
        lists(),
        shows(),
        Verb("tree", run_tree, columns=TREE),
        action("enable"),
        action("drain", slow=True, examples=("host drain kvm-07 --wait",)),
        action("disable", danger=True),
    ),
)
