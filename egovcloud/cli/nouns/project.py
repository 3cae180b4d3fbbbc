"""Projects (项目) of a department."""

from egovcloud.cli.declare import Noun, columns, ref, text
from egovcloud.cli.verbs import creates, deletes, lists, shows, updates

NOUN = Noun(
    "project",
    "/projects",
    columns=columns("name department description created=created_at:time id"),
    scopes=("department",),
    filters=(ref("department"),),
    verbs=(
        lists(),
        shows(),
        creates(text("name", required=True), ref("department", required=True), text("description")),
        updates(text("name"), text("description")),
        deletes(),
    ),
)
