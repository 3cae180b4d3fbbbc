"""A bureau that keeps buckets, and short ways for its people, for stories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.support.buckets import add_project, make
from tests.support.centre import Caller, Centre


@dataclass
class Home:
    """A bureau with a project and somebody of each kind."""

    centre: Centre
    store: str
    bureau: str
    project: str
    admin: Caller
    member: Caller
    viewer: Caller


def home_of(centre: Centre, store: str) -> Home:
    bureau = centre.department("mzj")
    people = [centre.signed_in(role, at=bureau) for role in ("department_admin", "member", "viewer")]
    return Home(centre, store, bureau, add_project(centre, bureau), *people)


def refused(response: Any) -> tuple[int, str]:
    assert response.content_type == "application/problem+json", response.get_data(as_text=True)[:300]
    return response.status_code, response.json["code"]


def put(caller: Caller, bucket: str, key: str, data: bytes) -> Any:
    return caller.put(f"/buckets/{bucket}/content?key={quote(key, safe='')}", data=data)


def fetch(caller: Caller, bucket: str, key: str, start: int = 0) -> Any:
    return caller.get(f"/buckets/{bucket}/content?key={quote(key, safe='')}&start={start}")


def line(home: Home, resource: str, department: str | None = None) -> dict[str, Any]:
    root = home.centre.signed_in("system_admin")
    lines = root.ok(root.get(f"/quotas/{department or home.bureau}"))["resources"]
    found: dict[str, Any] = next(one for one in lines if one["resource"] == resource)
    return found


def key_of(home: Home) -> tuple[str, dict[str, Any]]:
    """A key from its making to its end: the bucket's id, and the answer that told its secret."""
    admin = home.admin
    bucket = make(home.centre, admin, home.project, "程序")
    path = f"/buckets/{bucket}/keys"
    empty = admin.ok(admin.get(path))
    assert (empty["items"], empty["limit"]) == ([], 10)
    made = admin.ok(admin.post(path, {"name": "备份", "writes": True}), 201)
    key = made["key"]
    assert (key["name"], key["writes"], key["state"]) == ("备份", True, "available")
    assert key["created_by"]["name"]
    (listed,) = home.viewer.ok(home.viewer.get(path))["items"]
    assert listed == key
    assert made["secret"] not in admin.get(path).get_data(as_text=True)
    assert refused(admin.post(path, {"name": "备份"})) == (409, "bucket_key.exists")
    for caller in (home.member, home.viewer):
        assert refused(caller.post(path, {"name": "x"})) == (403, "auth.forbidden")
        assert refused(caller.delete(f"{path}/{key['id']}")) == (403, "auth.forbidden")
    stranger = home.centre.signed_in("department_admin", at=home.centre.department("sjj"))
    for response in (stranger.get(path), stranger.post(path, {"name": "x"}), stranger.delete(f"{path}/{key['id']}")):
        assert refused(response) == (404, "thing.absent")
    return bucket, made
