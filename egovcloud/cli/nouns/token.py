"""Tokens for automation: scoped, with an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egovcloud.cli.declare import Noun, Param, Verb, columns, integer, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.session import password_session
from egovcloud.cli.verbs import deletes, lists
from egovcloud.domain.permissions import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from egovcloud.cli.call import Call


def run_create(call: Call) -> None:
    """A token begets no token: the password is asked for, and a session that lasts a moment makes it."""
    wanted = [str(word) for word in call.values["permission"]]
    # What is misspelt is said before a password is typed.
    expand(wanted, PERMISSIONS)
    if call.dry_run:
        body = {
            "name": call.values["name"],
            "permissions": sorted(expand(wanted, PERMISSIONS)),
            "expires_in_days": call.values["expires_in_days"],
        }
        call.send("POST", "/tokens", body=body)
        return
    with password_session(call) as opened:
        permissions = sorted(expand(wanted, opened.permissions))
        made = opened.create_token(call.values["name"], permissions, int(call.values["expires_in_days"]))
    call.output.one({"secret": made["secret"], **(made.get("token") or {})}, NOUN.columns)


def expand(words: Sequence[str], held: Sequence[str] | frozenset[str]) -> set[str]:
    """Permissions by name; ``instance:*`` and ``*:read`` stand for what they match among ``held``."""
    found: set[str] = set()
    for word in words:
        noun, colon, verb = word.partition(":")
        matching = {
            permission
            for permission in PERMISSIONS
            if noun in ("*", permission.partition(":")[0]) and verb in ("*", permission.partition(":")[2])
        }
        if not colon or not matching:
            raise Usage("cli.bad_permission", value=word)
        # A pattern means "what I have of these"; a plain name is asked for whether one has it or not.
        found |= matching & set(held) if "*" in word else matching
    return found


NOUN = Noun(
    "token",
    "/tokens",
    searchable=False,
    columns=columns("name prefix permissions:count expires=expires_at:time last_used=last_used_at:time id"),
    verbs=(
        lists(),
        Verb(
            "create",
            run_create,
            (
                text("name", required=True),
                Param("permission", many=True, required=True, metavar="NOUN:VERB"),
                integer("expires_in_days", default=90, metavar="DAYS"),
                text("username", short="-u"),
                Param("password_file", metavar="FILE"),
                Param("new_password_file", metavar="FILE"),
            ),
            writes=True,
            examples=("token create --name inventory --permission '*:read' --expires-in-days 30",),
        ),
        deletes("revoke"),
    ),
)
