"""Approvals (审批): what waits for whom, and the chain that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, flag, ref
from egovcloud.cli.failures import Usage
from egovcloud.cli.verbs import finish, lists

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

LEVELS = ("office", "bureau", "district", "centre")
LEVEL_COLUMNS = columns("position level")


def run_levels(call: Call) -> None:
    """The chain as it is."""
    answer = call.client.get("/approval-levels")
    call.output.rows(answer["items"] if isinstance(answer, dict) else answer, LEVEL_COLUMNS)


def run_set_levels(call: Call) -> None:
    """Replace the chain, first level first."""
    body: list[dict[str, Any]] = []
    for position, level in enumerate(call.values["level"], start=1):
        if level not in LEVELS:
            raise Usage("cli.bad_choice", option="LEVEL", value=level, choices=", ".join(LEVELS))
        body.append({"position": position, "level": level})
    finish(call, [call.send("PUT", "/approval-levels", body=body)])


NOUN = Noun(
    "approval",
    "/approvals",
    names=("id",),
    searchable=False,
    columns=columns(
        "request=request.number title=request.title state level department decided_by decided=decided_at:time id"
    ),
    filters=(
        choice("state", "waiting", "pending", "approved", "rejected", "returned", "void"),
        choice("level", *LEVELS),
        ref("request"),
        ref("decided_by", "user", key="decided_by"),
        flag("mine", convert=lambda call, value: "true"),
    ),
    verbs=(
        lists(examples=("approval list --mine --state pending",)),
        Verb("levels", run_levels, columns=LEVEL_COLUMNS),
        Verb(
            "set-levels",
            run_set_levels,
            (Param("level", many=True, argument=True, required=True, choices=LEVELS),),
            writes=True,
            examples=("approval set-levels office bureau centre",),
        ),
    ),
)
