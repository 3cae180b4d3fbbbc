"""Accounts and roles: nobody rises above themselves, and the three administrators stay apart."""

from __future__ import annotations

from egovcloud.store.models import AuditEntry
from tests.support.centre import Centre


def test_system_admin_makes_and_security_admin_grants(centre: Centre) -> None:
    system, security = centre.signed_in("system_admin"), centre.signed_in("security_admin")
    made = system.post("/users", {"username": "chen", "display_name": "陈工", "department_id": centre.root})
    body = system.ok(made, 201)
    assert made.headers["Location"] == f"/api/v1/users/{body['user']['id']}"
    assert body["user"]["grants"] == []
    chen = body["user"]["id"]
    grant = security.ok(security.post(f"/users/{chen}/grants", {"role": "operator", "department_id": centre.root}), 201)
    again = security.post(f"/users/{chen}/grants", {"role": "operator", "department_id": centre.root})
    assert security.ok(again, 409)["code"] == "grant.exists"
    caller = centre.caller()
    session = caller.ok(caller.sign_in("chen", body["one_time_password"]))
    assert [held["role"] for held in session["grants"]] == ["operator"]
    security.ok(security.delete(f"/users/{chen}/grants/{grant['id']}"), 204)
    assert caller.ok(caller.get("/session"))["grants"] == []


def test_system_admin_gives_no_roles(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    asked = {
        "username": "chen",
        "display_name": "陈",
        "department_id": centre.root,
        "roles": [{"role": "viewer", "department_id": centre.root}],
    }
    assert system.ok(system.post("/users", asked), 403)["code"] == "auth.forbidden"
    assert system.ok(system.get("/users?q=chen"))["items"] == [], "the account must not remain without its roles"


def test_no_account_holds_two_of_the_three(centre: Centre) -> None:
    security = centre.signed_in("security_admin")
    wang = centre.user("wang", "audit_admin")
    for role in ("system_admin", "security_admin"):
        refused = security.post(f"/users/{wang}/grants", {"role": role, "department_id": centre.root})
        assert security.ok(refused, 409)["code"] == "grant.exclusive"
    security.ok(security.post(f"/users/{wang}/grants", {"role": "viewer", "department_id": centre.root}), 201)


def test_department_admin_gives_only_what_they_hold_and_where(centre: Centre) -> None:
    civil, market = centre.department("mzj"), centre.department("scjgj")
    admin = centre.signed_in("department_admin", at=civil)
    asked = {"username": "zhao", "display_name": "赵", "department_id": civil}
    zhao = admin.ok(admin.post("/users", asked), 201)["user"]["id"]
    admin.ok(admin.post(f"/users/{zhao}/grants", {"role": "member", "department_id": civil}), 201)
    exceeds = admin.post(f"/users/{zhao}/grants", {"role": "operator", "department_id": civil})
    assert admin.ok(exceeds, 403)["code"] == "grant.exceeds"
    elsewhere = admin.post(f"/users/{zhao}/grants", {"role": "member", "department_id": market})
    assert admin.ok(elsewhere, 404)["code"] == "thing.absent", "another department does not exist for them"
    above = admin.post(f"/users/{zhao}/grants", {"role": "member", "department_id": centre.root})
    assert above.status_code == 404


def test_nobody_changes_their_own_roles(centre: Centre) -> None:
    civil = centre.department("mzj")
    admin = centre.signed_in("department_admin", at=civil)
    me = admin.ok(admin.get("/session"))["user"]
    more = admin.post(f"/users/{me['id']}/grants", {"role": "viewer", "department_id": civil})
    assert admin.ok(more, 403)["code"] == "grant.own"
    less = admin.delete(f"/users/{me['id']}/grants/{me['grants'][0]['id']}")
    assert admin.ok(less, 403)["code"] == "grant.own"


def test_the_last_granter_stays(centre: Centre) -> None:
    one = centre.signed_in("security_admin")
    other = centre.user("other", "security_admin")
    grants = one.ok(one.get(f"/users/{other}/grants"))
    one.ok(one.delete(f"/users/{other}/grants/{grants[0]['id']}"), 204)
    me = one.ok(one.get("/session"))["user"]["id"]
    system = centre.signed_in("system_admin")
    assert system.post(f"/users/{me}/disable").status_code in (403, 409)


def test_a_stronger_account_is_out_of_reach(centre: Centre) -> None:
    civil = centre.department("mzj")
    boss = centre.user("boss", "operator", at=civil)
    auditor = centre.user("auditor", "audit_admin")
    admin, system = centre.signed_in("department_admin", at=civil), centre.signed_in("system_admin")
    assert admin.ok(admin.post(f"/users/{boss}/reset-password"), 403)["code"] == "user.outranks"
    assert system.ok(system.post(f"/users/{auditor}/reset-password"), 403)["code"] == "user.outranks"
    once = system.ok(system.post(f"/users/{boss}/reset-password"))["one_time_password"]
    caller = centre.caller()
    assert caller.ok(caller.sign_in("boss", once))["must_change_password"] is True


def test_disable_ends_sessions_and_enable_lets_in_again(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    liu = centre.signed_in("viewer", username="liu")
    me = liu.ok(liu.get("/session"))["user"]["id"]
    assert system.ok(system.post(f"/users/{me}/disable"))["state"] == "disabled"
    assert liu.get("/session").status_code == 401
    assert system.ok(system.post(f"/users/{me}/disable"), 409)["code"] == "state.refused"
    system.ok(system.post(f"/users/{me}/enable"))
    liu.ok(liu.sign_in("liu"))
    own = system.ok(system.get("/session"))["user"]["id"]
    assert system.ok(system.post(f"/users/{own}/disable"), 409)["code"] == "user.own"


def test_unlock(centre: Centre) -> None:
    liu = centre.user("liu", "viewer")
    caller = centre.caller()
    for _ in range(6):
        caller.sign_in("liu", "wrong")
    security = centre.signed_in("security_admin")
    assert security.ok(security.get(f"/users/{liu}"))["locked"] is True
    security.ok(security.post(f"/users/{liu}/unlock"))
    caller.ok(caller.sign_in("liu"))


def test_a_department_sees_only_its_subtree(centre: Centre) -> None:
    civil, market = centre.department("mzj"), centre.department("scjgj")
    office = centre.department("mzj-shjz", civil, kind="office")
    centre.user("inside", "viewer", at=office)
    outside = centre.user("outside", "viewer", at=market)
    admin = centre.signed_in("department_admin", at=civil, username="civiladmin")
    page = admin.ok(admin.get("/users?count=true&sort=username"))
    assert [user["username"] for user in page["items"]] == ["civiladmin", "inside"]
    assert page["total"] == 2
    absent = "01234567-89ab-7cde-8f01-23456789abcd"
    hidden, missing = admin.get(f"/users/{outside}"), admin.get(f"/users/{absent}")
    assert admin.ok(hidden, 404)["detail"].replace(outside, "") == admin.ok(missing, 404)["detail"].replace(absent, "")
    assert admin.ok(admin.get(f"/users?department_id={market}"))["items"] == []


def test_etag_and_if_match(centre: Centre) -> None:
    system = centre.signed_in("system_admin")
    liu = centre.user("liu", "viewer")
    etag = system.get(f"/users/{liu}").headers["ETag"]
    first = system.patch(f"/users/{liu}", {"display_name": "刘"}, headers={"If-Match": etag})
    assert system.ok(first)["display_name"] == "刘"
    stale = system.patch(f"/users/{liu}", {"display_name": "柳"}, headers={"If-Match": etag})
    assert system.ok(stale, 412)["code"] == "precondition.failed"
    assert system.patch(f"/users/{liu}", {"language": "en"}, headers={"If-Match": "*"}).status_code == 200
    assert system.patch(f"/users/{liu}", {"language": "en"}, headers={"If-Match": "x"}).status_code == 422
    assert system.ok(system.get(f"/users/{liu}"))["display_name"] == "刘"


def test_paging_gives_every_account_once(centre: Centre) -> None:
    system = centre.signed_in("system_admin", username="root-admin")
    for number in range(7):
        centre.user(f"user-{number}", "viewer")
    for sort in ("created_at", "-created_at", "username", "-display_name"):
        seen: list[str] = []
        path = f"/users?limit=3&sort={sort}"
        page = system.ok(system.get(path))
        while True:
            seen += [user["username"] for user in page["items"]]
            if page["next"] is None:
                break
            page = system.ok(system.get(f"{path}&after={page['next']}"))
        assert sorted(seen) == sorted({f"user-{number}" for number in range(7)} | {"root-admin"})


def test_every_write_is_audited_and_so_is_every_refusal(centre: Centre) -> None:
    system = centre.signed_in("system_admin", username="sys")
    liu = centre.user("liu", "viewer")
    system.ok(system.patch(f"/users/{liu}", {"display_name": "刘"}))
    system.ok(system.post(f"/users/{liu}/enable"), 409)
    with centre.house.read() as session:
        rows = session.query(AuditEntry).filter_by(subject_id=liu, actor_name="sys").order_by(AuditEntry.id).all()
    assert [(row.action, row.outcome, row.code) for row in rows] == [
        ("user.update", "success", ""),
        ("user.enable", "failure", "state.refused"),
    ]


def test_an_attempt_that_reaches_no_use_case_is_audited_too(centre: Centre) -> None:
    viewer = centre.signed_in("viewer", username="curious")
    liu = centre.user("liu", "viewer")
    viewer.ok(viewer.post(f"/users/{liu}/disable"), 403)
    viewer.ok(viewer.delete("/session", headers={"X-CSRF-Token": "forged"}), 403)
    viewer.ok(viewer.get("/users"), 403)
    with centre.house.read() as session:
        found = session.query(AuditEntry).filter_by(actor_name="curious", outcome="failure")
        rows = found.order_by(AuditEntry.id).all()
    assert [(row.action, row.subject_id, row.code) for row in rows] == [
        ("user.disable", liu, "auth.forbidden"),
        ("session.sign_out", None, "auth.csrf"),
    ]


def test_roles_are_listed(centre: Centre) -> None:
    caller = centre.signed_in("viewer")
    roles = {role["role"]: role for role in caller.ok(caller.get("/roles"))}
    assert roles["audit_admin"]["exclusive"] is True
    assert "instance:delete" in roles["operator"]["permissions"]
