"""What HTTP itself may bring: every failure is a problem document, and nothing is a surprise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.centre import API, Centre

SIGN_IN = {"username": "x", "password": "y"}


def send(centre: Centre, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    response = centre.app.test_client().open(API + path, method=method, **options)
    assert response.content_type == "application/problem+json"
    document = response.json
    assert document["status"] == response.status_code
    assert document["title"]
    assert document["detail"]
    assert document["trace_id"] == response.headers["X-Trace-Id"]
    return response.status_code, document


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "input.json"),
        (b"", "application/json", 400, "input.json"),
        (b'{"username": "\xff"}', "application/json", 400, "input.encoding"),
        (b'{"username": "\\ud800", "password": "x"}', "application/json", 400, "input.json"),
        (b"[" * 100_000, "application/json", 400, "input.json"),
        (b"null", "application/json", 422, "input.invalid"),
        (b"{}", "application/json", 422, "input.invalid"),
        (b'{"username": "x", "password": NaN}', "application/json", 422, "input.invalid"),
        (b'{"username": "x", "password": "y", "more": 1}', "application/json", 422, "input.invalid"),
        (b'{"username": "a\\u0000b", "password": "y"}', "application/json", 422, "input.nul"),
        (b"username=x", "application/x-www-form-urlencoded", 415, "input.type"),
        (b"{}", "text/plain", 415, "input.type"),
        (b" " * (1 << 20) + b"{}", "application/json", 413, "input.size"),
    ],
)
def test_bodies(centre: Centre, body: bytes, content_type: str, status: int, code: str) -> None:
    found = send(centre, "POST", "/session", data=body, content_type=content_type)
    assert (found[0], found[1]["code"]) == (status, code)


def test_every_broken_rule_is_named_in_both_languages(centre: Centre) -> None:
    body = {"username": "", "password": 7, "more": None}
    _, english = send(centre, "POST", "/session", json=body, headers={"Accept-Language": "en"})
    assert {error["field"]: error["detail"] for error in english["errors"]} == {
        "username": "At least 1 characters or entries.",
        "password": "This must be of type text.",
        "more": "There is no such field.",
    }
    _, chinese = send(centre, "POST", "/session", json=body, headers={"Accept-Language": "zh-CN"})
    assert {error["field"] for error in chinese["errors"]} == {"username", "password", "more"}
    assert all(not error["detail"].isascii() for error in chinese["errors"])


def test_nul_names_its_field_however_deep(centre: Centre) -> None:
    security = centre.signed_in("department_admin")
    body = {"username": "chen", "display_name": "a\0b", "department_id": centre.root}
    refused = security.ok(security.post("/users", body), 422)
    assert refused["errors"][0]["field"] == "display_name"
    roles = [{"role": "viewer\0", "department_id": centre.root}]
    refused = security.ok(security.post("/users", {**body, "display_name": "x", "roles": roles}), 422)
    assert refused["errors"][0]["field"] == "roles[0].role"


def test_a_field_of_an_item_is_named_as_it_was_sent(centre: Centre) -> None:
    member = centre.signed_in("member")
    items = [{"kind": "instance", "name": "", "volumes": [{"name": "v"}]}, {"kind": "volume", "size": 1}]
    refused = member.ok(member.post("/requests", {"title": "t", "project_id": centre.root, "items": items}), 422)
    named = {error["field"] for error in refused["errors"]}
    assert {"items[0].name", "items[0].volumes[0].size_gib", "items[1].size_gib", "items[1].size"} <= named
    assert not any(".instance." in field or ".volume." in field for field in named)


def test_names_hold_nothing_that_cannot_be_seen_or_said(centre: Centre) -> None:
    keeper = centre.signed_in("department_admin")
    for name in ("a\u202eb", "a\ufffeb", "\u2066"):
        body = {"username": "chen", "display_name": name, "department_id": centre.root}
        refused = keeper.ok(keeper.post("/users", body), 422)
        assert (refused["code"], refused["errors"][0]["field"]) == ("input.name", "display_name")
        refused = keeper.ok(keeper.post("/tokens", {"name": name, "permissions": ["instance:read"]}), 422)
        assert refused["errors"][0]["field"] == "name"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=99999999999999999999",
        "limit=x",
        "limit=1&limit=2",
        "q=%00",
        "q=",
        "after=%00",
        "after=!!!",
        "after=W10",  # []
        "after=WyJcdTAwMDAiLCJcdTAwMDAiXQ",  # ["\u0000","\u0000"]
        "after=WzEsMV0",  # [1,1]
        "after=WyJ4IixudWxsXQ",  # ["x",null]
        "after=WyJcdWQ4MDAiLCJcdWQ4MDAiXQ",  # ["\ud800","\ud800"]
        "sort=password_hash",
        "nonsense=1",
        "%00=1",
        "count=maybe",
        "state=",
    ],
)
def test_queries(centre: Centre, query: str) -> None:
    caller = centre.signed_in("system_admin")
    response = caller.get(f"/users?{query}")
    assert response.status_code == 422, response.data
    assert response.json["errors"]


@pytest.mark.parametrize("query", ["state=deleted", "q=%F0%9F%98%80", "q=%ff", "q=%25%27%22", "department_id=x"])
def test_queries_that_find_nothing(centre: Centre, query: str) -> None:
    caller = centre.signed_in("system_admin")
    assert caller.ok(caller.get(f"/users?{query}"))["items"] == []


@pytest.mark.parametrize(
    "path", ["/users/x", "/users/%00", "/users/" + "0" * 500, "/users/..%2f", "/nope", "/", "//users"]
)
def test_paths_that_lead_nowhere(centre: Centre, path: str) -> None:
    caller = centre.signed_in("system_admin")
    response = caller.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"


def test_methods(centre: Centre) -> None:
    response = centre.app.test_client().open(f"{API}/users", method="DELETE")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert send(centre, "OPTIONS", "/users")[0] == 405
    assert send(centre, "TRACE", "/session")[0] == 405


def test_a_call_without_a_body_takes_none(centre: Centre) -> None:
    caller = centre.signed_in("system_admin")
    liu = centre.user("liu", "viewer")
    assert caller.ok(caller.post(f"/users/{liu}/disable", {"x": 1}), 422)["code"] == "input.body"
    assert caller.ok(caller.get("/roles?x=1"), 422)["code"] == "input.extra"
    caller.ok(caller.post(f"/users/{liu}/disable", {}))


def test_a_crash_is_a_problem_document_without_a_traceback(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = centre.signed_in("viewer")

    def crash(*_: object) -> None:
        raise RuntimeError("the secret is xyzzy")

    monkeypatch.setattr("egovcloud.services.user.show", crash)
    response = caller.get("/session")
    assert response.status_code == 500
    assert response.json["code"] == "internal.error"
    assert "xyzzy" not in response.get_data(as_text=True)


def test_a_database_that_is_away_is_a_503(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(centre.house.database, "_readers", away)
    status, document = send(centre, "GET", "/health")
    assert (status, document["code"]) == (503, "database.unavailable")


def test_a_database_that_breaks_off_in_the_middle_is_a_503_wherever_it_does(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import InternalError
    from sqlalchemy.exc import TimeoutError as PoolTimeout

    caller = centre.signed_in("operator")
    database = centre.house.database

    def broken(*_: object, **__: object) -> None:
        raise InternalError("COMMIT", {}, Exception("terminating connection"), connection_invalidated=True)

    def crowded(*_: object, **__: object) -> None:
        raise PoolTimeout("QueuePool limit reached")

    for opens, failure in (("_writers", broken), ("_writers", crowded), ("_readers", broken), ("_readers", crowded)):
        with monkeypatch.context() as patched:
            patched.setattr(database, opens, failure)
            response = caller.post("/sites", {"name": "备中心"}, headers={"Idempotency-Key": "one"})
            assert (response.status_code, response.json["code"]) == (503, "database.unavailable")
            assert int(response.headers["Retry-After"]) > 0
    response = caller.get("/sites")
    assert response.status_code == 200


def test_every_answer_carries_the_defences(centre: Centre) -> None:
    for path in (f"{API}/health", f"{API}/nope", "/", "/nope.js"):
        headers = centre.app.test_client().get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert centre.app.test_client().get(f"{API}/health").headers["Cache-Control"] == "no-store"


def test_the_document_describes_every_route(centre: Centre) -> None:
    document = json.loads(centre.app.test_client().get(f"{API}/openapi.json").data)
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    routed = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in centre.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if rule.rule.startswith(API) and rule.endpoint != "openapi"
    }
    assert described == routed
