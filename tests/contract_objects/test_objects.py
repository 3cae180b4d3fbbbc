"""Objects: whatever a user calls them and whatever they hold comes back as it went in."""

from __future__ import annotations

import hashlib
import io
import random
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from egovcloud.domain.errors import NotFound, Problem
from egovcloud.drivers.objects import PART_BYTES, RESERVED, ObjectCapability, Part, flaw
from tests.contract_objects.adapter import WITHIN, Endpoint
from tests.support.hostile import TEXTS

shows = pytest.mark.shows
LONG = 60.0


def test_object_comes_back(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    data = random.Random(1).randbytes(300_000)
    endpoint.put(bucket, "报告/2026.bin", data)
    assert endpoint.get(bucket, "报告/2026.bin") == data
    seen = endpoint.store.stat_object(bucket, "报告/2026.bin", within=WITHIN)
    assert seen is not None
    assert (seen.key, seen.size, seen.content_type) == ("报告/2026.bin", 300_000, "text/plain")
    assert abs(seen.modified - datetime.now(UTC)) < timedelta(hours=1)


def test_empty_object(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    endpoint.put(bucket, "empty", b"")
    assert endpoint.get(bucket, "empty") == b""


def test_part_of_an_object(endpoint: Endpoint) -> None:
    bucket, data = endpoint.bucket(), random.Random(2).randbytes(700_000)
    endpoint.put(bucket, "a", data)
    for start, length in ((0, 10), (5, 262_144), (262_143, 2), (699_990, 10), (1, None), (0, None)):
        got = b"".join(endpoint.store.get_object(bucket, "a", start=start, length=length, within=WITHIN))
        assert got == data[start : None if length is None else start + length]


def test_absent_object(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    assert endpoint.store.stat_object(bucket, "nothing", within=WITHIN) is None
    endpoint.store.delete_object(bucket, "nothing", within=WITHIN)
    with pytest.raises(NotFound) as caught:
        endpoint.store.get_object(bucket, "nothing", within=WITHIN)
    assert caught.value.code == "object.absent"


def test_deleted_object_is_gone(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    endpoint.put(bucket, "a")
    endpoint.store.delete_object(bucket, "a", within=WITHIN)
    assert endpoint.store.stat_object(bucket, "a", within=WITHIN) is None
    assert endpoint.keys(bucket) == []


def test_browsing_by_prefix(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    for key in ("a.txt", "d/1", "d/2", "d/e/3", "中文/文件", "z"):
        endpoint.put(bucket, key, b"1")
    top = endpoint.list(bucket)
    assert ([one.key for one in top.objects], sorted(top.prefixes)) == (["a.txt", "z"], ["d/", "中文/"])
    below = endpoint.list(bucket, "d/")
    assert ([one.key for one in below.objects], below.prefixes) == (["d/1", "d/2"], ("d/e/",))
    assert endpoint.keys(bucket) == ["a.txt", "d/1", "d/2", "d/e/3", "z", "中文/文件"]
    assert endpoint.list(bucket, "nothing/").objects == ()


@pytest.mark.parametrize("deep", [False, True])
def test_pages_show_everything_once(endpoint: Endpoint, deep: bool) -> None:
    bucket = endpoint.bucket()
    keys = [f"{letter}/{number}" for letter in "abc" for number in range(3)] + ["m", "n", "x/y/z"]
    for key in keys:
        endpoint.put(bucket, key, b"1")
    found: list[str] = []
    after: str | None = None
    for _ in range(20):
        page = endpoint.store.list_objects(bucket, prefix="", after=after, limit=2, deep=deep, within=WITHIN)
        assert len(page.objects) + len(page.prefixes) <= 2
        found += [one.key for one in page.objects] + list(page.prefixes)
        after = page.next
        if after is None:
            break
    wanted = keys if deep else ["a/", "b/", "c/", "m", "n", "x/"]
    assert sorted(found) == sorted(wanted)


HOSTILE = sorted(name for name, text in TEXTS.items() if flaw(text) is None)


def test_hostile_keys(endpoint: Endpoint) -> None:
    """Every name that is allowed is only a name."""
    bucket = endpoint.bucket()
    for name in HOSTILE:
        endpoint.put(bucket, TEXTS[name], name.encode())
    assert endpoint.keys(bucket) == sorted({TEXTS[name] for name in HOSTILE})
    assert {TEXTS[name]: endpoint.get(bucket, TEXTS[name]) for name in HOSTILE} == {
        TEXTS[name]: name.encode() for name in HOSTILE
    }
    assert endpoint.store.usage(bucket, within=WITHIN).objects == len(HOSTILE)
    for name in HOSTILE:
        endpoint.store.delete_object(bucket, TEXTS[name], within=WITHIN)
    assert endpoint.keys(bucket) == []


def test_keys_that_no_endpoint_can_hold_are_known() -> None:
    for key in ("", "a//b", "/a", "a/", ".", "a/../b", "a\\b", "a\0b", "a\nb", "x" * 1025, "\ud800", RESERVED + "x"):
        assert flaw(key) is not None, key
    for key in ("a", "a/b", "社会救助/表 1.xlsx", "a b+c%20&d=e?f#g", "..a", "a..", "x" * 255):
        assert flaw(key) is None, key


@shows(ObjectCapability.MULTIPART_UPLOAD)
def test_upload_in_parts_that_broke_off_and_went_on(endpoint: Endpoint) -> None:
    store, bucket = endpoint.store, endpoint.bucket()
    data = random.Random(3).randbytes(PART_BYTES + 1234)
    pieces = [data[:PART_BYTES], data[PART_BYTES:]]
    upload = store.begin_upload(bucket, "大/文件.bin", "application/x-test", within=LONG)
    assert endpoint.keys(bucket) == []

    def send(number: int, piece: bytes) -> Part:
        return store.put_part(bucket, "大/文件.bin", upload, number, io.BytesIO(piece), len(piece), within=LONG)

    send(1, b"\0" * PART_BYTES)
    parts = [send(2, pieces[1]), send(1, pieces[0])]
    parts.sort(key=lambda part: part.number)
    made = store.complete_upload(bucket, "大/文件.bin", upload, parts, within=LONG)
    assert made.size == len(data)
    again = store.complete_upload(bucket, "大/文件.bin", upload, parts, within=LONG)
    assert again.size == len(data)
    assert hashlib.sha256(endpoint.get(bucket, "大/文件.bin")).digest() == hashlib.sha256(data).digest()
    seen = store.stat_object(bucket, "大/文件.bin", within=WITHIN)
    assert seen is not None
    assert seen.content_type == "application/x-test"
    assert endpoint.keys(bucket) == ["大/文件.bin"]
    store.delete_object(bucket, "大/文件.bin", within=WITHIN)
    store.delete_bucket(bucket, within=WITHIN)
    assert store.observe_bucket(bucket, within=WITHIN) is None


@shows(ObjectCapability.MULTIPART_UPLOAD)
def test_aborted_upload_leaves_nothing(endpoint: Endpoint) -> None:
    store, bucket = endpoint.store, endpoint.bucket()
    upload = store.begin_upload(bucket, "a", "", within=LONG)
    store.put_part(bucket, "a", upload, 1, io.BytesIO(b"12345"), 5, within=LONG)
    for _ in range(2):
        store.abort_upload(bucket, "a", upload, within=LONG)
    with pytest.raises(Problem):
        store.complete_upload(bucket, "a", upload, [Part(1, "x")], within=LONG)
    assert endpoint.keys(bucket) == []
    assert store.usage(bucket, within=WITHIN).bytes == 0
    store.delete_bucket(bucket, within=WITHIN)


@shows(ObjectCapability.TEMPORARY_URL)
def test_temporary_addresses(endpoint: Endpoint) -> None:
    store, bucket = endpoint.store, endpoint.bucket()
    key = "a b/表+1 &x=%41.txt"
    put = store.temporary_url(bucket, key, "PUT", 60, within=WITHIN)
    request = urllib.request.Request(put, data=b"sent around us", method="PUT")
    request.add_header("Content-Type", "")
    with urllib.request.urlopen(request, timeout=WITHIN) as answer:
        assert answer.status in (200, 201)
    assert endpoint.get(bucket, key) == b"sent around us"
    with urllib.request.urlopen(store.temporary_url(bucket, key, "GET", 60, within=WITHIN), timeout=WITHIN) as answer:
        assert answer.read() == b"sent around us"
    other = store.temporary_url(bucket, key, "GET", 60, within=WITHIN).replace("a%20b", "b%20b")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(other, timeout=WITHIN)
    assert caught.value.code in (401, 403)
