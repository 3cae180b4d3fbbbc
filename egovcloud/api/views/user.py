"""How accounts and what they hold are shown."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.schemas import Answer, Ref


class GrantView(Answer):
    """A role, valid in the subtree of a department."""

    id: str
    role: str
    department: Ref


class UserView(Answer):
    """An account."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    username: str
    display_name: str
    department: Ref
    language: str
    state: str
    locked: bool
    locked_until: datetime | None
    must_change_password: bool
    last_login_at: datetime | None
    grants: list[GrantView]
