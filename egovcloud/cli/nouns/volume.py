"""Volumes (云硬盘)."""

from egovcloud.cli.declare import Noun, choice, columns, integer, ref, text
from egovcloud.cli.verbs import action, creates, deletes, lists, shows, updates

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
            ref("instance", required=True, within=("project",)),
            slow=True,
            examples=("volume create --name data --project 社会救助 --size-gib 200 --instance web-1 --wait",),
        ),
        updates(text("name")),
        action("attach", ref("instance", required=True, within=("department", "project")), slow=True, many=False),
        action("detach", slow=True),
        action("grow", _SIZE, slow=True, many=False),
        action("release", slow=True, danger=True, confirms=True),
        deletes(slow=True, confirms=True),
    ),
)
