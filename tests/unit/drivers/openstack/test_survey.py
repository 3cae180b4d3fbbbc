"""One look at a cloud: as many requests for a hundred servers as for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from egovcloud.drivers.base import OwnedKind, Power
from egovcloud.drivers.openstack import OpenStackDriver
from egovcloud.drivers.openstack.marker import Marker, name_metadata
from egovcloud.drivers.survey import InstanceLook
from tests.support.fake_openstack import JSON, FakeCloud, fake_cloud

MARKER = Marker("ours")
LISTS = {
    "/compute/v2.1/servers/detail": "servers",
    "/volume/v3/volumes/detail": "volumes",
    "/volume/v3/snapshots/detail": "snapshots",
    "/image/v2/images": "images",
    "/network/v2.0/networks": "networks",
    "/network/v2.0/subnets": "subnets",
    "/network/v2.0/security-groups": "security_groups",
    "/network/v2.0/ports": "ports",
}


def our_id(number: int) -> str:
    return f"11111111-2222-4333-8444-{number:012d}"


def server(number: int) -> dict[str, Any]:
    return {
        "id": f"nova-{number}",
        "name": f"web-{number}",
        "status": "ACTIVE",
        "tags": [MARKER.tag, MARKER.server_tag(our_id(number))],
        "metadata": name_metadata(f"web-{number}"),
        "flavor": {"vcpus": 2, "ram": 2048, "disk": 20},
        "OS-EXT-SRV-ATTR:host": "one",
    }


def port(number: int) -> dict[str, Any]:
    return {
        "id": f"port-{number}",
        "device_id": f"nova-{number}",
        "mac_address": f"52:54:00:00:00:{number:02x}",
        "fixed_ips": [{"ip_address": f"10.0.0.{number}"}],
        "network_id": "net",
        "security_groups": [],
    }


@pytest.mark.parametrize("count", [1, 100])
def test_a_survey_asks_once_for_each_kind(tmp_path: Path, count: int) -> None:
    with fake_cloud() as cloud:
        cloud.whole = True
        driver = OpenStackDriver("ours", cloud.config(tmp_path))
        driver.hosts(within=5.0)
        _say(cloud, servers=[server(n) for n in range(count)], ports=[port(n) for n in range(count)])
        survey = driver.survey("one", within=5.0)
        asked = [path.partition("?")[0] for path in cloud.paths() if path.partition("?")[0] in LISTS]
    assert sorted(asked) == sorted(LISTS)
    assert len(survey.things) == count
    one = survey.things[0]
    assert (one.owned.kind, one.owned.host, one.owned.power) == (OwnedKind.INSTANCE, "one", Power.RUNNING)
    assert isinstance(one.look, InstanceLook)
    assert (one.look.vcpus, one.look.memory_mib, one.look.name) == (2, 2048, one.look.given_name)
    assert one.look.nics is not None
    assert one.look.nics[0].address == "10.0.0.0"


def _say(cloud: FakeCloud, **found: list[dict[str, Any]]) -> None:
    for path, key in LISTS.items():
        cloud.answers[path] = [(200, JSON, json.dumps({key: found.get(key, [])}).encode())]
