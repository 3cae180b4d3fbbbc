"""Roles: what each of them permits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egovcloud.cli.declare import Noun, Verb, columns

if TYPE_CHECKING:
    from egovcloud.cli.call import Call


def run_list(call: Call) -> None:
    """All roles; there are few, so there are no pages."""
    answer = call.client.get("/roles")
    call.output.rows(answer["items"] if isinstance(answer, dict) else answer, NOUN.columns)


NOUN = Noun("role", "/roles", names=("role",), columns=columns("role permissions"), verbs=(Verb("list", run_list),))
