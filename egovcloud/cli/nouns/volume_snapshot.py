"""Snapshots of volumes (云硬盘快照)."""

from egovcloud.cli.declare import Noun, columns, ref, text
from egovcloud.cli.verbs import creates, deletes, lists, shows

NOUN = Noun(
    "volume-snapshot",
    "/volume-snapshots",
    columns=columns("name state volume size=size_gib:gib project department created=created_at:time id"),
    scopes=("department", "project", "volume"),
    filters=(
        ref("department"),
        ref("project", within=("department",)),
        ref("volume", within=("project",)),
        text("state"),
    ),
    verbs=(
        lists(),
        shows(),
        creates(
            ref("volume", required=True),
            text("name", required=True),
            slow=True,
            examples=("volume-snapshot create --volume data --name 升级前 --wait",),
        ),
        deletes(slow=True),
    ),
)
