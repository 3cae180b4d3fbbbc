"""Applications (业务系统)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Patch, Ref, Text
from egovcloud.services import application as service

routes = Routes("applications")

ProtectionLevel = Annotated[int, Field(ge=1, le=5, description="等保 (GB/T 22239)")]
RecoveryLevel = Annotated[int, Field(ge=0, le=6, description="容灾 (GB/T 20988)")]
Line = Annotated[str, StringConstraints(max_length=120)]


class ApplicationCreate(Body):
    project_id: Id
    name: Name
    description: Text = ""
    protection_level: ProtectionLevel = 2
    recovery_level: RecoveryLevel = 1
    owner: Line = ""
    contact: Line = ""


class ApplicationUpdate(Patch):
    name: Name = ""
    description: Text = ""
    protection_level: ProtectionLevel = 2
    recovery_level: RecoveryLevel = 1
    owner: Line = ""
    contact: Line = ""


class ApplicationView(Answer):
    """What citizens or officials use; ``instances`` counts the machines that it runs on."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    description: str
    protection_level: int
    recovery_level: int
    owner: str
    contact: str
    project: Ref
    department: Ref
    instances: int


@routes.get("/applications", permission="application:read", listing=service.LISTING)
def list_applications(call: Call, query: ListParams) -> Page[ApplicationView]:
    """Applications of my subtree."""
    return Page[ApplicationView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/applications/<application_id>", permission="application:read")
def show_application(call: Call, application_id: str) -> ApplicationView:
    """One application."""
    return ApplicationView.of(service.get(call.house, call.actor, application_id))


@routes.post("/applications", permission="application:create", status=201)
def create_application(call: Call, body: ApplicationCreate) -> ApplicationView:
    """Register an application of a project."""
    return ApplicationView.of(service.create(call.house, call.actor, **body.values()))


@routes.patch("/applications/<application_id>", permission="application:update")
def update_application(call: Call, application_id: str, body: ApplicationUpdate) -> ApplicationView:
    """Change what is registered of an application."""
    return ApplicationView.of(service.update(call.house, call.actor, application_id, **body.values()))
