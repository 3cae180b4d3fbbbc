"""Snapshots (快照) of an instance's disks."""

from egovcloud.cli.declare import Noun, columns, flag, ref, text
from egovcloud.cli.verbs import action, creates, deletes, lists, shows

NOUN = Noun(
    "snapshot",
    "/snapshots",
    columns=columns("name state instance external:flag quiesced:flag department created=created_at:time id"),
    scopes=("department", "instance"),
    filters=(ref("department"), ref("instance", within=("department",)), text("state")),
    verbs=(
        lists(),
        shows(),
        creates(
            ref("instance", required=True),
            text("name", required=True),
            flag("external"),
            flag("quiesce"),
            slow=True,
        ),
        action("revert", slow=True, danger=True, many=False),
        deletes(slow=True),
    ),
)
