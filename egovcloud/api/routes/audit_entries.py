"""The audit trail (审计)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Ref
from egovcloud.services import audit as service

routes = Routes("audit-entries")


class AuditEntryView(Answer):
    """Who did what, when, from where, and whether it was allowed; never changed."""

    id: str
    at: datetime
    actor_id: str | None
    actor_name: str
    department: Ref | None
    action: str
    subject_type: str
    subject_id: str | None
    subject_name: str
    outcome: str
    code: str
    address: str
    trace_id: str
    data: dict[str, Any]


@routes.get("/audit-entries", permission="audit:read", listing=service.LISTING)
def list_audit_entries(call: Call, query: ListParams) -> Page[AuditEntryView]:
    """The trail of my subtree, newest first."""
    return Page[AuditEntryView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/audit-entries/<audit_entry_id>", permission="audit:read")
def show_audit_entry(call: Call, audit_entry_id: str) -> AuditEntryView:
    """One entry."""
    return AuditEntryView.of(service.get(call.house, call.actor, audit_entry_id))
