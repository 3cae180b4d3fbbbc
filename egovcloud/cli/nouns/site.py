"""Sites (站点): data centres."""

from egovcloud.cli.declare import Noun, columns, text
from egovcloud.cli.verbs import creates, deletes, lists, shows, updates

NOUN = Noun(
    "site",
    "/sites",
    columns=columns("name description id"),
    verbs=(
        lists(),
        shows(),
        creates(text("name", required=True), text("description")),
        updates(text("name"), text("description")),
        deletes(),
    ),
)
