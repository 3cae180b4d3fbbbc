"""Buckets over HTTP: asked for, filled, shared, counted, refused and deleted, on the simulator and on a real S3."""

from __future__ import annotations

import io
import random
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from egovcloud.domain.ids import new_id
from egovcloud.drivers.objects import PART_BYTES, BucketSpec, flaw
from egovcloud.drivers.s3 import S3Store
from egovcloud.drivers.simulator import SimHost, SimulatorStore, create_cloud
from tests.support.bucket_home import Home, fetch, home_of, key_of, line, put, refused
from tests.support.buckets import add_project, add_store, done, make, meter, settle
from tests.support.centre import Caller, Centre
from tests.support.hostile import TEXTS
from tests.support.seaweed import Seaweed

# What a story says of the endpoint alone is told once; names are told where the database is the stricter one.
ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STRICT = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def home(centre: Centre, tmp_path: Path) -> Home:
    """On the simulator."""
    create_cloud(tmp_path / "cloud.sqlite", [SimHost("h0")])
    return home_of(centre, add_store(centre, "simulator", {"path": str(tmp_path / "cloud.sqlite")}))


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A real S3 server."""
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def real_home(centre: Centre, seaweed: Seaweed) -> Home:
    """On the real one."""
    return home_of(centre, add_store(centre, "s3", seaweed.config()))


def names(caller: Caller, bucket: str, more: str = "deep=true") -> set[str]:
    return {one["key"] for one in caller.ok(caller.get(f"/buckets/{bucket}/objects?{more}"))["objects"]}


def _live(home: Home) -> None:
    """A bucket's whole life."""
    admin, member = home.admin, home.member
    bucket = make(home.centre, admin, home.project, "低保档案", 2)
    shown = admin.ok(admin.get(f"/buckets/{bucket}"))
    assert (shown["state"], shown["name"], shown["quota_gib"]) == ("available", "低保档案", 2)
    assert shown["store"]["name"] == "store"
    assert line(home, "object_gib")["committed"] == 2
    member.ok(put(member, bucket, "2026/一月/表 1.txt", b"hello"))
    answer = fetch(member, bucket, "2026/一月/表 1.txt")
    assert answer.data == b"hello"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert fetch(member, bucket, "2026/一月/表 1.txt", start=3).data == b"lo"
    page = member.ok(member.get(f"/buckets/{bucket}/objects"))
    assert (page["objects"], page["prefixes"]) == ([], ["2026/"])
    assert refused(admin.delete(f"/buckets/{bucket}?confirm={quote('低保档案')}")) == (409, "bucket.not_empty")
    changed = done(home.centre, admin, admin.patch(f"/buckets/{bucket}", {"quota_gib": 5, "versioning": True}))
    assert changed["state"] == "succeeded"
    assert line(home, "object_gib")["committed"] == 5
    done(home.centre, admin, admin.patch(f"/buckets/{bucket}", {"quota_gib": 1, "expire_days": 30}))
    assert line(home, "object_gib")["committed"] == 1
    shown = admin.ok(admin.get(f"/buckets/{bucket}"))
    assert (shown["quota_gib"], shown["versioning"], shown["expire_days"]) == (1, True, 30)
    meter(home.centre, home.store)
    usage = member.ok(member.get(f"/buckets/{bucket}/usage"))
    assert (usage["objects"], usage["bytes"], [one["bytes"] for one in usage["days"]]) == (1, 5, [5])
    twice = f"confirm={quote('低保档案')}&contents={quote('低保档案')}"
    assert done(home.centre, admin, admin.delete(f"/buckets/{bucket}?{twice}"))["state"] == "succeeded"
    assert admin.ok(admin.get(f"/buckets/{bucket}"))["state"] == "deleted"
    assert line(home, "object_gib")["committed"] == line(home, "buckets")["committed"] == 0


def test_life_of_a_bucket(home: Home) -> None:
    _live(home)


@ONCE
def test_life_of_a_bucket_on_real_s3(real_home: Home) -> None:
    _live(real_home)
    bucket = make(real_home.centre, real_home.admin, real_home.project, "shared")
    body = {"key": "a b.txt", "method": "PUT", "seconds": 600}
    made = real_home.member.ok(real_home.member.post(f"/buckets/{bucket}/urls", body))
    request = urllib.request.Request(made["url"], data=b"around", method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    assert fetch(real_home.member, bucket, "a b.txt").data == b"around"
    assert refused(real_home.viewer.post(f"/buckets/{bucket}/urls", body)) == (403, "auth.forbidden")
    for text in filter(lambda text: flaw(text) is None, TEXTS.values()):
        put(real_home.member, bucket, text, text.encode())
        made = real_home.member.ok(real_home.member.post(f"/buckets/{bucket}/urls", {"key": text}))
        with urllib.request.urlopen(made["url"], timeout=20) as answer:
            assert answer.read() == text.encode()


def _upload_in_parts(home: Home) -> None:
    member = home.member
    bucket = make(home.centre, home.admin, home.project, "large")
    data = random.Random(5).randbytes(PART_BYTES + 4321)
    begun = member.ok(member.post(f"/buckets/{bucket}/uploads", {"key": "大文件.iso", "size": len(data)}))
    assert (begun["part_size"], begun["parts"], begun["arrived"]) == (PART_BYTES, 2, [])
    parts = f"/buckets/{bucket}/uploads/{begun['id']}"
    member.ok(member.put(f"{parts}/parts/2", data=data[PART_BYTES:]), 204)
    assert refused(member.post(f"{parts}/complete")) == (409, "upload.parts")
    # The browser was closed; whoever asks again goes on where it was.
    again = member.ok(member.post(f"/buckets/{bucket}/uploads", {"key": "大文件.iso", "size": len(data)}))
    assert (again["id"], again["arrived"]) == (begun["id"], [2])
    assert refused(member.put(f"{parts}/parts/1", data=data[:100])) == (422, "upload.part")
    assert refused(member.put(f"{parts}/parts/3", data=data[:100])) == (422, "input.range")
    assert refused(member.put(f"{parts}/parts/1", data=data)) == (413, "input.size")
    member.ok(member.put(f"{parts}/parts/1", data=data[:PART_BYTES]), 204)
    assert member.ok(member.post(f"{parts}/complete"))["size"] == len(data)
    assert fetch(member, bucket, "大文件.iso").data == data
    assert member.ok(member.get(f"/buckets/{bucket}/uploads")) == []
    assert member.ok(member.get(f"/buckets/{bucket}"))["bytes"] == len(data)
    assert refused(member.get(parts)) == (404, "thing.absent")


def test_upload_in_parts_goes_on_where_it_broke_off(home: Home) -> None:
    _upload_in_parts(home)


@ONCE
def test_upload_in_parts_on_real_s3(real_home: Home) -> None:
    _upload_in_parts(real_home)


def test_uploads_are_given_up(home: Home) -> None:
    member = home.member
    bucket = make(home.centre, home.admin, home.project, "left")
    for key in ("a", "b"):
        begun = member.ok(member.post(f"/buckets/{bucket}/uploads", {"key": key, "size": 10}))
    member.ok(member.delete(f"/buckets/{bucket}/uploads/{begun['id']}"), 204)
    assert [one["key"] for one in member.ok(member.get(f"/buckets/{bucket}/uploads"))] == ["a"]
    home.centre.time.pass_(days=8)
    meter(home.centre, home.store)
    member = home.centre.signed_in("member", at=home.bureau)
    assert member.ok(member.get(f"/buckets/{bucket}/uploads")) == []


def test_quota_at_each_node(home: Home) -> None:
    root = home.centre.signed_in("system_admin")
    root.ok(root.put(f"/quotas/{home.centre.root}", {"limits": {"object_gib": 10, "buckets": 3}}))
    root.ok(root.put(f"/quotas/{home.bureau}", {"limits": {"object_gib": 8}}))
    body = {"name": "one", "project_id": home.project, "quota_gib": 9}
    assert refused(home.admin.post("/buckets", body)) == (409, "quota.exceeded")
    first = make(home.centre, home.admin, home.project, "one", 6)
    assert refused(home.admin.patch(f"/buckets/{first}", {"quota_gib": 9})) == (409, "quota.exceeded")
    other = home.centre.department("sjj")
    theirs = add_project(home.centre, other)
    operator = home.centre.signed_in("operator")
    assert refused(operator.post("/buckets", {**body, "project_id": theirs, "quota_gib": 5})) == (409, "quota.exceeded")
    make(home.centre, operator, theirs, "two", 4)
    assert line(home, "object_gib", home.centre.root)["committed"] == 10
    assert refused(home.admin.patch(f"/buckets/{first}", {"quota_gib": 7})) == (409, "quota.exceeded_above")
    assert line(home, "object_gib")["committed"] == 6
    assert line(home, "object_gib")["reserved"] == 0


def test_bucket_that_is_full_takes_no_more(home: Home) -> None:
    member, gib = home.member, 1024**3
    bucket = make(home.centre, home.admin, home.project, "small", 1)
    assert refused(member.post(f"/buckets/{bucket}/uploads", {"key": "a", "size": gib + 1})) == (409, "bucket.full")
    member.ok(member.post(f"/buckets/{bucket}/uploads", {"key": "a", "size": gib - 10}))
    assert refused(put(member, bucket, "b", b"x" * 11)) == (409, "bucket.full")
    member.ok(put(member, bucket, "b", b"x" * 10))
    assert refused(put(member, bucket, "c", b"x")) == (409, "bucket.full")


def test_who_may_do_what(home: Home) -> None:
    bucket = make(home.centre, home.admin, home.project, "papers")
    home.member.ok(put(home.member, bucket, "a", b"1"))
    body = {"name": "x", "project_id": home.project, "quota_gib": 1}
    for caller in (home.member, home.viewer):
        assert refused(caller.post("/buckets", body)) == (403, "auth.forbidden")
        assert refused(caller.delete(f"/buckets/{bucket}?confirm=papers")) == (403, "auth.forbidden")
        assert refused(caller.patch(f"/buckets/{bucket}", {"quota_gib": 2})) == (403, "auth.forbidden")
    assert refused(fetch(home.viewer, bucket, "a")) == (403, "auth.forbidden")
    assert refused(put(home.viewer, bucket, "a", b"2")) == (403, "auth.forbidden")
    stranger = home.centre.signed_in("department_admin", at=home.centre.department("sjj"))
    for response in (
        stranger.get(f"/buckets/{bucket}"),
        stranger.get(f"/buckets/{bucket}/objects"),
        stranger.get(f"/buckets/{bucket}/usage"),
        fetch(stranger, bucket, "a"),
        put(stranger, bucket, "a", b"2"),
        stranger.post(f"/buckets/{bucket}/uploads", {"key": "a", "size": 1}),
        stranger.delete(f"/buckets/{bucket}?confirm=papers"),
    ):
        assert refused(response) == (404, "thing.absent")
    assert stranger.ok(stranger.get("/buckets"))["items"] == []
    assert fetch(home.member, bucket, "a").data == b"1"
    auditor = home.centre.signed_in("audit_admin")
    trail = {one["action"] for one in auditor.ok(auditor.get("/audit-entries?subject_type=bucket&limit=200"))["items"]}
    assert {"bucket.create", "bucket.upload", "bucket.delete"} <= trail


@STRICT
def test_hostile_names(home: Home) -> None:
    """A text is a bucket's name or an object's key, or it is refused with a reason; it never does anything else."""
    bucket = make(home.centre, home.admin, home.project, "hostile")
    kept = set()
    for text in TEXTS.values():
        try:
            text.encode()
        except UnicodeEncodeError:
            continue
        response = put(home.member, bucket, text, text.encode())
        if response.status_code == 200:
            kept.add(text)
            assert fetch(home.member, bucket, text).data == text.encode()
        else:
            assert response.status_code in (404, 422), (text, response.get_data(as_text=True))
        body = {"name": text, "project_id": home.project, "quota_gib": 1, "expire_days": 1, "expire_prefix": text}
        assert home.admin.post("/buckets", body).status_code in (202, 422)
    settle(home.centre)
    assert kept == {text for text in TEXTS.values() if flaw(text) is None}
    assert names(home.member, bucket) == kept
    listed = home.admin.ok(home.admin.get("/buckets?limit=200"))["items"]
    assert {one["state"] for one in listed} == {"available"}
    for text in kept:
        home.member.ok(home.member.delete(f"/buckets/{bucket}/objects?key={quote(text, safe='')}"), 204)
    assert names(home.member, bucket) == set()


@ONCE
def test_what_is_not_ours_stays(home: Home, tmp_path: Path) -> None:
    """Another installation's bucket, one of ours without a row that holds something, and one that is empty."""
    path = tmp_path / "cloud.sqlite"
    foreign, mine = SimulatorStore("another", path), SimulatorStore(home.centre.house.installation, path)
    theirs, full, bare = (BucketSpec(new_id(), "x") for _ in range(3))
    foreign.create_bucket(theirs, within=5)
    for spec in (full, bare):
        mine.create_bucket(spec, within=5)
    mine.put_object(full.id, "a", io.BytesIO(b"1"), 1, "", within=5)
    meter(home.centre, home.store)
    assert {one.id for one in mine.list_owned(within=5)} == {full.id, bare.id}
    home.centre.time.pass_(seconds=60)
    meter(home.centre, home.store)
    assert {one.id for one in mine.list_owned(within=5)} == {full.id}
    assert foreign.observe_bucket(theirs.id, within=5) is not None


@ONCE
def test_bucket_that_vanished_is_told_and_comes_back(home: Home, tmp_path: Path) -> None:
    bucket = make(home.centre, home.admin, home.project, "lost")
    store = SimulatorStore(home.centre.house.installation, tmp_path / "cloud.sqlite")
    store.delete_bucket(bucket, within=5)
    meter(home.centre, home.store)
    shown = home.admin.ok(home.admin.get(f"/buckets/{bucket}"))
    assert (shown["state"], shown["error"]["code"]) == ("error", "bucket.gone")
    assert refused(put(home.member, bucket, "a", b"1")) == (409, "bucket.not_ready")
    store.create_bucket(BucketSpec(bucket, "lost"), within=5)
    meter(home.centre, home.store)
    shown = home.admin.ok(home.admin.get(f"/buckets/{bucket}"))
    assert (shown["state"], shown["error"]) == ("available", None)
    store.delete_bucket(bucket, within=5)
    meter(home.centre, home.store)
    assert done(home.centre, home.admin, home.admin.delete(f"/buckets/{bucket}?confirm=lost"))["state"] == "succeeded"


@ONCE
def test_which_endpoint(home: Home, tmp_path: Path) -> None:
    body = {"name": "x", "project_id": home.project, "quota_gib": 1}
    create_cloud(tmp_path / "second.sqlite", [SimHost("h0")])
    second = add_store(home.centre, "simulator", {"path": str(tmp_path / "second.sqlite")}, "second")
    assert refused(home.admin.post("/buckets", body)) == (422, "bucket.which_store")
    assert refused(home.admin.post("/buckets", {**body, "provider_id": new_id()})) == (422, "input.reference")
    made = make(home.centre, home.admin, home.project, "x", provider_id=second)
    assert home.admin.ok(home.admin.get(f"/buckets/{made}"))["store"]["name"] == "second"
    stores = home.member.ok(home.member.get("/object-stores"))
    assert [one["name"] for one in stores] == ["second", "store"]
    assert all("bucket_quota" in one["capabilities"] for one in stores)
    root = home.centre.signed_in("system_admin")
    root.ok(root.patch(f"/providers/{second}", {"enabled": False}))
    assert refused(root.delete(f"/providers/{second}")) == (409, "provider.holds_buckets")


@ONCE
def test_without_an_endpoint(centre: Centre) -> None:
    bureau = centre.department("mzj")
    admin = centre.signed_in("department_admin", at=bureau)
    body = {"name": "x", "project_id": add_project(centre, bureau), "quota_gib": 1}
    assert refused(admin.post("/buckets", body)) == (409, "bucket.no_store")
    assert admin.ok(admin.get("/object-stores")) == []


def test_bad_input_names_its_field(home: Home) -> None:
    body = {"name": "x", "project_id": home.project, "quota_gib": 1}
    for more, field in (
        ({"quota_gib": 0}, "quota_gib"),
        ({"quota_gib": 2**40}, "quota_gib"),
        ({"expire_days": 0}, "expire_days"),
        ({"expire_prefix": "a/"}, "expire_prefix"),
        ({"name": " "}, "name"),
        ({"application_id": new_id()}, "application_id"),
    ):
        response = home.admin.post("/buckets", {**body, **more})
        assert response.status_code == 422
        assert response.json["field"] == field
    bucket = make(home.centre, home.admin, home.project, "x")
    assert refused(home.admin.delete(f"/buckets/{bucket}")) == (409, "confirm.required")
    assert refused(home.admin.delete(f"/buckets/{bucket}?confirm=x&contents=y")) == (409, "confirm.required")
    assert refused(fetch(home.member, bucket, "nothing")) == (404, "object.absent")
    assert refused(fetch(home.member, bucket, "../x")) == (422, "object.key")
    assert refused(home.member.get(f"/buckets/{bucket}/objects?limit=0"))[0] == 422


@ONCE
def test_access_keys_on_real_s3(real_home: Home, seaweed: Seaweed) -> None:
    """A program gets in with the key, into this bucket alone, until it is revoked or the bucket goes."""
    bucket, made = key_of(real_home)
    admin, path, key = real_home.admin, f"/buckets/{bucket}/keys", made["key"]
    access = admin.ok(admin.get(path))["access"]
    assert access["endpoint"] == seaweed.url
    program = seaweed.client(key["access_key_id"], made["secret"])
    program.put_object(Bucket=access["bucket"], Key="表.txt", Body=b"sent")
    assert fetch(real_home.member, bucket, "表.txt").data == b"sent"
    reads = admin.ok(admin.post(path, {"name": "reader"}), 201)
    reader = seaweed.client(reads["key"]["access_key_id"], reads["secret"])
    assert reader.get_object(Bucket=access["bucket"], Key="表.txt")["Body"].read() == b"sent"
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket=access["bucket"], Key="b", Body=b"no")
    assert done(real_home.centre, admin, admin.delete(f"{path}/{key['id']}"))["state"] == "succeeded"
    with pytest.raises(ClientError):
        program.get_object(Bucket=access["bucket"], Key="表.txt")
    twice = f"confirm={quote('程序')}&contents={quote('程序')}"
    assert done(real_home.centre, admin, admin.delete(f"/buckets/{bucket}?{twice}"))["state"] == "succeeded"
    with pytest.raises(ClientError):
        reader.list_buckets()
    assert list(S3Store(real_home.centre.house.installation, seaweed.endpoint).list_keys(within=20)) == []
