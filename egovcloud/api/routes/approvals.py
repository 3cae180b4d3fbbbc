"""Approvals (审批) as a list of their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.paging import FilterText, ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.views.request import ApprovalOfRequest
from egovcloud.services import approval_view as service

routes = Routes("approvals")


class ApprovalsQuery(ListParams):
    """``mine`` leaves those that I may decide now."""

    state: FilterText | None = None
    level: FilterText | None = None
    request_id: FilterText | None = None
    decided_by: FilterText | None = None
    mine: Annotated[bool, Field(description="Only what I may decide now.")] = False


@routes.get("/approvals", permission="request:read")
def list_approvals(call: Call, query: ApprovalsQuery) -> Page[ApprovalOfRequest]:
    """What waits for a decision, and what was decided."""
    shown = service.page_of(call.house, reader(call), query.query(), mine=query.mine)
    return Page[ApprovalOfRequest].of(shown)
