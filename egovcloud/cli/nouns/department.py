"""Departments (委办局/处室): the tenant tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Verb, choice, columns, ref, text
from egovcloud.cli.tree import branches
from egovcloud.cli.verbs import creates, lists, shows, updates

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

KINDS = ("city", "district", "bureau", "office")
TREE = columns("name code kind instances id")


def run_tree(call: Call) -> None:
    """The whole visible tree, a department a line."""
    tree = call.client.get("/departments/tree")
    nodes = tree if isinstance(tree, list) else [tree]
    if call.output.format in ("json", "yaml") and not call.output.chosen:
        call.output.data(nodes)
        return
    call.output.rows(list(_lines(nodes, call.output.format == "table")), TREE)


def _lines(nodes: list[Any], drawn: bool) -> Iterator[Mapping[str, Any]]:
    for prefix, node in branches(nodes, "children"):
        yield {**node, "name": (prefix if drawn else "") + str(node.get("name") or "")}


NOUN = Noun(
    "department",
    "/departments",
    names=("code", "name"),
    columns=columns("code name kind parent id"),
    filters=(ref("parent", "department"), choice("kind", *KINDS)),
    verbs=(
        lists(),
        shows(),
        Verb("tree", run_tree, columns=TREE),
        creates(
            text("name", required=True),
            text("code", required=True),
            choice("kind", *KINDS, required=True),
            ref("parent", "department", required=True),
            examples=("department create --name 民政局 --code mzj --kind bureau --parent city",),
        ),
        updates(text("name")),
    ),
)
