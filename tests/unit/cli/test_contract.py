"""The command line against the API's own description: nothing is sent that the server does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from egovcloud.api import factory, openapi
from egovcloud.cli import verbs
from egovcloud.cli.declare import Noun, Verb
from egovcloud.cli.nouns import NAMES, load

# What verbs with code of their own call. A verb that is missing here fails the test.
OWN: dict[str, tuple[str, ...]] = {
    "adopt list": ("GET /unmanaged",),
    "adopt plan": ("POST /adoptions/plan",),
    "adopt run": ("POST /adoptions",),
    "approval levels": ("GET /approval-levels",),
    "approval set-levels": ("PUT /approval-levels",),
    "audit export": ("GET /audit-entries.csv", "GET /audit-entries.jsonl"),
    "bucket abort": ("DELETE /buckets/{}/uploads/{}",),
    "bucket create-key": ("POST /buckets/{}/keys", "GET /buckets/{}/keys"),
    "bucket delete": ("DELETE /buckets/{}",),
    "bucket delete-key": ("DELETE /buckets/{}/keys/{}", "GET /buckets/{}/keys"),
    "bucket download": ("GET /buckets/{}/content",),
    "bucket keys": ("GET /buckets/{}/keys",),
    "bucket ls": ("GET /buckets/{}/objects",),
    "bucket rm": ("DELETE /buckets/{}/objects",),
    "bucket stores": ("GET /object-stores",),
    "bucket upload": (
        "PUT /buckets/{}/content",
        "POST /buckets/{}/uploads",
        "PUT /buckets/{}/uploads/{}/parts/{}",
        "POST /buckets/{}/uploads/{}/complete",
    ),
    "bucket uploads": ("GET /buckets/{}/uploads",),
    "bucket url": ("POST /buckets/{}/urls",),
    "bucket usage": ("GET /buckets/{}/usage",),
    "department tree": ("GET /departments/tree",),
    "drift policies": ("GET /drift-policies",),
    "drift set-policy": ("PUT /drift-policies/{}",),
    "event follow": ("GET /events/stream",),
    "host tree": ("GET /hosts/tree",),
    "instance log": ("GET /instances/{}/serial-log",),
    "instance screen": ("GET /instances/{}",),
    "instance security-groups": ("POST /instances/{}/security-groups",),
    "instance snapshot": ("POST /snapshots",),
    "instance ssh": ("GET /instances/{}",),
    "instance timeline": ("GET /instances/{}/timeline",),
    "network ports": ("GET /networks/{}/ports",),
    "network topology": ("GET /topology",),
    "operation wait": ("GET /operations/{}", "GET /events/stream"),
    "placement preview": ("POST /placement/preview",),
    "quota ledger": ("GET /quotas/{}/ledger",),
    "quota set": ("PUT /quotas/{}",),
    "quota show": ("GET /quotas/{}",),
    "quota simulate": ("GET /quotas/tree",),
    "quota tree": ("GET /quotas/tree",),
    "request check": ("POST /requests/check",),
    "request create": ("POST /requests", "POST /requests/{}/submit"),
    "request show": ("GET /requests/{}",),
    "request placement": ("GET /requests/{}/placement",),
    "request update": ("PATCH /requests/{}",),
    "role list": ("GET /roles",),
    "session end": ("DELETE /own-sessions/{}",),
    "session mine": ("GET /own-sessions",),
    "token create": ("POST /session", "POST /tokens", "DELETE /session"),
    "top login": ("POST /session", "GET /session", "PUT /session/password", "POST /tokens", "DELETE /session"),
    "top logout": ("DELETE /tokens/{}",),
    "top overview": ("GET /overview",),
    "top search": ("GET /search",),
    "top whoami": ("GET /session",),
    "top completion": (),
    "user grant": ("POST /users/{}/grants",),
    "user revoke": ("GET /users/{}/grants", "DELETE /users/{}/grants/{}"),
}
# Routes that are nothing for a command line, and why.
NOT_FOR_A_COMMAND_LINE = {
    "GET /health": "for load balancers and supervisors",
    "POST /instances/{}/screen": "a ticket belongs to a browser's session",
    "PUT /session/language": "the command line has --lang",
    "GET /metrics": "Prometheus reads it",
    "GET /buckets/{}/uploads/{}": "beginning again tells the same",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document(factory.all_routes(), "", "0")


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """``"GET /instances/{}"`` → its description."""
    return {
        f"{method.upper()} {re.sub(r'{[^}]+}', '{}', path)}": described
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    }


def shared() -> Iterator[tuple[Noun, Verb, str]]:
    """(noun, verb, route) of the verbs that the table alone drives."""
    for name in NAMES:
        noun = load(name)
        for verb in noun.verbs:
            if verb.run is verbs.run_list:
                yield noun, verb, f"GET {noun.path}"
            elif verb.run is verbs.run_show:
                yield noun, verb, f"GET {noun.path}/{{}}"
            elif verb.run is verbs.run_create:
                yield noun, verb, f"POST {noun.path}{verb.suffix}"
            elif verb.run in (verbs.run_update, verbs.run_delete, verbs.run_action):
                yield noun, verb, f"{verb.method} {noun.path}/{{}}{verb.suffix}"


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def body_of(document: dict[str, Any], described: dict[str, Any]) -> tuple[set[str], set[str]]:
    """(properties, required ones) of a request's body."""
    if "requestBody" not in described:
        return set(), set()
    schema = resolved(document, described["requestBody"]["content"]["application/json"]["schema"])
    return set(schema.get("properties", {})), set(schema.get("required", ()))


def query_of(described: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in described.get("parameters", ()) if parameter["in"] == "query"}


def test_every_verb_has_its_route(operations: dict[str, Any]) -> None:
    assert [route for _, _, route in shared() if route not in operations] == []
    table_driven = {f"{noun.name} {verb.name}" for noun, verb, _ in shared()}
    every = {f"{name} {verb.name}" for name in (*NAMES, "top") for verb in load(name).verbs}
    assert every - table_driven == set(OWN)
    assert [route for routes in OWN.values() for route in routes if route not in operations] == []


def test_every_route_has_its_verb_or_a_reason(operations: dict[str, Any]) -> None:
    reached = {route for _, _, route in shared()} | {route for routes in OWN.values() for route in routes}
    assert set(operations) - reached == set(NOT_FOR_A_COMMAND_LINE)


def test_bodies_hold_what_the_server_knows_and_needs(document: dict[str, Any], operations: dict[str, Any]) -> None:
    for noun, verb, route in shared():
        if verb.run in (verbs.run_list, verbs.run_show):
            continue
        known, required = body_of(document, operations[route])
        sent = {param.api_key for param in verb.params if param.body}
        always = {
            param.api_key for param in verb.params if param.body and (param.required or param.default is not None)
        }
        assert sent <= known, (route, sent - known)
        assert known <= sent, (route, "the command line cannot say", known - sent)
        # A PATCH of one field needs that field; saying nothing at all is refused before anything is sent.
        assert required <= (always if verb.run is not verbs.run_update else sent), (noun.name, verb.name)


def test_waiting_and_confirming_are_offered_where_the_server_does(operations: dict[str, Any]) -> None:
    for noun, verb, route in shared():
        slow = "202" in operations[route]["responses"]
        # These two answer at once with what goes on behind them.
        follows = f"{noun.name} {verb.name}" in ("request approve", "operation cancel")
        assert verb.slow == (slow or follows), route
        assert verb.confirms == ("confirm" in query_of(operations[route])), route


def test_lists_filter_and_show_what_there_is(document: dict[str, Any], operations: dict[str, Any]) -> None:
    paging = {"limit", "after", "q", "sort", "count"}
    for noun, verb, route in shared():
        if verb.run is not verbs.run_list:
            continue
        known = query_of(operations[route])
        sent = {param.key or (f"{param.name}_id" if param.kind == "ref" else param.name) for param in noun.filters}
        assert sent <= known, (route, sent - known)
        assert known - paging - sent - {"code"} == set(), (route, "no filter for", known - paging - sent)
        page = resolved(document, operations[route]["responses"]["200"]["content"]["application/json"]["schema"])
        item = resolved(document, page["properties"]["items"]["items"])["properties"]
        assert [column.path for column in noun.columns if column.path.partition(".")[0] not in item] == [], route
        assert set(noun.names) <= set(item), route


def test_streams_and_previews_take_what_is_offered(document: dict[str, Any], operations: dict[str, Any]) -> None:
    follow = load("event").verb("follow")
    assert {param.name for param in follow.params if param.body} == query_of(operations["GET /events/stream"])
    preview = load("placement").verb("preview")
    known, _ = body_of(document, operations["POST /placement/preview"])
    assert {param.api_key for param in preview.params} == known
    assert body_of(document, operations["POST /requests/check"])[0] == {"project_id", "items"}
