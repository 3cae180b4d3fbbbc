"""Adopting a server is three tags and nothing else, the one that makes it ours on last and off first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import Owned, OwnedKind
from egovcloud.drivers.openstack import OpenStackDriver
from egovcloud.drivers.openstack.marker import Marker
from tests.support.fake_openstack import JSON, FakeCloud, fake_cloud

MARK = Marker("ours")
SERVERS = "/compute/v2.1/servers"


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with fake_cloud() as cloud:
        yield cloud


@pytest.fixture
def driver(cloud: FakeCloud, tmp_path: Path) -> OpenStackDriver:
    return OpenStackDriver("ours", cloud.config(tmp_path))


def server(*tags: str) -> dict[str, object]:
    return {
        "id": "nova-1",
        "name": "legacy",
        "status": "ACTIVE",
        "created": "2026-01-01",
        "tags": list(tags),
        "metadata": {},
        "flavor": {"vcpus": 1, "ram": 512, "disk": 1},
        "OS-EXT-SRV-ATTR:host": "one",
    }


def told(cloud: FakeCloud, path: str, *bodies: object) -> None:
    cloud.answers[path] = [(200, JSON, json.dumps(body).encode()) for body in bodies]


def changed(cloud: FakeCloud) -> list[tuple[str, str]]:
    """Requests that changed something, as (method, the tag)."""
    return [(method, path.rpartition("/")[2]) for method, path, _ in cloud.seen if method in ("PUT", "DELETE")]


def adopted(our_id: str) -> list[str]:
    return [MARK.note, MARK.tag, MARK.server_tag(our_id)]


def test_a_server_is_marked_and_nothing_else(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    our_id = new_id()
    told(cloud, f"{SERVERS}/nova-1", {"server": server("theirs")})
    ref = driver.adopt_instance("one", "nova-1", our_id, within=5.0)
    assert (ref.external_id, ref.host) == ("nova-1", "one")
    assert changed(cloud) == [("PUT", tag) for tag in adopted(our_id)]
    told(cloud, f"{SERVERS}/nova-1", {"server": server("theirs", *adopted(our_id))})
    driver.adopt_instance("one", "nova-1", our_id, within=5.0)
    assert len(changed(cloud)) == 3


def test_what_is_taken_foreign_or_gone_is_refused(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    other = Marker("another installation")
    told(cloud, f"{SERVERS}/nova-1", {"server": server(*adopted(new_id()))}, {"server": server(other.tag)})
    with pytest.raises(Conflict) as taken:
        driver.adopt_instance("one", "nova-1", new_id(), within=5.0)
    assert taken.value.code == "adoption.taken"
    with pytest.raises(Forbidden):
        driver.adopt_instance("one", "nova-1", new_id(), within=5.0)
    cloud.answers[f"{SERVERS}/nova-1"] = [(404, JSON, b"{}")]
    with pytest.raises(NotFound) as gone:
        driver.adopt_instance("one", "nova-1", new_id(), within=5.0)
    assert gone.value.code == "adoption.absent"
    assert changed(cloud) == []


def test_an_adopted_server_is_kept_by_deletion_and_given_back_by_the_sweep(
    cloud: FakeCloud, driver: OpenStackDriver
) -> None:
    our_id = new_id()
    told(cloud, f"{SERVERS}/detail", {"servers": [server(*adopted(our_id))]})
    with pytest.raises(Conflict) as kept:
        driver.delete_instance("one", our_id, within=5.0)
    assert kept.value.code == "adoption.kept"
    told(cloud, f"{SERVERS}/detail", {"servers": [server(*adopted(our_id))]})
    with pytest.raises(Conflict) as sized:
        driver.resize_instance("one", our_id, 2, 1024, within=5.0)
    assert sized.value.code == "adoption.kept"
    assert changed(cloud) == []
    assert [path for method, path, _ in cloud.seen if method == "POST" and path.endswith("/action")] == []
    told(cloud, f"{SERVERS}/nova-1", *[{"server": server(*adopted(our_id))}] * 2)
    driver.delete_owned(Owned(OwnedKind.INSTANCE, our_id, "nova-1", "one"), within=5.0)
    assert changed(cloud)[0] == ("DELETE", MARK.server_tag(our_id))
    assert {tag for _, tag in changed(cloud)} == set(adopted(our_id))


def test_what_we_made_is_not_released(cloud: FakeCloud, driver: OpenStackDriver) -> None:
    our_id = new_id()
    told(cloud, f"{SERVERS}/detail", {"servers": [server(MARK.tag, MARK.server_tag(our_id))]})
    with pytest.raises(Conflict) as own:
        driver.release_instance("one", our_id, within=5.0)
    assert own.value.code == "release.own"
    assert changed(cloud) == []
