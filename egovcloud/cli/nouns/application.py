"""Applications (业务系统): what citizens and officials use."""

from egovcloud.cli.declare import Noun, columns, integer, ref, text
from egovcloud.cli.verbs import creates, lists, shows, updates

_ABOUT = (
    text("description"),
    integer("protection_level", metavar="1-5"),
    integer("recovery_level", metavar="0-6"),
    text("owner"),
    text("contact"),
)

NOUN = Noun(
    "application",
    "/applications",
    columns=columns("name project department protection_level recovery_level owner id"),
    scopes=("department", "project"),
    filters=(ref("department"), ref("project", within=("department",))),
    verbs=(
        lists(),
        shows(),
        creates(text("name", required=True), ref("project", required=True), *_ABOUT),
        updates(text("name"), *_ABOUT),
    ),
)
