"""Security groups (安全组)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Patch, Ref, Text
from egovcloud.api.views.operation import OperationView
from egovcloud.services import operation_view as operations
from egovcloud.services import security_group as service

routes = Routes("security-groups")

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Rule(Body):
    """What may come in or go out; without ports, all of them. Ports belong to tcp and udp."""

    direction: Literal["ingress", "egress"]
    protocol: Literal["tcp", "udp", "icmp", "any"]
    port_min: PortNumber | None = None
    port_max: PortNumber | None = None
    cidr: Annotated[str, StringConstraints(min_length=9, max_length=18)] = "0.0.0.0/0"


Rules = Annotated[list[Rule], Field(max_length=service.MAX_RULES)]


class SecurityGroupCreate(Body):
    project_id: Id
    name: Name
    description: Text = ""
    rules: Rules = []


class SecurityGroupUpdate(Patch):
    name: Name = ""
    description: Text = ""


class RulesUpdate(Body):
    """All rules of the group; those that are not named are gone."""

    rules: Rules


class RuleView(Answer):
    """One rule."""

    direction: str
    protocol: str
    port_min: int | None
    port_max: int | None
    cidr: str


class SecurityGroupView(Answer):
    """A set of rules; what no rule allows does not come in. ``instances`` counts those that it guards."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    description: str
    state: str
    project: Ref
    department: Ref
    rules: list[RuleView]
    instances: int


@routes.get("/security-groups", permission="security_group:read", listing=service.LISTING)
def list_security_groups(call: Call, query: ListParams) -> Page[SecurityGroupView]:
    """Security groups of my subtree."""
    return Page[SecurityGroupView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/security-groups/<security_group_id>", permission="security_group:read")
def show_security_group(call: Call, security_group_id: str) -> SecurityGroupView:
    """One security group."""
    return SecurityGroupView.of(service.get(call.house, call.actor, security_group_id))


@routes.post("/security-groups", permission="security_group:create", status=201)
def create_security_group(call: Call, body: SecurityGroupCreate) -> SecurityGroupView:
    """Make a group in a project."""
    values = {**body.values(), "rules": [rule.values() for rule in body.rules]}
    return SecurityGroupView.of(service.create(call.house, call.actor, **values))


@routes.patch("/security-groups/<security_group_id>", permission="security_group:update")
def update_security_group(call: Call, security_group_id: str, body: SecurityGroupUpdate) -> SecurityGroupView:
    """Change a group's name or description."""
    return SecurityGroupView.of(service.update(call.house, call.actor, security_group_id, **body.values()))


@routes.put("/security-groups/<security_group_id>/rules", permission="security_group:update", status=202)
def set_rules(call: Call, security_group_id: str, body: RulesUpdate) -> OperationView:
    """Replace all rules, on every host where the group guards something."""
    rules = [rule.values() for rule in body.rules]
    operation = service.set_rules(call.house, call.actor, security_group_id, rules)
    return OperationView.of(operations.show(call.house, call.actor, operation.id))


@routes.delete("/security-groups/<security_group_id>", permission="security_group:delete", status=202)
def delete_security_group(call: Call, security_group_id: str) -> OperationView:
    """Remove a group that guards nothing any more."""
    operation = service.delete(call.house, call.actor, security_group_id)
    return OperationView.of(operations.show(call.house, call.actor, operation.id))
