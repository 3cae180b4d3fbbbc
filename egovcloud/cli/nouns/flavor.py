"""Flavors (规格): the sizes that instances come in."""

from egovcloud.cli.declare import Noun, columns, integer, switch, text
from egovcloud.cli.verbs import creates, deletes, lists, shows, updates

NOUN = Noun(
    "flavor",
    "/flavors",
    columns=columns("name vcpus memory=memory_mib:mib disk=disk_gib:gib enabled:flag id"),
    filters=(switch("enabled"),),
    verbs=(
        lists(),
        shows(),
        creates(
            text("name", required=True),
            integer("vcpus", required=True),
            integer("memory_mib", required=True, metavar="MIB"),
            integer("disk_gib", required=True, metavar="GIB"),
            examples=("flavor create --name small --vcpus 2 --memory-mib 4096 --disk-gib 20",),
        ),
        updates(switch("enabled")),
        deletes(),
    ),
)
