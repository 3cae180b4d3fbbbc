"""Access keys of buckets, and buckets that are asked for, over HTTP."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from egovcloud.domain.ids import new_id
from egovcloud.drivers.objects import BucketSpec
from egovcloud.drivers.simulator import Faults, SimHost, SimulatorStore, create_cloud
from egovcloud.store.schema import METADATA
from tests.support.bucket_home import Home, home_of, key_of, line, refused
from tests.support.buckets import add_store, done, make, meter, settle
from tests.support.centre import Centre

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(centre: Centre, tmp_path: Path) -> Home:
    """On the simulator."""
    create_cloud(tmp_path / "cloud.sqlite", [SimHost("h0")])
    return home_of(centre, add_store(centre, "simulator", {"path": str(tmp_path / "cloud.sqlite")}))


def _everywhere(home: Home) -> str:
    """Every value of every row of the database."""
    with home.centre.house.database.engine.connect() as connection:
        rows = [connection.execute(table.select()).all() for table in METADATA.sorted_tables]
    return repr(rows)


def test_access_keys(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    bucket, made = key_of(home)
    path, key = f"/buckets/{bucket}/keys", made["key"]["id"]
    assert home.admin.ok(home.admin.get(path))["access"] is None
    told = {"headers": {"Idempotency-Key": "again"}}
    second = home.admin.ok(home.admin.post(path, {"name": "只读"}, **told), 201)
    assert refused(home.admin.post(path, {"name": "只读"}, **told)) == (409, "bucket_key.exists")
    settle(home.centre)
    kept = _everywhere(home)
    assert made["key"]["access_key_id"] in kept
    for secret in (made["secret"], second["secret"]):
        assert secret not in kept
        assert secret not in caplog.text
    for number in range(8):
        home.admin.ok(home.admin.post(path, {"name": f"k{number}"}), 201)
    assert refused(home.admin.post(path, {"name": "more"})) == (409, "bucket_key.many")
    ended = done(home.centre, home.admin, home.admin.delete(f"{path}/{key}"))
    assert (ended["kind"], ended["state"], ended["subject"]["id"]) == ("bucket_key.delete", "succeeded", bucket)
    assert refused(home.admin.delete(f"{path}/{key}")) == (404, "thing.absent")
    assert len(home.admin.ok(home.admin.get(path))["items"]) == 9
    done(home.centre, home.admin, home.admin.delete(f"/buckets/{bucket}?confirm={quote('程序')}"))
    assert home.admin.ok(home.admin.get(path))["items"] == []
    auditor = home.centre.signed_in("audit_admin")
    trail = auditor.ok(auditor.get("/audit-entries?subject_type=bucket_key&limit=200"))["items"]
    seen = {(one["action"], one["outcome"]) for one in trail}
    assert seen >= {
        ("bucket_key.create", "success"),
        ("bucket_key.delete", "success"),
        ("bucket_key.create", "failure"),
    }


@ONCE
def test_keys_where_the_endpoint_has_none_or_does_not_answer(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = home.admin
    bucket = make(home.centre, admin, home.project, "x")
    path = f"/buckets/{bucket}/keys"
    with monkeypatch.context() as patch:
        patch.setattr(SimulatorStore, "capabilities", frozenset())
        assert refused(admin.post(path, {"name": "a"})) == (409, "bucket.no_keys")
    faults = Faults(tmp_path / "cloud.sqlite")
    faults.drop_answer(call="create_key", times=1)
    assert refused(admin.post(path, {"name": "a"}))[0] == 503
    mine = SimulatorStore(home.centre.house.installation, tmp_path / "cloud.sqlite")
    assert len(mine.list_keys(within=5)) == 1
    settle(home.centre)
    assert list(mine.list_keys(within=5)) == []
    assert admin.ok(admin.get(path))["items"] == []
    made = admin.ok(admin.post(path, {"name": "a"}), 201)
    mine.delete_key(made["key"]["id"], within=5)
    mine.create_key(bucket, stray := new_id(), writes=True, within=5)
    meter(home.centre, home.store)
    (shown,) = admin.ok(admin.get(path))["items"]
    assert (shown["state"], shown["error"]["code"]) == ("error", "bucket_key.gone")
    assert [one.id for one in mine.list_keys(within=5)] == [stray]
    home.centre.time.pass_(seconds=60)
    meter(home.centre, home.store)
    assert list(mine.list_keys(within=5)) == []


def test_a_bucket_is_asked_for_decided_and_made(home: Home) -> None:
    """Quota before and after is told to who asks and who decides; what changed meanwhile is refused by name."""
    root, member = home.centre.signed_in("system_admin"), home.member
    root.ok(root.put(f"/quotas/{home.bureau}", {"limits": {"object_gib": 10, "buckets": 2}}))
    item = {"kind": "bucket", "name": "申请的桶", "quota_gib": 6, "versioning": True, "expire_days": 30}
    body = {"project_id": home.project, "items": [item, {**item, "name": "另一个", "quota_gib": 3}]}
    checked = member.ok(member.post("/requests/check", body))
    assert (checked["amount"]["buckets"], checked["amount"]["object_gib"], checked["ok"]) == (2, 9, True)
    for more, field in (
        ({"quota_gib": 0}, "items[0].quota_gib"),
        ({"provider_id": new_id()}, "items[0].provider_id"),
        ({"expire_days": None, "expire_prefix": "a/"}, "items[0].expire_prefix"),
        ({"name": " "}, "items[0].name"),
    ):
        response = member.post("/requests/check", {**body, "items": [{**item, **more}]})
        assert (response.status_code, response.json["errors"][0]["field"]) == (422, field)
    request = member.ok(member.post("/requests", {"title": "存储桶", **body}), 201)
    path = f"/requests/{request['id']}"
    member.ok(member.post(f"{path}/submit"))
    approver = home.centre.signed_in("department_approver", at=home.bureau)
    lines = {one["resource"]: one for one in approver.ok(approver.get(path))["quota"]}
    assert [(lines[name]["used"], lines[name]["after"]) for name in ("object_gib", "buckets")] == [(0, 9), (0, 2)]
    made = make(home.centre, home.admin, home.project, "between", 2)
    approver.ok(approver.post(f"{path}/approve", {}))
    operator = home.centre.signed_in("operator")
    assert refused(operator.post(f"{path}/approve", {})) == (409, "quota.exceeded")
    done(home.centre, home.admin, home.admin.delete(f"/buckets/{made}?confirm=between"))
    operator.ok(operator.post(f"{path}/approve", {}))
    settle(home.centre)
    shown = member.ok(member.get(path))
    assert (shown["state"], {one["name"] for one in shown["buckets"]}) == ("fulfilled", {"申请的桶", "另一个"})
    (bucket,) = member.ok(member.get(f"/buckets?request_id={request['id']}&q=申请的桶"))["items"]
    assert (bucket["state"], bucket["quota_gib"], bucket["versioning"], bucket["expire_days"]) == (
        "available",
        6,
        True,
        30,
    )
    assert bucket["request"] == {"id": request["id"], "number": request["number"]}
    assert line(home, "object_gib")["committed"] == 9


@ONCE
def test_buckets_of_others_are_listed_and_not_adopted(home: Home, tmp_path: Path) -> None:
    make(home.centre, home.admin, home.project, "ours")
    SimulatorStore("another", tmp_path / "cloud.sqlite").create_bucket(BucketSpec(new_id(), "theirs"), within=5)
    operator = home.centre.signed_in("operator")
    answer = operator.ok(operator.get("/unmanaged?kind=bucket"))
    (found,) = answer["items"]
    assert (found["kind"], found["host"], found["provider"]["id"]) == ("bucket", None, home.store)
    assert answer["hosts"] == []
    (store,) = answer["stores"]
    assert (store["provider"]["name"], store["problem"]) == ("store", None)
    assert found["name"] in {one["name"] for one in operator.ok(operator.get("/unmanaged"))["items"]}
    assert operator.ok(operator.get("/unmanaged?q=nothing-like-it"))["items"] == []
    Faults(tmp_path / "cloud.sqlite").unreachable("objects")
    answer = operator.ok(operator.get(f"/unmanaged?provider_id={home.store}"))
    assert [one["external_id"] for one in answer["items"]] == [found["external_id"]], "what it said last"
    assert answer["stores"][0]["problem"]["code"] == "driver.unreachable"
    thing = {"kind": "bucket", "host_id": new_id(), "external_id": found["external_id"]}
    response = operator.post("/adoptions/plan", {"project_id": home.project, "items": [thing]})
    assert response.status_code == 422
    assert refused(home.admin.get("/unmanaged")) == (403, "auth.forbidden")
