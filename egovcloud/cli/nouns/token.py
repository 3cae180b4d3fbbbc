"""Tokens for automation: scoped, with an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.declare import Noun, Param, columns, integer, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.verbs import creates, deletes, lists
from egovcloud.domain.permissions import PERMISSIONS

if TYPE_CHECKING:
    from egovcloud.cli.call import Call


def _permissions(call: Call, value: Any) -> list[str]:
    """Permissions by name; ``instance:*`` and ``*:read`` stand for what they match among those that exist."""
    found: set[str] = set()
    for word in value:
        noun, colon, verb = str(word).partition(":")
        matching = {
            permission
            for permission in PERMISSIONS
            if noun in ("*", permission.partition(":")[0]) and verb in ("*", permission.partition(":")[2])
        }
        if not colon or not matching:
            raise Usage("cli.bad_permission", value=word)
        found |= matching
    if any("*" in str(word) for word in value):
        # A pattern means "what I have of these", never a refusal for what nobody granted.
        session = call.client.get("/session")
        found &= set(session.get("permissions") or ())
    return sorted(found)


NOUN = Noun(
    "token",
    "/tokens",
    columns=columns("name prefix permissions expires=expires_at:time last_used=last_used_at:time id"),
    verbs=(
        lists(),
        creates(
            text("name", required=True),
            Param("permission", many=True, required=True, key="permissions", convert=_permissions, metavar="NOUN:VERB"),
            integer("expires_in_days", default=90, metavar="DAYS"),
            examples=("token create --name inventory --permission '*:read' --expires-in-days 30",),
        ),
        deletes("revoke"),
    ),
)
