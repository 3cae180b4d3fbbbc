"""Trees as lines: each node with the branches that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def branches(nodes: Sequence[Any], *child_keys: str, prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(drawn branches, node) for every node in depth-first order; children stand under any of ``child_keys``."""
    for index, node in enumerate(nodes):
        last = index == len(nodes) - 1
        root = prefix == ""
        yield ("" if root else prefix[1:] + ("└─ " if last else "├─ ")), node
        children = [child for key in child_keys for child in node.get(key) or () if isinstance(child, Mapping)]
        # The first character marks "not a root" and is never drawn.
        below = "." if root else prefix + ("   " if last else "│  ")
        yield from branches(children, *child_keys, prefix=below)
