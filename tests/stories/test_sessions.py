"""Who is signed in where, and how it is ended: by oneself, and by those who keep the doors."""

from __future__ import annotations

from egovcloud.services.signed_in import shown_id
from egovcloud.store.models import AuditEntry, Session
from tests.support.centre import Caller, Centre


def here(caller: Caller) -> str:
    """The id of the session that the caller sits in."""
    return next(one["id"] for one in caller.ok(caller.get("/own-sessions")) if one["current"])


def test_one_sees_and_ends_ones_own(centre: Centre) -> None:
    desk = centre.signed_in("viewer", username="liu")
    laptop = centre.caller()
    laptop.ok(laptop.sign_in("liu"))
    centre.signed_in("viewer", username="wang")
    mine = desk.ok(desk.get("/own-sessions"))
    assert {one["username"] for one in mine} == {"liu"}
    assert {here(desk), here(laptop)} <= {one["id"] for one in mine}
    address = f"/own-sessions/{here(laptop)}"
    desk.ok(desk.delete(address), 204)
    assert laptop.get("/session").status_code == 401
    assert desk.ok(desk.delete(address), 404)["code"] == "thing.absent"


def test_nobody_ends_anothers_through_the_door_for_ones_own(centre: Centre) -> None:
    liu, wang = centre.signed_in("viewer", username="liu"), centre.signed_in("viewer", username="wang")
    liu.ok(liu.delete(f"/own-sessions/{here(wang)}"), 404)
    liu.ok(liu.get("/sessions"), 403)
    liu.ok(liu.delete(f"/sessions/{here(wang)}"), 403)
    assert wang.get("/session").status_code == 200


def test_the_security_administrator_ends_those_of_others(centre: Centre) -> None:
    keeper, liu = centre.signed_in("security_admin"), centre.signed_in("viewer", username="liu")
    user = liu.ok(liu.get("/session"))["user"]["id"]
    seen = keeper.ok(keeper.get(f"/sessions?user_id={user}"))["items"]
    assert {(one["username"], one["address"], one["current"]) for one in seen} == {("liu", "127.0.0.1", False)}
    assert here(liu) in {one["id"] for one in seen}
    for one in seen:
        keeper.ok(keeper.delete(f"/sessions/{one['id']}"), 204)
    assert liu.get("/session").status_code == 401
    assert keeper.ok(keeper.get(f"/sessions?user_id={user}"))["items"] == []
    with centre.house.read() as session:
        entries = session.query(AuditEntry).filter_by(action="session.revoke").all()
    assert {(entry.subject_name, entry.outcome) for entry in entries} == {("liu", "success")}


def test_what_is_over_is_not_listed_and_no_key_is_told(centre: Centre) -> None:
    keeper = centre.signed_in("security_admin")
    centre.signed_in("viewer", username="liu")
    centre.time.pass_(seconds=centre.installation.settings.session_idle - 1)
    keeper.ok(keeper.get("/session"))
    centre.time.pass_(seconds=2)
    text = keeper.get("/sessions?sort=-last_seen_at&count=true").get_data(as_text=True)
    assert "liu" not in text
    with centre.house.read() as session:
        keys = [row.id for row in session.query(Session)]
    assert any(shown_id(key) in text for key in keys)
    assert not any(key in text for key in keys)


def test_a_department_sees_only_the_sessions_of_its_own(centre: Centre) -> None:
    civil, market = centre.department("mzj"), centre.department("scjgj")
    keeper = centre.signed_in("security_admin", at=civil, username="keeper")
    centre.signed_in("viewer", at=civil, username="inside")
    outside = centre.signed_in("viewer", at=market, username="outside")
    assert {one["username"] for one in keeper.ok(keeper.get("/sessions"))["items"]} == {"keeper", "inside"}
    assert keeper.ok(keeper.delete(f"/sessions/{here(outside)}"), 403)["code"] == "auth.forbidden"


def test_a_token_can_say_who_it_is(centre: Centre) -> None:
    owner = centre.signed_in("viewer", username="liu")
    wanted = {"name": "robot", "permissions": ["department:read"], "expires_in_days": 30}
    made = owner.ok(owner.post("/tokens", wanted), 201)
    robot = centre.caller(Authorization=f"Bearer {made['secret']}")
    told = robot.ok(robot.get("/session"))
    assert told["user"]["username"] == "liu"
    assert told["permissions"] == ["department:read"]
    assert told["csrf_token"] is None
    assert told["expires_at"] == made["token"]["expires_at"]
    assert robot.ok(robot.delete("/session"), 403)["code"] == "auth.token_only_session"
