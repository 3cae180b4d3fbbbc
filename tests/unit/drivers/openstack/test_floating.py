"""Floating addresses in words of Neutron's own: what it refuses, and what a list tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from egovcloud.domain.errors import Conflict, Problem, QuotaExceeded
from egovcloud.drivers.base import NetworkSpec
from egovcloud.drivers.floating import FloatingLook, FloatingSpec
from egovcloud.drivers.openstack import OpenStackDriver
from egovcloud.drivers.openstack.floating import look
from egovcloud.drivers.openstack.looks import Lists
from egovcloud.drivers.openstack.marker import Marker
from egovcloud.drivers.survey import FOREIGN
from tests.support.fake_openstack import JSON, fake_cloud

MARKER = Marker("ours")
ID = "11111111-2222-4333-8444-000000000001"
SPEC = FloatingSpec(ID, NetworkSpec(ID, "wire", "nat", "10.0.0.0/24", "10.0.0.1"))
# As neutron_lib.exceptions and neutron.extensions word them.
REFUSALS = [
    (409, "No more IP addresses available on network 8f.", QuotaExceeded, "floating_address.exhausted"),
    (400, "Unable to find any IP address on external network 8f.", QuotaExceeded, "floating_address.exhausted"),
    (409, "Quota exceeded for resources: ['floatingip'].", QuotaExceeded, "cloud.quota"),
]


def answer(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(("status", "words", "kind", "code"), REFUSALS)
def test_an_outer_network_that_is_full(tmp_path: Path, status: int, words: str, kind: type[Problem], code: str) -> None:
    with fake_cloud() as cloud:
        driver = OpenStackDriver("ours", cloud.config(tmp_path))
        cloud.whole = True
        driver.hosts(within=5.0)
        router = {"id": "r", "external_gateway_info": {"network_id": "8f"}}
        cloud.answers["/network/v2.0/routers"] = [(200, JSON, answer({"routers": [router]}))]
        refused = {"NeutronError": {"type": "X", "message": words, "detail": ""}}
        cloud.answers["/network/v2.0/floatingips"] = [
            (200, JSON, answer({"floatingips": []})),
            (status, JSON, answer(refused)),
        ]
        with pytest.raises(kind) as caught:
            driver.create_floating_address("one", SPEC, within=5.0)
    assert caught.value.code == code


def test_a_network_without_a_router_leads_nowhere(tmp_path: Path) -> None:
    with fake_cloud() as cloud:
        driver = OpenStackDriver("ours", cloud.config(tmp_path))
        cloud.whole = True
        driver.hosts(within=5.0)
        cloud.answers["/network/v2.0/routers"] = [(200, JSON, b'{"routers": []}')]
        cloud.answers["/network/v2.0/floatingips"] = [(200, JSON, b'{"floatingips": []}')]
        with pytest.raises(Conflict) as caught:
            driver.create_floating_address("one", SPEC, within=5.0)
    assert caught.value.code == "floating_address.no_router"


def test_whom_it_leads_to_is_told_by_the_lists() -> None:
    server = {"id": "s", "tags": [MARKER.tag, MARKER.server_tag(ID)]}
    ports = [{"id": f"p{n}", "device_id": device} for n, device in enumerate(("s", "stranger", ""))]
    lists = Lists(MARKER, [server], [], [], [], [], [], [], ports)
    for port, holder in ((None, ""), ("p0", ID), ("p1", FOREIGN), ("p2", ""), ("elsewhere", FOREIGN)):
        found = look(lists, {"floating_ip_address": "203.0.113.9", "port_id": port})
        assert found == FloatingLook("203.0.113.9", holder)
