"""Host pools (资源池): groups of like hosts with their overcommit."""

from egovcloud.cli.declare import Noun, Param, columns, ref, text
from egovcloud.cli.verbs import creates, deletes, lists, shows, updates

RATIOS = tuple(Param(name, "number", metavar="RATIO") for name in ("vcpu_ratio", "memory_ratio", "disk_ratio"))

NOUN = Noun(
    "host-pool",
    "/host-pools",
    columns=columns("name zone vcpu_ratio memory_ratio disk_ratio id"),
    scopes=("zone",),
    filters=(ref("zone"),),
    verbs=(
        lists(),
        shows(),
        creates(text("name", required=True), ref("zone", required=True), *RATIOS),
        updates(text("name"), *RATIOS),
        deletes(),
    ),
)
