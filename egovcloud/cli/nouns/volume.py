"""Volumes (云硬盘)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, choice, columns, integer, ref, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.verbs import action, creates, deletes, lists, shows, updates

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

SOURCES = {"from_volume": "volume", "from_snapshot": "volume_snapshot"}


def _source(name: str) -> Param:
    """``--from-volume`` or ``--from-snapshot``, of which one may be given."""
    kind = SOURCES[name]

    def convert(call: Call, value: Any) -> dict[str, str]:
        if all(call.values.get(one) for one in SOURCES):
            raise Usage("cli.one_source", options=", ".join(f"--{one.replace('_', '-')}" for one in SOURCES))
        return {"kind": kind, "id": call.identify(kind.replace("_", "-"), str(value))}

    return ref(name, kind.replace("_", "-"), key="source", convert=convert)


_SIZE = integer("size_gib", required=True, metavar="GIB")

NOUN = Noun(
    "volume",
    "/volumes",
    columns=columns("name state size=size_gib:gib instance device project department storage_pool id"),
    scopes=("department", "project"),
    filters=(
        ref("department"),
        ref("project", within=("department",)),
        ref("application", within=("project",)),
        ref("instance", within=("project",)),
        ref("request"),
        text("state", metavar="STATE[,STATE]"),
        ref("host"),
        ref("storage_pool"),
        choice("adopted", "true", "false"),
    ),
    verbs=(
        lists(),
        shows(),
        creates(
            text("name", required=True),
            ref("project", required=True),
            ref("application", within=("project",)),
            _SIZE,
            ref("instance", within=("project",)),
            _source("from_volume"),
            _source("from_snapshot"),
            slow=True,
            examples=(
                "volume create --name data --project 社会救助 --size-gib 200 --instance web-1 --wait",
                "volume create --name 测试数据 --project 社会救助 --size-gib 200 --from-volume data --wait",
            ),
        ),
        updates(text("name")),
        action("attach", ref("instance", required=True, within=("department", "project")), slow=True, many=False),
        action("detach", slow=True),
        action("grow", _SIZE, slow=True, many=False),
        action("release", slow=True, danger=True, confirms=True),
        deletes(slow=True, confirms=True),
    ),
)
