"""Buckets: made once, configured, listed, emptied and removed; what is not ours stays as it is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from egovcloud.domain.errors import Conflict, NotFound, Problem, QuotaExceeded, Transient, Unsupported
from egovcloud.drivers.objects import ObjectCapability
from tests.contract_objects.adapter import WITHIN, Endpoint, new_id

shows = pytest.mark.shows
FOREIGN = "somebody-elses-bucket"


def test_store_declares_what_the_backend_says(endpoint: Endpoint, declared: frozenset[str]) -> None:
    assert endpoint.store.capabilities == declared


def test_bucket_is_made_once(endpoint: Endpoint) -> None:
    store, spec = endpoint.store, endpoint.spec()
    made = store.create_bucket(spec, within=WITHIN)
    endpoint.put(spec.id, "a.txt")
    assert store.create_bucket(spec, within=WITHIN) == made == store.observe_bucket(spec.id, within=WITHIN)
    assert [(one.id, one.external_id) for one in store.list_owned(within=WITHIN)] == [(spec.id, made.external_id)]
    assert endpoint.keys(spec.id) == ["a.txt"]


def test_what_is_absent_is_told_and_deleted_without_fuss(endpoint: Endpoint) -> None:
    store, nobody = endpoint.store, new_id()
    assert store.observe_bucket(nobody, within=WITHIN) is None
    assert store.empty_bucket(nobody, within=WITHIN)
    store.delete_bucket(nobody, within=WITHIN)
    for call in (
        lambda: store.configure_bucket(endpoint.spec(id=nobody), within=WITHIN),
        lambda: store.usage(nobody, within=WITHIN),
        lambda: endpoint.put(nobody, "a"),
        lambda: endpoint.list(nobody),
        lambda: endpoint.get(nobody, "a"),
        lambda: store.begin_upload(nobody, "a", "", within=WITHIN),
    ):
        with pytest.raises(NotFound):
            call()
    assert store.observe_bucket(nobody, within=WITHIN) is None


def test_full_bucket_is_not_deleted(endpoint: Endpoint) -> None:
    store, bucket = endpoint.store, endpoint.bucket()
    endpoint.put(bucket, "a/b.txt")
    with pytest.raises(Conflict) as caught:
        store.delete_bucket(bucket, within=WITHIN)
    assert caught.value.code == "bucket.not_empty"
    assert endpoint.get(bucket, "a/b.txt") == b"hello"
    assert store.empty_bucket(bucket, within=WITHIN)
    store.delete_bucket(bucket, within=WITHIN)
    assert store.observe_bucket(bucket, within=WITHIN) is None
    assert list(store.list_owned(within=WITHIN)) == []


def test_hundreds_of_objects_are_emptied(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    for number in range(120):
        endpoint.put(bucket, f"day/{number:03}", b"x")
    assert endpoint.store.usage(bucket, within=WITHIN).objects == 120
    endpoint.remove(endpoint.store, bucket)
    assert endpoint.store.observe_bucket(bucket, within=WITHIN) is None


def test_usage_counts_objects_and_bytes(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    assert endpoint.store.usage(bucket, within=WITHIN) == type(endpoint.store.usage(bucket, within=WITHIN))(0, 0)
    endpoint.put(bucket, "a", b"12345")
    endpoint.put(bucket, "b/c", b"123")
    endpoint.put(bucket, "a", b"1234567")
    seen = endpoint.store.usage(bucket, within=WITHIN)
    assert (seen.objects, seen.bytes) == (2, 10)


def test_others_buckets_are_never_touched(endpoint: Endpoint) -> None:
    endpoint.plant(FOREIGN)
    try:
        mine, other = endpoint.bucket(), endpoint.other()
        theirs = endpoint.spec()
        other.create_bucket(theirs, within=WITHIN)
        store = endpoint.store
        assert [one.id for one in store.list_owned(within=WITHIN)] == [mine]
        unmanaged = {one.external_id for one in store.list_unmanaged(within=WITHIN)}
        assert FOREIGN in unmanaged
        assert len(unmanaged) == 2
        assert store.observe_bucket(theirs.id, within=WITHIN) is None
        store.empty_bucket(theirs.id, within=WITHIN)
        store.delete_bucket(theirs.id, within=WITHIN)
        assert other.observe_bucket(theirs.id, within=WITHIN) is not None
        assert endpoint.planted(FOREIGN) == b"kept"
    finally:
        endpoint.uproot(FOREIGN)


@shows(ObjectCapability.BUCKET_VERSIONING)
def test_versions_are_kept_and_go_with_the_bucket(endpoint: Endpoint) -> None:
    store, spec = endpoint.store, endpoint.spec(versioning=True)
    assert store.create_bucket(spec, within=WITHIN).versioning
    endpoint.put(spec.id, "a", b"first")
    endpoint.put(spec.id, "a", b"second")
    store.delete_object(spec.id, "a", within=WITHIN)
    assert endpoint.keys(spec.id) == []
    with pytest.raises(Conflict):
        store.delete_bucket(spec.id, within=WITHIN)
    assert not store.configure_bucket(replace(spec, versioning=False), within=WITHIN).versioning
    endpoint.remove(store, spec.id)
    assert store.observe_bucket(spec.id, within=WITHIN) is None


@shows(ObjectCapability.BUCKET_EXPIRY)
def test_expiry_is_set_changed_and_taken_away(endpoint: Endpoint) -> None:
    store, spec = endpoint.store, endpoint.spec(expire_days=30, expire_prefix="日志/")
    made = store.create_bucket(spec, within=WITHIN)
    assert (made.expire_days, made.expire_prefix) == (30, "日志/")
    endpoint.put(spec.id, "日志/today", b"stays")
    other = store.configure_bucket(replace(spec, expire_days=7, expire_prefix=""), within=WITHIN)
    assert (other.expire_days, other.expire_prefix) == (7, "")
    assert store.configure_bucket(replace(spec, expire_days=None), within=WITHIN).expire_days is None
    seen = store.observe_bucket(spec.id, within=WITHIN)
    assert seen is not None
    assert (seen.expire_days, seen.expire_prefix) == (None, "")
    assert endpoint.get(spec.id, "日志/today") == b"stays"


@shows(ObjectCapability.BUCKET_QUOTA)
def test_endpoint_refuses_what_goes_beyond(endpoint: Endpoint) -> None:
    store, spec = endpoint.store, endpoint.spec(quota_bytes=10)
    assert store.create_bucket(spec, within=WITHIN).quota_bytes == 10
    endpoint.put(spec.id, "a", b"12345678")
    with pytest.raises(QuotaExceeded):
        endpoint.put(spec.id, "b", b"123456789012")  # too much by itself: some count what is there only now and then
    assert endpoint.keys(spec.id) == ["a"]
    assert store.configure_bucket(replace(spec, quota_bytes=100), within=WITHIN).quota_bytes == 100
    endpoint.put(spec.id, "b", b"12345678")
    assert store.configure_bucket(replace(spec, quota_bytes=None), within=WITHIN).quota_bytes is None


@shows(ObjectCapability.BUCKET_ACCESS_KEY)
def test_key_opens_its_bucket_alone(endpoint: Endpoint) -> None:
    store, mine, other = endpoint.store, endpoint.bucket(), endpoint.bucket()
    names = {one.id: one.external_id for one in store.list_owned(within=WITHIN)}
    endpoint.put(mine, "a", b"mine")
    endpoint.put(other, "a", b"other")
    key_id = new_id()
    first = store.create_key(mine, key_id, writes=False, within=WITHIN)
    assert first.secret not in repr(first)
    key = store.create_key(mine, key_id, writes=True, within=WITHIN)
    assert endpoint.reads(key.id, key.secret, names[mine], "a") == b"mine"
    assert endpoint.reads(key.id, key.secret, names[other], "a") is None
    assert endpoint.reads(first.id, first.secret, names[mine], "a") is None
    for _ in range(2):
        store.delete_key(key_id, within=WITHIN)
    assert endpoint.reads(key.id, key.secret, names[mine], "a") is None


@shows(ObjectCapability.BUCKET_ACCESS_KEY)
def test_keys_are_listed_and_those_of_others_are_left_alone(endpoint: Endpoint) -> None:
    store, other, mine = endpoint.store, endpoint.other(), endpoint.bucket()
    theirs = endpoint.spec()
    other.create_bucket(theirs, within=WITHIN)
    ids = sorted(new_id() for _ in range(3))
    for id_ in ids:
        store.create_key(mine, id_, writes=True, within=WITHIN)
    stranger = new_id()
    other.create_key(theirs.id, stranger, writes=True, within=WITHIN)
    try:
        found = store.list_keys(within=WITHIN)
        assert sorted(one.id for one in found) == ids
        assert len({one.external_id for one in found}) == len(ids)
        for id_ in (*ids, stranger):
            store.delete_key(id_, within=WITHIN)
        assert list(store.list_keys(within=WITHIN)) == []
        assert [one.id for one in other.list_keys(within=WITHIN)] == [stranger]
        with pytest.raises(NotFound):
            store.create_key(new_id(), new_id(), writes=True, within=WITHIN)
        assert list(store.list_keys(within=WITHIN)) == []
    finally:
        other.delete_key(stranger, within=WITHIN)
        endpoint.remove(other, theirs.id)


def test_a_store_without_keys_says_so(endpoint: Endpoint) -> None:
    if ObjectCapability.BUCKET_ACCESS_KEY in endpoint.store.capabilities:
        assert list(endpoint.store.list_keys(within=WITHIN)) == []
        return
    bucket = endpoint.bucket()
    for call in (
        lambda: endpoint.store.create_key(bucket, new_id(), writes=False, within=WITHIN),
        lambda: endpoint.store.delete_key(new_id(), within=WITHIN),
        lambda: endpoint.store.list_keys(within=WITHIN),
    ):
        with pytest.raises(Unsupported):
            call()


def test_silence_is_an_error_in_time(endpoint: Endpoint) -> None:
    bucket = endpoint.bucket()
    with endpoint.hanging():
        for call in (
            lambda: endpoint.store.observe_bucket(bucket, within=0.4),
            lambda: endpoint.store.usage(bucket, within=0.4),
            lambda: endpoint.store.list_owned(within=0.4),
            lambda: endpoint.store.create_bucket(endpoint.spec(), within=0.4),
            lambda: endpoint.store.delete_bucket(bucket, within=0.4),
        ):
            begun = time.monotonic()
            with pytest.raises(Transient) as caught:
                call()
            assert caught.value.code == "driver.timeout"
            assert time.monotonic() - begun < 10
    assert endpoint.store.observe_bucket(bucket, within=WITHIN) is not None


def test_ids_that_are_none_are_refused(endpoint: Endpoint) -> None:
    for text in ("", "x", "../" + new_id(), new_id().upper()):
        with pytest.raises((ValueError, Problem)):
            endpoint.store.observe_bucket(text, within=WITHIN)
