"""Events as they happen (text/event-stream, WHATWG HTML "Server-sent events")."""

from __future__ import annotations

from typing import Annotated

from flask import Response, request
from pydantic import StringConstraints

from egovcloud.api import auth
from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Id, Query, TextAnswer
from egovcloud.domain.errors import Transient

routes = Routes("event-stream")


class StreamQuery(Query):
    """Only events of this subject, of this operation, or of this type."""

    subject_id: Id | None = None
    operation_id: Id | None = None
    type: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


@routes.get("/events/stream", permission="event:read", media_type="text/event-stream")
def follow_events(call: Call, query: StreamQuery) -> TextAnswer:
    """Follow events live; send Last-Event-ID to resume without a gap."""
    stream = call.parts.stream
    if stream is None:
        raise Transient("stream.full", retry_after=5.0)
    wanted = {name: value for name, value in query.model_dump().items() if value is not None}
    lines = stream.follow(auth.recheck(call.parts), wanted, request.headers.get("Last-Event-ID"))
    # Proxies must pass on every line at once.
    headers = {"X-Accel-Buffering": "no"}
    return Response(lines, content_type="text/event-stream; charset=utf-8", headers=headers)  # type: ignore[return-value]
