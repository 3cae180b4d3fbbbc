"""Accounts and their roles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Patch
from egovcloud.api.views.user import GrantView, UserView
from egovcloud.domain.permissions import ROLES
from egovcloud.services import grant as grants
from egovcloud.services import user as service

routes = Routes("users")

Username = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,63}$", max_length=64)]
Role = Annotated[str, StringConstraints(pattern="^({})$".format("|".join(ROLES)), max_length=32)]


class GrantCreate(Body):
    """A role to give, in the subtree of a department."""

    role: Role
    department_id: Id


class UserCreate(Body):
    username: Username
    display_name: Name
    department_id: Id
    language: Literal["zh", "en"] = "zh"
    roles: Annotated[list[GrantCreate], Field(max_length=16)] = []


class UserUpdate(Patch):
    display_name: Name = ""
    department_id: Id = ""
    language: Literal["zh", "en"] = "zh"


class UserCreated(Answer):
    """A new account and its one-time password, which is shown this once."""

    user: UserView
    one_time_password: str


class OneTimePassword(Answer):
    """Shown this once; must be changed at the next sign-in."""

    one_time_password: str


@routes.get("/users", permission="user:read", listing=service.LISTING)
def list_users(call: Call, query: ListParams) -> Page[UserView]:
    """Accounts in my subtree."""
    items, page = service.page_of(call.house, call.actor, query.query())
    return Page[UserView].showing(items, page)


@routes.post("/users", permission="user:create", status=201, location="/users/{id}")
def create_user(call: Call, body: UserCreate) -> UserCreated:
    """Make an account; its one-time password is in the answer and nowhere else."""
    shown, password = service.create(
        call.house,
        call.parts.passwords,
        call.actor,
        username=body.username,
        display_name=body.display_name,
        department_id=body.department_id,
        language=body.language,
        roles=[(grant.role, grant.department_id) for grant in body.roles],
    )
    return UserCreated(user=UserView.of(shown), one_time_password=password)


@routes.get("/users/<user_id>", permission="user:read")
def show_user(call: Call, user_id: str) -> UserView:
    """One account."""
    return UserView.of(service.get(call.house, call.actor, user_id))


@routes.patch("/users/<user_id>", permission="user:update")
def update_user(call: Call, user_id: str, body: UserUpdate) -> UserView:
    """Change display name, department or language."""
    return UserView.of(service.update(call.house, call.actor, user_id, **body.values()))


@routes.post("/users/<user_id>/disable", permission="user:disable")
def disable_user(call: Call, user_id: str) -> UserView:
    """Keep an account out; its sessions end now."""
    return UserView.of(service.disable(call.house, call.actor, user_id))


@routes.post("/users/<user_id>/enable", permission="user:disable")
def enable_user(call: Call, user_id: str) -> UserView:
    """Let an account in again."""
    return UserView.of(service.enable(call.house, call.actor, user_id))


@routes.post("/users/<user_id>/unlock", permission="user:unlock")
def unlock_user(call: Call, user_id: str) -> UserView:
    """Forget failed sign-ins of an account."""
    return UserView.of(service.unlock(call.house, call.actor, user_id))


@routes.post("/users/<user_id>/reset-password", permission="user:update")
def reset_password(call: Call, user_id: str) -> OneTimePassword:
    """Give an account a new one-time password; its sessions and tokens end."""
    password = service.reset_password(call.house, call.parts.passwords, call.actor, user_id)
    return OneTimePassword(one_time_password=password)


@routes.get("/users/<user_id>/grants", permission="grant:read")
def list_grants(call: Call, user_id: str) -> list[GrantView]:
    """The roles of an account."""
    return [GrantView.of(shown) for shown in grants.list_of(call.house, call.actor, user_id)]


@routes.post("/users/<user_id>/grants", permission="grant:create", status=201)
def create_grant(call: Call, user_id: str, body: GrantCreate) -> GrantView:
    """Give a role."""
    return GrantView.of(grants.create(call.house, call.actor, user_id, body.role, body.department_id))


@routes.delete("/users/<user_id>/grants/<grant_id>", permission="grant:delete")
def delete_grant(call: Call, user_id: str, grant_id: str) -> None:
    """Take a role away."""
    grants.delete(call.house, call.actor, user_id, grant_id)
