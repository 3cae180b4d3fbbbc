"""The API's own description (OpenAPI 3.1), made from the route table: every answer that is possible is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from egovcloud.api.problems import TITLES, ProblemDocument
from egovcloud.api.routing import Route
from egovcloud.api.schemas import Patch, TextAnswer

JSON = "application/json"
PROBLEM = "application/problem+json"
BYTES = "application/octet-stream"
REF = "#/components/schemas/{model}"


def document(routes: Iterable[Route], root: str, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of ``routes`` under ``root``."""
    table = sorted(routes, key=lambda route: (route.path, route.method))
    schemas = _schemas(table)
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        path = root + re.sub(r"<(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "egovcloud",
            "version": version,
            "description": "Control plane of a government computing centre. Slow work answers 202 with the "
            "operation's address; lists page by cursor; failures are problem documents (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "egov_session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                "token": {"type": "http", "scheme": "bearer", "description": "A scoped token (egov_…)."},
            },
            "responses": {
                str(status): {
                    "description": title[0],
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
                }
                for status, title in TITLES.items()
            },
        },
    }


def _schemas(table: list[Route]) -> dict[str, Any]:
    wanted: list[tuple[type[BaseModel], Any]] = [(ProblemDocument, "serialization")]
    for route in table:
        if route.body is not None:
            wanted.append((route.body, "validation"))
    _, top = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    schemas: dict[str, Any] = dict(top.get("$defs", {}))
    for route in table:
        if route.body is not None and issubclass(route.body, Patch):
            # What was not sent stays as it is: there is no value that stands for it.
            for field in schemas[route.body.__name__]["properties"].values():
                field.pop("default", None)
    for route in table:
        if route.answer is not None and route.answer is not TextAnswer:
            schema = TypeAdapter(route.answer).json_schema(mode="serialization", ref_template=REF)
            schemas.update(schema.pop("$defs", {}))
            if "title" in schema and schema.get("type") == "object":
                schemas[_answer_name(schema["title"])] = schema
    return schemas


def _answer_name(title: str) -> str:
    return re.sub(r"\W+", "_", title).strip("_")


def _answer_schema(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = TypeAdapter(route.answer).json_schema(mode="serialization", ref_template=REF)
    schema.pop("$defs", None)
    name = _answer_name(schema.get("title", ""))
    return {"$ref": REF.format(model=name)} if name in schemas else schema


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": list(_parameters(route)),
        "responses": {str(route.status): _success(route, schemas)}
        | {str(status): {"$ref": f"#/components/responses/{status}"} for status in problems_of(route)},
        "security": [] if route.public else [{"session": [], "csrf": []}, {"token": []}],
    }
    if not route.public and route.method == "GET":
        operation["security"][0].pop("csrf")
    if route.permission:
        operation["description"] = f"Needs the permission `{route.permission}`."
        operation["x-permission"] = route.permission
    if route.binary:
        operation["requestBody"] = {"required": True, "content": {BYTES: {"schema": {}}}}
    if route.body is not None:
        required = any(field.is_required() for field in route.body.model_fields.values())
        operation["requestBody"] = {
            "required": required,
            "content": {JSON: {"schema": {"$ref": REF.format(model=route.body.__name__)}}},
        }
    return operation


def problems_of(route: Route) -> list[int]:
    """Every status other than success that ``route`` can answer."""
    found = {400, 413, 422, 500, 503}
    if not route.public:
        found |= {401, 403}
    if route.public and route.method != "GET":
        found |= {401, 429}
    if route.parameters or route.body is not None:
        found.add(404)
    if route.method != "GET" or route.parameters:
        found.add(409)
    if route.conditional:
        found.add(412)
    if route.body is not None:
        found.add(415)
    if route.during_password_change:
        found.add(429)
    return sorted(found)


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in route.parameters:
        schema: dict[str, Any] = {"type": "string", "pattern": route.paths[name], "maxLength": 200}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.query is not None:
        properties = route.query.model_json_schema(ref_template=REF)
        for name, schema in properties.get("properties", {}).items():
            schema = dict(schema)
            described = {"description": schema.pop("description")} if "description" in schema else {}
            required = name in properties.get("required", ())
            # A query has no null: what may be absent is simply absent.
            kinds = [kind for kind in schema.pop("anyOf", ()) if kind.get("type") != "null"]
            if kinds:
                schema |= kinds[0]
            if schema.get("default", ...) is None:
                del schema["default"]
            yield {"name": name, "in": "query", "required": required, "schema": schema, **described}
    if route.once:
        yield _header(
            "Idempotency-Key", r"^[\x21-\x7e]{1,128}$", "A repetition with the same key gets the same answer."
        )
    if route.conditional:
        yield _header("If-Match", r'^("[0-9]{1,18}"|\*)$', "The ETag that was seen; 412 when it changed meanwhile.")


def _header(name: str, pattern: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern, "maxLength": 128}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _success(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done." if route.status != 202 else "Accepted: follow the operation."}
    headers: dict[str, Any] = {}
    if route.status == 202:
        headers["Location"] = _text_header("Address of the operation.")
    elif route.status == 201:
        headers["Location"] = _text_header("Address of the new thing.")
    if route.answer is not None and "generation" in getattr(route.answer, "model_fields", {}):
        headers["ETag"] = _text_header("Its generation; send it back as If-Match.")
    if route.once:
        headers["Idempotency-Replayed"] = _text_header("`true` when this answer was given before.")
    if headers:
        answer["headers"] = headers
    if route.answer is not None:
        media_type = route.media_type.partition(";")[0]
        schema = {"type": "string"} if route.answer is TextAnswer else _answer_schema(route, schemas)
        answer["content"] = {media_type: {"schema": schema}}
    return answer


def _text_header(description: str) -> dict[str, Any]:
    return {"description": description, "required": False, "schema": {"type": "string"}}
