"""Operations (作业) and their steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from egovcloud.cli.declare import Noun, Verb, choice, columns, integer, ref, text
from egovcloud.cli.verbs import TARGETS, action, lists, shows
from egovcloud.domain.lifecycle import OPERATION

if TYPE_CHECKING:
    from egovcloud.cli.call import Call


def run_wait(call: Call) -> None:
    """Until all of them have ended; the first failure is the exit code."""
    from egovcloud.cli.wait import failure_of, follow

    timeout = call.values.get("timeout")
    deadline = time.monotonic() + float(timeout) if timeout else None
    ended = [follow(call.client, str(target["id"]), deadline, timeout) for target in call.targets()]
    if len(ended) == 1:
        call.output.one(ended[0], NOUN.columns, NOUN.sections)
    else:
        call.output.rows(ended, NOUN.columns)
    for operation in ended:
        failure = failure_of(operation)
        if failure is not None:
            raise failure


NOUN = Noun(
    "operation",
    "/operations",
    searchable=False,
    names=("id",),
    columns=columns(
        "id kind state subject requested_by progress:progress created=created_at:time finished=finished_at:time"
    ),
    filters=(
        choice("state", *OPERATION.states),
        text("kind"),
        ref("department"),
        ref("requested_by", "user", key="requested_by"),
        ref("parent", "operation"),
        text("subject_type"),
        text("subject_id", metavar="ID"),
    ),
    sections={
        "steps": columns("position name state attempts started=started_at:time finished=finished_at:time error"),
        "children": columns("id kind state subject error"),
    },
    verbs=(
        lists(examples=("operation list --state running,queued", "operation list --state failed --sort -created_at")),
        shows(),
        Verb("wait", run_wait, (TARGETS, integer("timeout", default=900, metavar="SECONDS", body=False))),
        action("retry", slow=True),
        action("cancel", slow=True),
    ),
)
