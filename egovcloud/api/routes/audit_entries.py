"""The audit trail (审计)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Ref, TextAnswer
from egovcloud.services import audit as service
from egovcloud.services import audit_export as export

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


@routes.get("/audit-entries.csv", permission="audit:export", listing=service.LISTING, media_type="text/csv")
def export_csv(call: Call, query: ListParams) -> TextAnswer:
    """The trail of my subtree as a table for a spreadsheet, oldest first; paging and order do not apply."""
    return _file(call, query, "csv", "text/csv; charset=utf-8")


@routes.get(
    "/audit-entries.jsonl", permission="audit:export", listing=service.LISTING, media_type="application/x-ndjson"
)
def export_jsonl(call: Call, query: ListParams) -> TextAnswer:
    """The trail of my subtree, one JSON object a line, oldest first; paging and order do not apply."""
    return _file(call, query, "jsonl", "application/x-ndjson")


def _file(call: Call, query: ListParams, form: str, content_type: str) -> TextAnswer:
    lines = export.lines(call.house, call.actor, query.query(), form)
    name = f"audit-{call.house.clock():%Y%m%d-%H%M%S}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, content_type=content_type, headers=headers)  # type: ignore[return-value]
