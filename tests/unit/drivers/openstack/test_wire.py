"""The login, the catalogue, versions and limits, over real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from egovcloud.domain.errors import NotFound, Problem
from egovcloud.drivers.openstack import OpenStackDriver
from tests.support.fake_openstack import JSON, FakeCloud, expired, fake_cloud

HYPERVISORS = "/compute/v2.1/os-hypervisors"


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with fake_cloud() as cloud:
        yield cloud


@pytest.fixture
def driver(cloud: FakeCloud, tmp_path: Path) -> OpenStackDriver:
    return OpenStackDriver("ours", cloud.config(tmp_path))


def problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    assert "hidden" not in caught.value.text("en"), "the password is in the sentence"
    return caught.value


def fault(status: int, message: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, {**JSON, **headers}, json.dumps({"fault": {"code": status, "message": message}}).encode()


def test_hosts_are_asked_for_with_one_login(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    for _ in range(2):
        (host,) = driver.hosts(within=5.0)
    assert (host.name, host.vcpus, host.memory_mib, host.reachable) == ("one", 8, 16384, True)
    assert len(cloud.paths("POST")) == 1
    asked = [headers for _, path, headers in cloud.seen if path.startswith(HYPERVISORS)]
    assert {headers["OpenStack-API-Version"] for headers in asked} == {"compute 2.87"}


def test_token_that_is_refused_is_renewed_once(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    driver.hosts(within=5.0)
    cloud.answers[HYPERVISORS] = [fault(401, "The token has expired.")]
    assert driver.hosts(within=5.0)
    assert len(cloud.paths("POST")) == 2
    cloud.answers[HYPERVISORS] = [fault(401, "No."), fault(401, "No.")]
    assert problem(lambda: driver.hosts(within=5.0)).code == "cloud.credentials"


def test_wrong_password(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    cloud.answers["/v3/auth/tokens"] = [fault(401, "The request you have made requires authentication.")]
    caught = problem(lambda: driver.hosts(within=5.0))
    assert (caught.kind, caught.code) == ("permanent", "cloud.credentials")
    assert driver.hosts(within=5.0), "the right one, later, is believed"


def test_region_that_is_not_there(cloud: FakeCloud, tmp_path: Path) -> None:
    """Neither in the catalogue nor, where the provider names one, in the file."""
    config = cloud.config(tmp_path)
    cloud.region = "south"
    caught = problem(lambda: OpenStackDriver("ours", config).hosts(within=5.0))
    assert (caught.kind, caught.code) == ("permanent", "cloud.no_service")
    caught = problem(lambda: OpenStackDriver("ours", replace(config, region="west")).hosts(within=5.0))
    assert (caught.kind, caught.code) == ("permanent", "cloud.config")
    assert "west" in caught.text("en")


def test_service_that_is_not_there(driver: OpenStackDriver) -> None:
    driver.hosts(within=5.0)
    caught = problem(lambda: driver.delete_network("one", "0" * 8, within=5.0))
    assert (caught.kind, caught.code) == ("permanent", "cloud.no_service")
    assert "network" in caught.text("en")


def test_certificate_of_yesterday(tmp_path: Path) -> None:
    with fake_cloud(expired(tmp_path)) as cloud:
        driver = OpenStackDriver("ours", cloud.config(tmp_path))
        caught = problem(lambda: driver.hosts(within=5.0))
    assert (caught.kind, caught.code) == ("permanent", "cloud.certificate")


def test_nova_that_is_too_old(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    cloud.newest = "2.72"
    caught = problem(lambda: driver.observe_instance("one", "0" * 8, within=5.0))
    assert (caught.kind, caught.code) == ("permanent", "cloud.too_old")
    assert "2.72" in caught.text("en")
    assert "2.74" in caught.text("zh")


@pytest.mark.parametrize(("newest", "used"), [("2.74", "2.74"), ("2.80", "2.80"), ("2.200", "2.96")])
def test_newest_version_that_both_sides_know(cloud: FakeCloud, driver: OpenStackDriver, newest: str, used: str) -> None:
    cloud.newest = newest
    cloud.answers["/compute/v2.1/servers"] = [(200, JSON, b'{"servers": []}')]
    assert driver.observe_instance("one", "0" * 8, within=5.0) is None
    (headers,) = [headers for _, path, headers in cloud.seen if path.startswith("/compute/v2.1/servers")]
    assert headers["OpenStack-API-Version"] == f"compute {used}"


def test_page_instead_of_an_answer(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    driver.hosts(within=5.0)
    cloud.answers["/compute/v2.1/servers"] = [(200, {"Content-Type": "text/html"}, b"<html>Maintenance</html>")]
    caught = problem(lambda: driver.observe_instance("one", "0" * 8, within=5.0))
    assert (caught.kind, caught.code) == ("transient", "cloud.not_an_api")


def test_pages_of_a_list_end_when_nothing_new_comes(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    """A server that changes while it is listed may make a page lead to itself."""
    page = json.dumps({"servers": [], "servers_links": [{"rel": "next", "href": "again"}]}).encode()
    cloud.answers["/compute/v2.1/servers"] = [(200, JSON, page)] * 3
    assert driver.observe_instance("one", "0" * 8, within=5.0) is None
    assert len([path for path in cloud.paths() if path.startswith("/compute/v2.1/servers")]) == 1


def test_host_that_the_cloud_does_not_have(driver: OpenStackDriver) -> None:
    caught = problem(lambda: driver.start_instance("two", "0" * 8, within=5.0))
    assert isinstance(caught, NotFound)
    assert caught.code == "host.absent"


def test_cloud_that_falls_silent_shows_its_hosts_as_last_seen(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    driver.hosts(within=5.0)
    cloud.answers[HYPERVISORS] = [fault(503, "no", **{"Retry-After": "9"}), fault(429, "slow", **{"Retry-After": "9"})]
    (host,) = driver.hosts(within=5.0)
    assert (host.reachable, host.vcpus) == (False, 8)
    assert host.detail
    caught = problem(lambda: driver.hosts(within=5.0))
    assert (caught.code, getattr(caught, "retry_after", 0)) == ("cloud.rate", 9.0)


def test_limit_counts_the_login_too(tmp_path: Path) -> None:
    with fake_cloud() as cloud:
        config = cloud.config(tmp_path)
    start = time.monotonic()
    caught = problem(lambda: OpenStackDriver("ours", config).hosts(within=0.5))
    assert caught.kind == "transient"
    assert time.monotonic() - start < 3.0
