"""Quotas (配额) at every node of the tree."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Patch, Ref
from egovcloud.api.views.quota import QuotaNode, QuotaView
from egovcloud.services import quota as service

routes = Routes("quotas")

Limit = Annotated[int, Field(ge=0, le=service.MAX_LIMIT)] | None


class Limits(Patch):
    """Limits to set; null leaves a resource to the departments above, what is not named stays."""

    instances: Limit = None
    vcpus: Limit = None
    memory_mib: Limit = None
    volume_gib: Limit = None
    addresses: Limit = None
    buckets: Limit = None
    object_gib: Limit = None


class QuotaUpdate(Body):
    limits: Limits


class LedgerView(Answer):
    """One movement; reservations and commitments sum up to what the quota shows as used."""

    id: str
    at: datetime
    movement: str
    department: Ref
    resource: str
    reserved: int
    committed: int
    subject_type: str
    subject_id: str


@routes.get("/quotas/tree", permission="quota:read")
def show_tree(call: Call) -> list[QuotaNode]:
    """Limits and use of every department that I may see."""
    return [QuotaNode.of(node) for node in service.tree(call.house, call.actor)]


@routes.get("/quotas/<department_id>", permission="quota:read")
def show_quota(call: Call, department_id: str) -> QuotaView:
    """Limits and use of one department."""
    return QuotaView.of(service.get(call.house, call.actor, department_id))


@routes.put("/quotas/<department_id>", permission="quota:set")
def set_quota(call: Call, department_id: str, body: QuotaUpdate) -> QuotaView:
    """Set limits; whoever may set them at the department above divides what that one has."""
    return QuotaView.of(service.set_limits(call.house, call.actor, department_id, body.limits.values()))


@routes.get("/quotas/<department_id>/ledger", permission="quota:read", listing=service.LEDGER)
def list_movements(call: Call, department_id: str, query: ListParams) -> Page[LedgerView]:
    """Every movement in a department's subtree, newest first."""
    return Page[LedgerView].of(service.movements(call.house, call.actor, department_id, query.query()))
