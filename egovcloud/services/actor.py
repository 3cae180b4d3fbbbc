"""Who is calling, and what the tree lets them do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from egovcloud.domain.permissions import ROLES


@dataclass(frozen=True)
class Actor:
    """One caller. ``grants`` are (role, department path); ``scope`` narrows a token to fewer permissions."""

    user_id: str | None
    name: str
    department_path: str = "/"
    grants: tuple[tuple[str, str], ...] = ()
    scope: frozenset[str] | None = None
    address: str = ""
    trace_id: str = ""
    language: str = "zh"
    must_change_password: bool = False
    session_id: str | None = None

    def prefixes(self, permission: str) -> tuple[str, ...]:
        """Department paths under which the permission holds, none of them inside another."""
        if self.scope is not None and permission not in self.scope:
            return ()
        paths = sorted({path for role, path in self.grants if permission in ROLES.get(role, frozenset())})
        return tuple(p for p in paths if not any(p != other and p.startswith(other) for other in paths))

    def may(self, permission: str, path: str) -> bool:
        """Whether the permission holds at the department with this path."""
        return any(path.startswith(prefix) for prefix in self.prefixes(permission))

    def may_anywhere(self, permission: str) -> bool:
        """Whether the permission holds at any department."""
        return bool(self.prefixes(permission))

    def permissions(self) -> frozenset[str]:
        """Every permission that holds somewhere; what a face shows buttons by."""
        held: Iterable[frozenset[str]] = (ROLES.get(role, frozenset()) for role, _ in self.grants)
        union = frozenset().union(*held)
        return union if self.scope is None else union & self.scope


SYSTEM = Actor(user_id=None, name="system", grants=tuple((role, "/") for role in ROLES))
