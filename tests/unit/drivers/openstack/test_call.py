"""Searching, creating and waiting within one call, without a cloud."""

from __future__ import annotations

import threading
import time

import pytest

from egovcloud.domain.errors import NotFound, Permanent, Transient
from egovcloud.drivers.openstack import CloudConfig, OpenStackDriver, PoolConfig
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.cloud import Cloud, Names
from egovcloud.drivers.openstack.deadline import Deadline, current_timeout, holding
from egovcloud.drivers.openstack.errors import Refused, Unanswered
from egovcloud.drivers.openstack.turns import Doubts


def call(within: float = 2.0, visibility: float = 0.4) -> Call:
    return Call(Cloud("ours", CloudConfig("bed", visibility=visibility)), "fake1", Deadline(within))


def lost() -> str:
    raise Unanswered(Transient("driver.unreachable", host="fake1", detail="cut"))


def test_what_is_found_is_not_created() -> None:
    assert call().make("one", lambda: "found", lost) == "found"


def test_what_shows_late_is_not_created_a_second_time() -> None:
    one = call()
    with pytest.raises(Unanswered):
        one.make("one", lambda: None, lost)
    shows = time.monotonic() + 0.2
    again = Call(one.cloud, "fake1", Deadline(2.0))
    assert again.make("one", lambda: "late" if time.monotonic() > shows else None, lost) == "late"


def test_after_the_window_it_is_created() -> None:
    one = call()
    with pytest.raises(Unanswered):
        one.make("one", lambda: None, lost)
    start = time.monotonic()
    assert one.make("one", lambda: None, lambda: "made") == "made"
    assert time.monotonic() - start >= 0.3
    assert one.cloud.doubts.left("one") == 0.0


def test_doubt_about_one_thing_delays_no_other() -> None:
    one = call(visibility=60.0)
    with pytest.raises(Unanswered):
        one.make("one", lambda: None, lost)
    start = time.monotonic()
    assert one.make("other", lambda: None, lambda: "made") == "made"
    assert time.monotonic() - start < 0.2


def test_window_longer_than_the_call_ends_with_the_call() -> None:
    one = call(within=0.3, visibility=60.0)
    with pytest.raises(Unanswered):
        one.make("one", lambda: None, lost)
    with pytest.raises(Transient) as caught:
        one.make("one", lambda: None, lambda: "made twice")
    assert caught.value.code == "driver.timeout"


def test_removal_waits_for_what_a_lost_creation_may_show() -> None:
    one = call()
    with pytest.raises(Unanswered):
        one.make("one", lambda: None, lost)
    shows = time.monotonic() + 0.2
    assert one.all_of("one", lambda: ["late"] if time.monotonic() > shows else []) == ["late"]
    assert one.cloud.doubts.left("one") == 0.0
    assert one.all_of("one", list) == []


def test_refusal_leaves_no_doubt() -> None:
    one = call()

    def refuse() -> str:
        raise Refused(400, "no", Permanent("driver.failed", host="fake1", detail="no"))

    with pytest.raises(Refused):
        one.make("one", lambda: None, refuse)
    assert one.cloud.doubts.left("one") == 0.0


def test_doubts_end_with_their_window() -> None:
    doubts = Doubts(60.0)
    doubts.note("one")
    assert 59 < doubts.left("one") <= 60
    doubts.settle("one")
    assert doubts.left("one") == 0.0


def test_names_are_known_for_a_while() -> None:
    names, stale = Names(60.0), Names(0.0)
    assert names.put("image", "ours", "theirs") == "theirs"
    assert (names.get("image", "ours"), names.get("network", "ours")) == ("theirs", None)
    names.drop("image", "ours")
    assert names.get("image", "ours") is None
    stale.put("image", "ours", "theirs")
    assert stale.get("image", "ours") is None


def test_one_at_a_time_and_not_for_ever() -> None:
    one, inside = call(), threading.Event()
    waiting = Call(one.cloud, "fake1", Deadline(0.2))
    release = threading.Event()

    def hold() -> None:
        with one.alone("thing"):
            inside.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait()
    with pytest.raises(Transient) as caught, waiting.alone("thing"):
        raise AssertionError("entered while another held it")
    release.set()
    holder.join()
    assert caught.value.code == "driver.timeout"
    with call().alone("thing"):
        assert one.cloud.turns.take("thing", 0.1)


def test_waiting_ends_with_the_limit() -> None:
    start = time.monotonic()
    with pytest.raises(Transient):
        call(within=0.2).until(lambda: None)
    assert time.monotonic() - start < 1.0


def test_requests_get_what_is_left() -> None:
    assert current_timeout(60.0) == 60.0
    with holding(Deadline(5.0)):
        assert 4 < current_timeout(60.0) <= 5
    with holding(Deadline(0.0)):
        assert 0 < current_timeout(60.0) < 0.1


def test_pool_that_is_not_configured_is_named() -> None:
    with pytest.raises(NotFound) as caught:
        call().pool("nowhere")
    assert caught.value.code == "pool.absent"


def test_capabilities_follow_the_configuration() -> None:
    plain = OpenStackDriver("ours", CloudConfig("bed", physical_networks=False)).capabilities
    pools = {"a": PoolConfig("standard"), "b": PoolConfig(None, root="hypervisor")}
    rich = OpenStackDriver("ours", CloudConfig("bed", pools=pools, external_network="outside")).capabilities
    assert plain < rich
    assert {"volume", "network_nat", "live_migration_shared", "snapshot_external"} <= rich - plain


def test_configuration_of_a_provider() -> None:
    stored = {"cloud": "bed", "region": "north", "host_pool_id": "x", "pools": {"ssd": {"volume_type": "fast"}}}
    assert CloudConfig.of(stored) == CloudConfig("bed", region="north", pools={"ssd": PoolConfig("fast")})


def test_cloud_that_no_file_names_is_one_clear_error(tmp_path: object) -> None:
    config = CloudConfig("nowhere", clouds_file=f"{tmp_path}/clouds.yaml", secure_file=f"{tmp_path}/secure.yaml")
    with pytest.raises(Permanent) as caught:
        OpenStackDriver("ours", config).hosts(within=1.0)
    assert caught.value.code == "cloud.config"
