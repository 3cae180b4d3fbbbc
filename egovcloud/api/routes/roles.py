"""What each role may do."""

from __future__ import annotations

from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer
from egovcloud.domain.permissions import EXCLUSIVE_ROLES, ROLES

routes = Routes("roles")


class RoleView(Answer):
    """A role. ``exclusive``: one account holds at most one of these (三员分立)."""

    role: str
    permissions: list[str]
    exclusive: bool


@routes.get("/roles", signed_in=True)
def list_roles(call: Call) -> list[RoleView]:
    """Every role with its permissions."""
    return [
        RoleView(role=role, permissions=sorted(permissions), exclusive=role in EXCLUSIVE_ROLES)
        for role, permissions in ROLES.items()
    ]
