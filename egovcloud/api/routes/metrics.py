"""The control plane's own figures, for Prometheus."""

from __future__ import annotations

from flask import Response

from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import TextAnswer
from egovcloud.services import metrics as service

routes = Routes("metrics")


@routes.get("/metrics", permission="metrics:read")
def show_metrics(call: Call) -> TextAnswer:
    """Operations by state and age, calls to clouds, requests, hosts and storage; also at /metrics, as scrapers ask."""
    text = service.exposition(call.house, call.actor)
    return Response(text, content_type=service.CONTENT_TYPE)  # type: ignore[return-value]
