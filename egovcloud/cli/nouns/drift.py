"""Drift (漂移): where a cloud differs from what is desired, the remedies, and the policy of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, ref, text
from egovcloud.cli.verbs import action, finish, lists, shows
from egovcloud.domain.drift import KINDS, NOUNS, POLICIES
from egovcloud.domain.lifecycle import DRIFT

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

POLICY_COLUMNS = columns("kind title policy default allowed")


def run_policies(call: Call) -> None:
    """Every kind, in the order of the table."""
    answer = call.client.get("/drift-policies")
    call.output.rows(answer["items"] if isinstance(answer, dict) else answer, POLICY_COLUMNS)


def run_set_policy(call: Call) -> None:
    """One kind's policy."""
    kind = call.values["kind"]
    finish(call, [call.send("PUT", f"/drift-policies/{kind}", body={"policy": call.values["policy"]})])


NOUN = Noun(
    "drift",
    "/drifts",
    names=("id",),
    columns=columns("title state subject department host since:time looks policy remedies id"),
    filters=(
        choice("state", *DRIFT.states),
        choice("kind", *KINDS),
        choice("subject_type", *NOUNS),
        text("subject_id", metavar="ID"),
        ref("department"),
        ref("provider"),
    ),
    sections={"desired": columns("name value"), "observed": columns("name value")},
    verbs=(
        lists(examples=("drift list --state open", "drift list --kind instance.vcpus")),
        shows(),
        action("accept"),
        action("repair", slow=True),
        Verb("policies", run_policies, columns=POLICY_COLUMNS),
        Verb(
            "set-policy",
            run_set_policy,
            (
                Param("kind", argument=True, required=True, choices=tuple(KINDS)),
                Param("policy", argument=True, required=True, choices=POLICIES),
            ),
            writes=True,
            examples=("drift set-policy volume.grown accept",),
        ),
    ),
)
