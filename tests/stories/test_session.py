"""Who comes in, how long they stay, and what keeps others out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from egovcloud.services.session import digest
from egovcloud.store.models import AuditEntry, Session, User
from tests.support.centre import PASSWORD, Caller, Centre


def test_first_sign_in_forces_a_password_of_ones_own(centre: Centre) -> None:
    once = centre.installation.create_user("liu", "刘工", None, [("operator", None)], "zh")
    caller = centre.caller()
    session = caller.ok(caller.sign_in("liu", once))
    assert session["must_change_password"] is True
    refused = caller.ok(caller.get("/users"), 403)
    assert refused["code"] == "auth.password_change_required"
    assert caller.get("/session").status_code == 200
    change = {"old_password": once, "new_password": PASSWORD}
    assert caller.put("/session/password", change).status_code == 204
    assert caller.ok(caller.get("/session"))["must_change_password"] is False
    assert "instance:create" in session["permissions"]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "password.short"),
        ("my name is LIUWEI!", "password.is_name"),
        ("passwordpassword", "password.common"),
        ("aaaaaaaaaaaaaaa", "password.common"),
        (PASSWORD, "password.same"),
    ],
)
def test_password_rules(centre: Centre, new: str, code: str) -> None:
    caller = centre.signed_in("viewer", username="liuwei")
    refused = caller.ok(caller.put("/session/password", {"old_password": PASSWORD, "new_password": new}), 422)
    assert (refused["code"], refused["field"]) == (code, "new_password")


def test_changing_the_password_ends_other_sessions(centre: Centre) -> None:
    first = centre.signed_in("viewer", username="liu")
    second = centre.caller()
    second.ok(second.sign_in("liu"))
    wrong = first.put("/session/password", {"old_password": "nonsense", "new_password": "another fine password"})
    assert first.ok(wrong, 422)["code"] == "password.wrong"
    first.ok(first.put("/session/password", {"old_password": PASSWORD, "new_password": "another fine password"}), 204)
    assert first.get("/session").status_code == 200
    assert second.get("/session").status_code == 401


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(centre: Centre) -> None:
    centre.user("liu", "viewer")
    caller = centre.caller()
    for _ in range(5):
        assert caller.ok(caller.sign_in("liu", "wrong"), 401)["code"] == "auth.failed"
    assert caller.ok(caller.sign_in("liu"), 401)["code"] == "auth.locked"
    centre.time.pass_(minutes=14)
    assert caller.ok(caller.sign_in("liu"), 401)["code"] == "auth.locked"
    centre.time.pass_(minutes=2)
    caller.ok(caller.sign_in("liu"))
    # A success forgets the failures before it.
    for _ in range(4):
        caller.ok(caller.sign_in("liu", "wrong"), 401)
    caller.ok(caller.sign_in("liu"))


def test_unknown_and_disabled_accounts_look_alike(centre: Centre) -> None:
    admin = centre.signed_in("system_admin")
    liu = centre.user("liu", "viewer")
    admin.ok(admin.post(f"/users/{liu}/disable"))
    caller = centre.caller()
    nobody = caller.ok(caller.sign_in("nobody", PASSWORD), 401)
    disabled = caller.ok(caller.sign_in("liu", PASSWORD), 401)
    assert (nobody["code"], nobody["detail"]) == (disabled["code"], disabled["detail"])


def test_idle_and_absolute_limits(centre: Centre) -> None:
    caller = centre.signed_in("viewer")
    for _ in range(20):
        centre.time.pass_(minutes=29)
        assert caller.get("/session").status_code == 200
    centre.time.pass_(minutes=31)
    assert caller.get("/session").status_code == 401

    caller = centre.signed_in("viewer")
    for _ in range(24):
        centre.time.pass_(minutes=29)
        assert caller.get("/session").status_code == 200
    centre.time.pass_(minutes=29)
    assert caller.get("/session").status_code == 401, "twelve hours are over, however busy the session was"


def test_sign_in_makes_a_new_session_and_sign_out_ends_it(centre: Centre) -> None:
    caller = centre.signed_in("viewer", username="liu")
    before = caller.client.get_cookie("egov_session")
    caller.ok(caller.sign_in("liu"))
    after = caller.client.get_cookie("egov_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert (after.http_only, after.same_site, after.path) == (True, "Strict", "/")
    other = centre.caller()
    other.client.set_cookie("egov_session", before.value)
    assert other.get("/session").status_code == 401, "the session before ended"
    assert caller.delete("/session").status_code == 204
    caller.client.set_cookie("egov_session", after.value)
    assert caller.get("/session").status_code == 401


def test_cookie_is_secure_over_https(database_url: str, tmp_path: Path) -> None:
    with Centre(database_url, tmp_path / "state", public_url="https://cloud.example.gov.cn") as centre:
        centre.user("liu", "viewer")
        response = centre.caller().sign_in("liu")
        assert "Secure" in response.headers["Set-Cookie"]
        assert "max-age" in response.headers["Strict-Transport-Security"]


def test_unsafe_methods_need_the_csrf_token_and_our_origin(centre: Centre) -> None:
    caller = centre.signed_in("viewer")
    language = {"language": "en"}
    assert (
        caller.ok(caller.put("/session/language", language, headers={"X-CSRF-Token": "x"}), 403)["code"] == "auth.csrf"
    )
    foreign = caller.put("/session/language", language, headers={"Origin": "https://evil.example"})
    assert caller.ok(foreign, 403)["code"] == "auth.origin"
    assert caller.put("/session/language", language, headers={"Origin": "http://localhost"}).status_code == 204


def test_language_of_the_account_and_of_the_request(centre: Centre) -> None:
    caller = centre.signed_in("viewer")
    assert caller.get("/users").json["title"] == "无权限"
    caller.put("/session/language", {"language": "en"})
    assert caller.get("/users").json["title"] == "Not allowed"
    assert caller.get("/users", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json["title"] == "无权限"
    assert centre.caller().get("/session").json["title"] == "未登录"


def test_sign_in_is_limited_per_address(database_url: str, tmp_path: Path) -> None:
    with Centre(database_url, tmp_path / "state", login_rate=3) as centre:
        caller = centre.caller()
        for _ in range(3):
            caller.ok(caller.sign_in("nobody", "x"), 401)
        refused = caller.sign_in("nobody", "x")
        assert caller.ok(refused, 429)["code"] == "auth.rate"
        assert int(refused.headers["Retry-After"]) > 0
        centre.time.pass_(seconds=61)
        caller.ok(caller.sign_in("nobody", "x"), 401)


def test_success_and_failure_are_audited(centre: Centre) -> None:
    centre.user("liu", "viewer")
    caller = centre.caller()
    caller.sign_in("liu", "wrong")
    caller.sign_in("nobody", "wrong")
    caller.sign_in("liu")
    with centre.house.read() as session:
        rows = session.query(AuditEntry).filter_by(action="session.create").order_by(AuditEntry.id).all()
    told = [(row.actor_name, row.subject_name, row.outcome, row.code) for row in rows[-3:]]
    assert told == [
        ("liu", "liu", "failure", "auth.failed"),
        ("nobody", "nobody", "failure", "auth.failed"),
        ("liu", "liu", "success", ""),
    ]
    assert all(row.trace_id and row.address == "127.0.0.1" for row in rows[-3:])


def test_nothing_secret_is_kept_or_logged(centre: Centre, capfd: pytest.CaptureFixture[str]) -> None:
    caller = centre.signed_in("viewer", username="liu")
    cookie = caller.client.get_cookie("egov_session")
    assert cookie is not None
    with centre.house.read() as session:
        kept = [row.id for row in session.query(Session)]
        hashes = [row.password_hash for row in session.query(User)]
    assert cookie.value not in kept
    assert all(text.startswith("$argon2id$") for text in hashes)
    output = "".join(capfd.readouterr())
    assert cookie.value not in output
    assert PASSWORD not in output


def test_last_seen_is_written_once_a_minute(centre: Centre) -> None:
    caller = centre.signed_in("viewer")
    start = centre.time.now
    centre.time.pass_(seconds=30)
    caller.get("/session")
    assert _last_seen(centre, caller) == start
    centre.time.pass_(seconds=40)
    caller.get("/session")
    assert _last_seen(centre, caller) == centre.time.now


def _last_seen(centre: Centre, caller: Caller) -> datetime:
    cookie = caller.client.get_cookie("egov_session")
    assert cookie is not None
    with centre.house.read() as session:
        return session.get_one(Session, digest(cookie.value)).last_seen_at
