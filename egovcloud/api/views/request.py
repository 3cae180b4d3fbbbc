"""How requests and approvals are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from egovcloud.api.schemas import Answer, Ref


class RequestView(Answer):
    """A self-service ask (服务申请)."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    number: str
    title: str
    purpose: str
    department: Ref
    project: Ref
    application: Ref | None
    requester: Ref | None
    items: list[dict[str, Any]]
    state: str
    operation_id: str | None
    submitted_at: datetime | None
    closed_at: datetime | None


class ApprovalView(Answer):
    """One step of the chain; ``may_decide`` says whether the caller may decide it now."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    round: int
    position: int
    level: str
    department: Ref
    state: str
    decided_by: Ref | None
    decided_at: datetime | None
    comment: str
    may_decide: bool


class ApprovalOfRequest(ApprovalView):
    """An approval with the request that it decides on."""

    request: RequestView


class QuotaCheck(Answer):
    """What one quota says to an ask; a department above one's own appears only when it refuses, without its numbers."""

    department: Ref
    resource: str
    limit: int | None
    used: int
    asked: int
    after: int
    ok: bool


class Made(Answer):
    """Something that the request made."""

    id: str
    name: str
    state: str


class RequestDetail(RequestView):
    """A request with who decides, what it asks of every quota, and what it made."""

    approvals: list[ApprovalView]
    quota: list[QuotaCheck]
    instances: list[Made]
    volumes: list[Made]
    buckets: list[Made]
