"""Zones (可用区/网络区): failure or network domains of a site."""

from egovcloud.cli.declare import Noun, columns, ref
from egovcloud.cli.verbs import lists, shows

NOUN = Noun(
    "zone",
    "/zones",
    columns=columns("name site id"),
    scopes=("site",),
    filters=(ref("site"),),
    verbs=(lists(), shows()),
)
