"""Sessions: who is signed in where, and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egovcloud.cli.confirm import confirm
from egovcloud.cli.declare import Noun, Verb, columns, ref
from egovcloud.cli.verbs import TARGET, deletes, finish, lists

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

COLUMNS = columns("username user address agent created=created_at:time last_seen=last_seen_at:time current:flag id")


def run_mine(call: Call) -> None:
    """Where I am signed in myself."""
    answer = call.client.get("/own-sessions")
    call.output.rows(answer["items"] if isinstance(answer, dict) else answer, COLUMNS)


def run_end(call: Call) -> None:
    """A session of mine that was left open somewhere."""
    (target,) = call.targets()
    if not call.dry_run:
        confirm(call, str(target["id"]))
    finish(call, [call.send("DELETE", f"/own-sessions/{target['id']}")])


NOUN = Noun(
    "session",
    "/sessions",
    names=("id",),
    searchable=False,
    columns=COLUMNS,
    filters=(ref("user"), ref("department")),
    verbs=(
        lists(),
        deletes("revoke"),
        Verb("mine", run_mine),
        Verb("end", run_end, (TARGET,), writes=True, danger=True),
    ),
)
