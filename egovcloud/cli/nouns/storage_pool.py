"""Storage pools (存储池): where disks lie."""

from egovcloud.cli.declare import Noun, columns, ref
from egovcloud.cli.verbs import lists, shows

NOUN = Noun(
    "storage-pool",
    "/storage-pools",
    columns=columns(
        "name host kind tier shared:flag capacity=capacity_gib:gib used=used_gib:gib allocated=allocated_gib:gib id"
    ),
    scopes=("host",),
    filters=(ref("host"),),
    verbs=(lists(), shows()),
)
