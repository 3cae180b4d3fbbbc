"""Departments (委办局/处室): the tenant tree."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Code, Id, Name, Ref
from egovcloud.services import department as service

routes = Routes("departments")


class DepartmentCreate(Body):
    """A department to add; ``code`` never changes."""

    parent_id: Id
    code: Code
    name: Name
    kind: Literal["district", "bureau", "office"]


class DepartmentUpdate(Body):
    name: Name


class DepartmentView(Answer):
    """A node of the tenant tree; ``path`` is made of the codes from the root."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    parent_id: str | None
    parent: Ref | None
    code: str
    name: str
    kind: str
    path: str


class DepartmentNode(Answer):
    """A node with those below it; ``instances`` counts the whole subtree."""

    id: str
    code: str
    name: str
    kind: str
    path: str
    instances: int
    children: list[DepartmentNode]


@routes.get("/departments", permission="department:read", listing=service.LISTING)
def list_departments(call: Call, query: ListParams) -> Page[DepartmentView]:
    """Departments that I may see."""
    return Page[DepartmentView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/departments/tree", permission="department:read")
def show_tree(call: Call) -> list[DepartmentNode]:
    """The same as a tree."""
    return [DepartmentNode.of(node) for node in service.tree(call.house, call.actor)]


@routes.get("/departments/<department_id>", permission="department:read")
def show_department(call: Call, department_id: str) -> DepartmentView:
    """One department."""
    return DepartmentView.of(service.get(call.house, call.actor, department_id))


@routes.post("/departments", permission="department:create", status=201)
def create_department(call: Call, body: DepartmentCreate) -> DepartmentView:
    """Add a department under another one."""
    return DepartmentView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/departments/<department_id>", permission="department:update")
def update_department(call: Call, department_id: str, body: DepartmentUpdate) -> DepartmentView:
    """Rename a department."""
    return DepartmentView.of(service.rename(call.house, call.actor, department_id, name=body.name))
