"""Rules that every route keeps, whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import RootModel

from egovcloud.api import factory, openapi
from egovcloud.api.call import Call
from egovcloud.api.routing import Route, Routes
from egovcloud.api.schemas import Body, Health
from egovcloud.domain.permissions import PERMISSIONS

ROUTES = factory.all_routes()
# What anybody may call without signing in; a longer list needs an argument.
PUBLIC = {("GET", "/health"), ("POST", "/session")}


def ids(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=ids)
def test_every_route_says_who_may_call_it(route: Route) -> None:
    assert route.public == ((route.method, route.path) in PUBLIC)
    assert route.permission is None or route.permission in PERMISSIONS


def test_no_two_routes_share_a_name_or_an_address() -> None:
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize(
    "options",
    [{}, {"permission": "user:read", "public": True}, {"signed_in": True, "public": True}, {"permission": "x:y"}],
)
def test_a_route_that_does_not_say_it_cannot_be_declared(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="GET /x"):
        Routes("test").get("/x", **options)


def test_a_route_without_words_or_types_cannot_be_declared() -> None:
    routes = Routes("test")
    with pytest.raises(ValueError, match="docstring"):

        @routes.get("/x", public=True)
        def silent(call: Call) -> Health:
            return Health(status="", version="")

    with pytest.raises(ValueError, match="the path names"):

        @routes.get("/x/<x_id>", public=True)
        def other(call: Call, y_id: str) -> Health:
            """Names another parameter."""
            return Health(status="", version="")


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=ids)
def test_every_text_and_number_has_bounds(route: Route) -> None:
    assert route.body is not None
    schema = route.body.model_json_schema()
    assert list(unbounded(schema, schema.get("$defs", {}), "")) == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.query], ids=ids)
def test_every_query_parameter_has_bounds(route: Route) -> None:
    assert route.query is not None
    schema = route.query.model_json_schema()
    assert list(unbounded(schema, schema.get("$defs", {}), "")) == []


def unbounded(schema: dict[str, Any], defs: dict[str, Any], path: str) -> Iterator[str]:
    """Paths of texts without a greatest length, numbers without limits and lists without an end."""
    if "$ref" in schema:
        yield from unbounded(defs[schema["$ref"].rpartition("/")[2]], defs, path)
        return
    kind = schema.get("type")
    if "enum" in schema or "const" in schema:
        return
    if kind == "string" and "maxLength" not in schema:
        yield path
    if kind in ("integer", "number") and not ({"minimum", "exclusiveMinimum"} & schema.keys() and "maximum" in schema):
        yield path
    if kind == "array":
        if "maxItems" not in schema:
            yield path
        yield from unbounded(schema.get("items", {}), defs, f"{path}[]")
    if kind == "object":
        for name, part in schema.get("properties", {}).items():
            yield from unbounded(part, defs, f"{path}.{name}")
    for choice in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(choice, ()):
            yield from unbounded(part, defs, path)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=ids)
def test_bodies_are_strict(route: Route) -> None:
    assert route.body is not None
    if issubclass(route.body, RootModel):
        return  # a list: strict because every body is read so, and its items are bodies
    assert issubclass(route.body, Body)
    assert route.body.model_config["strict"] is True
    assert route.body.model_config["extra"] == "forbid"


def test_the_document_refers_only_to_what_it_holds() -> None:
    document = openapi.document(ROUTES, factory.ROOT, "1")
    text = json.dumps(document)
    wanted = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert wanted - set(document["components"]["schemas"]) == set()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert {"400", "422", "500", "503"} <= operation["responses"].keys()
        assert operation["summary"].endswith(".")
        assert operation["security"] == [] or {"401", "403"} <= operation["responses"].keys()
