"""Users and what they were granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.confirm import confirm
from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, ref, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.values import label
from egovcloud.cli.verbs import TARGET, action, creates, finish, lists, shows, updates
from egovcloud.domain.errors import NotFound
from egovcloud.domain.permissions import ROLES

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

ROLE_NAMES = tuple(ROLES)


def _roles(call: Call, value: Any) -> list[dict[str, str]]:
    """``ROLE`` or ``ROLE@DEPARTMENT`` → grants; without a department it is the user's own."""
    grants = []
    for word in value:
        role, at, place = str(word).partition("@")
        if role not in ROLES:
            raise Usage("cli.bad_choice", option="--role", value=role, choices=", ".join(ROLES))
        department = place if at else str(call.values["department"])
        grants.append({"role": role, "department_id": call.identify("department", department)})
    return grants


def run_grant(call: Call) -> None:
    """A role in a department's subtree."""
    (target,) = call.targets()
    finish(call, [call.send("POST", f"/users/{target['id']}/grants", body=call.body())])


def run_revoke(call: Call) -> None:
    """The grant is found by role and department, because nobody remembers its id."""
    (target,) = call.targets()
    department = call.identify("department", call.values["department"])
    role = call.values["role"]
    answer = call.client.get(f"/users/{target['id']}/grants")
    grants = answer.get("items", []) if isinstance(answer, dict) else answer
    for grant in grants:
        if grant.get("role") == role and (grant.get("department") or {}).get("id") == department:
            if not call.dry_run:
                confirm(call, role)
            finish(call, [call.send("DELETE", f"/users/{target['id']}/grants/{grant['id']}")])
            return
    raise NotFound("cli.no_grant", user=label(target), role=role, department=call.values["department"])


_PLACE = ref("department", required=True)
_ROLE = Param("role", "choice", choices=ROLE_NAMES, argument=True, required=True)

NOUN = Noun(
    "user",
    "/users",
    names=("username",),
    columns=columns("username display_name department state locked:flag last_login=last_login_at:time id"),
    filters=(ref("department"), choice("state", "active", "disabled")),
    sections={"grants": columns("role department id")},
    verbs=(
        lists(),
        shows(),
        creates(
            text("username", required=True),
            text("display_name", required=True),
            ref("department", required=True),
            choice("language", "zh", "en"),
            Param("role", many=True, key="roles", convert=_roles, metavar="ROLE[@DEPARTMENT]"),
            examples=("user create --username zhang --display-name 张三 --department mzj --role member",),
        ),
        updates(text("display_name"), ref("department"), choice("language", "zh", "en")),
        action("disable", danger=True),
        action("enable"),
        action("unlock"),
        action("reset-password", danger=True, many=False),
        Verb("grant", run_grant, (TARGET, _ROLE, _PLACE), writes=True),
        Verb("revoke", run_revoke, (TARGET, _ROLE, _PLACE), writes=True, danger=True),
    ),
)
