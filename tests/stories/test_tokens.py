"""Tokens for automation: narrower than their owner, and never for ever."""

from __future__ import annotations

from egovcloud.store.models import Token
from tests.support.centre import Caller, Centre

READ = {"name": "inventory", "permissions": ["user:read", "department:read"], "expires_in_days": 30}


def bearer(centre: Centre, secret: str) -> Caller:
    return centre.caller(Authorization=f"Bearer {secret}")


def test_a_token_may_what_it_names_and_no_more(centre: Centre) -> None:
    owner = centre.signed_in("system_admin")
    made = owner.post("/tokens", READ)
    body = owner.ok(made, 201)
    assert body["secret"].startswith("egov_")
    assert body["secret"].startswith(body["token"]["prefix"])
    robot = bearer(centre, body["secret"])
    assert robot.get("/users").status_code == 200
    make = {"username": "chen", "display_name": "陈", "department_id": centre.root}
    assert robot.ok(robot.post("/users", make), 403)["code"] == "auth.forbidden"
    with centre.house.read() as session:
        kept = session.query(Token).one()
    assert body["secret"] not in (kept.digest, kept.prefix)


def test_nobody_gives_a_token_what_they_lack(centre: Centre) -> None:
    owner = centre.signed_in("viewer")
    refused = owner.ok(owner.post("/tokens", READ), 422)
    assert refused["code"] == "token.permissions"
    assert "user:read" in refused["detail"]


def test_a_token_shrinks_with_its_owner(centre: Centre) -> None:
    owner = centre.signed_in("system_admin")
    me = owner.ok(owner.get("/session"))["user"]
    robot = bearer(centre, owner.ok(owner.post("/tokens", READ), 201)["secret"])
    security = centre.signed_in("security_admin")
    security.ok(security.delete(f"/users/{me['id']}/grants/{me['grants'][0]['id']}"), 204)
    assert robot.get("/users").status_code == 403


def test_expiry_revocation_and_disabled_owner(centre: Centre) -> None:
    owner, system = centre.signed_in("operator", username="owner"), centre.signed_in("system_admin")
    ask = {"name": "ci", "permissions": ["instance:read"], "expires_in_days": 1}
    first, second, third = (owner.ok(owner.post("/tokens", ask), 201) for _ in range(3))
    robots = [bearer(centre, made["secret"]) for made in (first, second, third)]
    assert all(robot.get("/roles").status_code == 200 for robot in robots)
    owner.ok(owner.delete(f"/tokens/{first['token']['id']}"), 204)
    assert robots[0].get("/roles").status_code == 401
    assert owner.delete(f"/tokens/{first['token']['id']}").status_code == 404
    assert len(owner.ok(owner.get("/tokens"))["items"]) == 2
    me = owner.ok(owner.get("/session"))["user"]["id"]
    system.ok(system.post(f"/users/{me}/disable"))
    assert robots[1].get("/roles").status_code == 401
    system.ok(system.post(f"/users/{me}/enable"))
    assert robots[1].get("/roles").status_code == 200
    centre.time.pass_(hours=25)
    assert robots[1].get("/roles").status_code == 401


def test_a_token_makes_no_tokens_and_changes_no_password(centre: Centre) -> None:
    owner = centre.signed_in("system_admin")
    robot = bearer(centre, owner.ok(owner.post("/tokens", READ), 201)["secret"])
    assert robot.ok(robot.post("/tokens", READ), 403)["code"] == "auth.token_only_session"
    told = robot.ok(robot.get("/session"))
    assert not told.get("csrf_token")
    change = {"old_password": "x", "new_password": "y"}
    assert robot.put("/session/password", change).status_code == 403


def test_others_tokens_do_not_exist(centre: Centre) -> None:
    owner, other = centre.signed_in("system_admin"), centre.signed_in("system_admin")
    made = owner.ok(owner.post("/tokens", READ), 201)["token"]["id"]
    assert other.ok(other.get("/tokens"))["items"] == []
    assert other.delete(f"/tokens/{made}").status_code == 404


def test_nonsense_is_no_token(centre: Centre) -> None:
    for header in ("Bearer", "Bearer ", "Bearer egov_x", "Basic YTpi", "Bearer \u00e9"):
        assert centre.caller(Authorization=header).get("/roles").status_code == 401
