"""Builds the Flask application of the API: every route table of ``api.routes``, and what surrounds each request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

from egovcloud.api import auth, openapi, problems
from egovcloud.api import routes as package
from egovcloud.api.call import Parts
from egovcloud.api.dispatch import view
from egovcloud.api.routing import Route
from egovcloud.domain.ids import new_id
from egovcloud.telemetry.meters import REQUESTS

ROOT = "/api/v1"
log = structlog.get_logger("egovcloud.api")

CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def all_routes() -> list[Route]:
    """Every route of every module in ``api.routes``."""
    modules = [import_module(f"{package.__name__}.{module.name}") for module in iter_modules(package.__path__)]
    return [route for module in modules for route in module.routes.table]


def create(parts: Parts, version: str) -> Flask:
    """The application; the console adds its own routes to it."""
    app = Flask("egovcloud.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = parts.settings.body_limit
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    problems.install(app)
    _surround(app, parts)
    register(app, parts, all_routes())
    app.add_url_rule("/metrics", view_func=app.view_functions["metrics.show_metrics"], endpoint="metrics")
    _describe(app, version)
    return app


def register(app: Flask, parts: Parts, routes: Sequence[Route]) -> None:
    """Put ``routes`` under the API's root."""
    for route in routes:
        rule = ROOT + route.path
        app.add_url_rule(
            rule,
            endpoint=route.name,
            view_func=view(route, parts),
            methods=[route.method],
            provide_automatic_options=False,
        )
    app.extensions.setdefault("egovcloud.routes", []).extend(routes)


def _surround(app: Flask, parts: Parts) -> None:
    @app.before_request
    def _() -> None:
        g.trace_id = new_id()
        g.api_root = ROOT
        g.started = perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=g.trace_id)

    @app.after_request
    def _(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule is not None else "-"
        took = perf_counter() - g.get("started", perf_counter())
        REQUESTS.labels(request.method, rule, response.status_code).observe(took)
        headers = response.headers
        auth.keep_cookie(response, parts)
        headers["X-Trace-Id"] = g.get("trace_id", "")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Content-Security-Policy"] = CSP
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if parts.settings.https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.path.startswith(ROOT):
            headers["Cache-Control"] = "no-store"
            actor = g.get("actor")
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round(took * 1000, 1),
                actor=actor.name if actor is not None else None,
                operation_id=_operation_id(response),
            )
        return response


def _operation_id(response: Response) -> str | None:
    """The operation that the request began: it ties this line to the worker's lines."""
    location = response.headers.get("Location", "")
    return location.rpartition("/")[2] if "/operations/" in location else None


def _describe(app: Flask, version: str) -> None:
    text: list[str] = []

    def describe() -> Response:
        if not text:
            routes = app.extensions["egovcloud.routes"]
            text.append(json.dumps(openapi.document(routes, ROOT, version), ensure_ascii=False))
        return Response(text[0], content_type="application/json")

    app.add_url_rule(f"{ROOT}/openapi.json", endpoint="openapi", view_func=describe, provide_automatic_options=False)
