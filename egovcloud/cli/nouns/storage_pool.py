"""Storage pools (存储池): where disks lie."""

from egovcloud.cli.declare import Noun, columns, ref, switch, text
from egovcloud.cli.verbs import lists, shows, updates

NOUN = Noun(
    "storage-pool",
    "/storage-pools",
    columns=columns(
        "name host kind tier shared:flag capacity=capacity_gib:gib used=used_gib:gib allocated=allocated_gib:gib id"
    ),
    scopes=("host",),
    filters=(ref("host"), text("kind"), text("tier"), switch("shared")),
    verbs=(lists(), shows(), updates(text("tier"))),
)
