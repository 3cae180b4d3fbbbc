"""Floating addresses (浮动地址)."""

from egovcloud.cli.declare import Noun, columns, ref, text
from egovcloud.cli.verbs import action, creates, deletes, lists, shows

NOUN = Noun(
    "floating-address",
    "/floating-addresses",
    names=("address",),
    columns=columns("address state instance fixed_address network project department provider id"),
    scopes=("department", "project"),
    filters=(
        ref("department"),
        ref("project", within=("department",)),
        ref("instance", within=("project",)),
        ref("network"),
        ref("provider"),
        text("state", metavar="STATE[,STATE]"),
    ),
    verbs=(
        lists(),
        shows(),
        creates(
            ref("project", required=True),
            ref("instance", within=("project",)),
            ref("network"),
            ref("provider"),
            slow=True,
            examples=("floating-address create --project 社会救助 --instance web-1 --wait",),
        ),
        action("associate", ref("instance", required=True, within=("department", "project")), slow=True, many=False),
        action("disassociate", slow=True, danger=True),
        deletes(slow=True),
    ),
)
