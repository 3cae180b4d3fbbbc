"""Projects (项目)."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Patch, Ref, Text
from egovcloud.services import project as service

routes = Routes("projects")


class ProjectCreate(Body):
    department_id: Id
    name: Name
    description: Text = ""


class ProjectUpdate(Patch):
    name: Name = ""
    description: Text = ""


class ProjectView(Answer):
    """An e-government project; every resource belongs to one."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    description: str
    department: Ref


@routes.get("/projects", permission="project:read", listing=service.LISTING)
def list_projects(call: Call, query: ListParams) -> Page[ProjectView]:
    """Projects of my subtree."""
    return Page[ProjectView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/projects/<project_id>", permission="project:read")
def show_project(call: Call, project_id: str) -> ProjectView:
    """One project."""
    return ProjectView.of(service.get(call.house, call.actor, project_id))


@routes.post("/projects", permission="project:create", status=201)
def create_project(call: Call, body: ProjectCreate) -> ProjectView:
    """Open a project of a department."""
    return ProjectView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/projects/<project_id>", permission="project:update")
def update_project(call: Call, project_id: str, body: ProjectUpdate) -> ProjectView:
    """Change a project's name or description."""
    return ProjectView.of(service.update(call.house, call.actor, project_id, **body.values()))


@routes.delete("/projects/<project_id>", permission="project:delete")
def delete_project(call: Call, project_id: str) -> None:
    """Close a project without instances, volumes, buckets, security groups and open requests."""
    service.delete(call.house, call.actor, project_id)
