"""Zones (可用区/网络区): failure or network domains of a site."""

from egovcloud.cli.declare import Noun, columns, ref, text
from egovcloud.cli.verbs import creates, deletes, lists, shows, updates

NOUN = Noun(
    "zone",
    "/zones",
    columns=columns("name site id"),
    scopes=("site",),
    filters=(ref("site"),),
    verbs=(
        lists(),
        shows(),
        creates(text("name", required=True), ref("site", required=True)),
        updates(text("name")),
        deletes(),
    ),
)
