"""An account with every role, which nobody may have outside of a test."""

from __future__ import annotations

from egovcloud.domain.ids import new_id
from egovcloud.domain.permissions import PERMISSIONS
from egovcloud.services.session import digest
from egovcloud.store.models import Grant, Token, User
from tests.support.town import Town

ROLES = ("operator", "system_admin", "security_admin", "audit_admin", "department_admin")


def holder_of_everything(town: Town) -> str:
    """Its token."""
    secret = "egov_" + "f" * 43
    now = town.house.clock()
    born = {"created_at": now, "updated_at": now}
    user = User(
        id=new_id(),
        username="everything",
        display_name="everything",
        department_id=town.ids["city"],
        password_hash="-",
        must_change_password=False,
        **born,
    )
    town.add(user)
    town.add(*(Grant(user_id=user.id, role=role, department_id=town.ids["city"], **born) for role in ROLES))
    town.add(
        Token(
            user_id=user.id,
            name="fuzz",
            prefix="egov_ffff",
            digest=digest(secret),
            permissions=sorted(PERMISSIONS),
            expires_at=now.replace(year=now.year + 1),
            **born,
        )
    )
    return secret
