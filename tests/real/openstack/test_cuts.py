"""The answer to a creation is lost after the service has done it: asked again, there is still one of everything.

Nova, Cinder and Neutron let any number of things have one name. What is counted here is counted by openstacksdk, past
the driver and past the proxies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egovcloud.drivers.objects import BucketSpec
from egovcloud.drivers.openstack import SwiftStore
from tests.real.openstack.centre import HOST, LIMIT, Centre, new_id, persist
from tests.real.openstack.layout import Layout
from tests.real.openstack.proxy import Rule
from tests.real.openstack.through import Way, proxied

CUTS: Counter[str] = Counter()


@pytest.fixture(scope="module")
def shared(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Centre]]:
    directory = Path(tmp_path_factory.mktemp("cuts"))
    with proxied(layout, directory) as way:
        centre = Centre(way.driver(f"cuts {new_id()}"), layout, directory)
        yield way, centre
        centre.clean()


def _cut(way: Way, name: str, rule: Rule, call: Callable[[], Any]) -> None:
    """Let the answers that ``rule`` names be lost, and ask until the call succeeds."""
    with way.traffic.failing(rule):
        _, failures = persist(call)
    assert rule.struck, "nothing was cut"
    assert failures >= 1
    CUTS[name] += rule.struck


@pytest.mark.parametrize("wired", [True, False], ids=["with ports", "without ports"])
@pytest.mark.parametrize("turn", range(6))
def test_machine(shared: tuple[Way, Centre], turn: int, wired: bool) -> None:
    way, centre = shared
    spec = centre.instance_spec(wired=wired)
    rule = Rule("nova", "POST", r"/servers$", times=1 + turn % 2)
    _cut(way, "machine", rule, lambda: centre.driver.create_instance(spec, within=LIMIT))
    assert len(centre.servers(spec.id)) == 1
    assert len(centre.ports(spec.id)) == int(wired)
    centre.driver.delete_instance(HOST, spec.id, within=LIMIT)
    assert centre.servers(spec.id) == []
    assert centre.ports(spec.id) == []


@pytest.mark.parametrize("turn", range(6))
def test_port(shared: tuple[Way, Centre], turn: int) -> None:
    way, centre = shared
    spec = centre.instance_spec()
    rule = Rule("neutron", "POST", r"/ports$", times=1 + turn % 2)
    _cut(way, "port", rule, lambda: centre.driver.create_instance(spec, within=LIMIT))
    assert len(centre.ports(spec.id)) == 1
    assert len(centre.servers(spec.id)) == 1
    centre.driver.delete_instance(HOST, spec.id, within=LIMIT)
    assert centre.ports(spec.id) == []


@pytest.mark.parametrize("turn", range(10))
def test_volume(shared: tuple[Way, Centre], turn: int) -> None:
    way, centre = shared
    spec = centre.volume_spec()
    rule = Rule("cinder", "POST", r"/volumes$", times=1 + turn % 2)
    _cut(way, "volume", rule, lambda: centre.driver.create_volume(spec, within=LIMIT))
    assert len(centre.volumes(spec.id)) == 1
    centre.driver.delete_volume(HOST, "local", spec.id, within=LIMIT)
    assert centre.volumes(spec.id) == []


def test_attachment(shared: tuple[Way, Centre]) -> None:
    way, centre = shared
    spec = centre.instance(wired=False)
    (server,) = centre.servers(spec.id)
    for turn in range(8):
        volume = centre.volume()
        rule = Rule("nova", "POST", r"/os-volume_attachments$", times=1 + turn % 2)
        _cut(
            way,
            "attachment",
            rule,
            lambda volume=volume: centre.driver.attach_volume(HOST, spec.id, "local", volume.id, within=LIMIT),
        )
        (made,) = centre.volumes(volume.id)
        held = [one for one in centre.sdk.compute.volume_attachments(server.id) if one.volume_id == made.id]
        assert len(held) == 1
        assert len(made.attachments) == 1
    centre.driver.delete_instance(HOST, spec.id, within=LIMIT)


def test_snapshot(shared: tuple[Way, Centre]) -> None:
    way, centre = shared
    spec = centre.instance(wired=False)
    for turn in range(8):
        snapshot = new_id()
        rule = Rule("nova", "POST", r"/action$", times=1 + turn % 2)
        _cut(
            way,
            "snapshot",
            rule,
            lambda snapshot=snapshot: centre.driver.create_snapshot(
                HOST, spec.id, snapshot, external=True, quiesce=False, within=LIMIT
            ),
        )
        assert len(centre.images(snapshot)) == 1
    centre.driver.delete_instance(HOST, spec.id, within=LIMIT)


@pytest.mark.parametrize("method", ["PUT", "POST"], ids=["its name", "its settings"])
@pytest.mark.parametrize("turn", range(3))
def test_bucket(shared: tuple[Way, Centre], method: str, turn: int) -> None:
    way, centre = shared
    store = SwiftStore(centre.driver.installation, way.buckets)
    spec = BucketSpec(new_id(), "bed", quota_bytes=1 << 20)
    rule = Rule("swift", method, r"/AUTH_\w+/[^/]+$", times=1 + turn % 2)
    _cut(way, "bucket", rule, lambda: store.create_bucket(spec, within=LIMIT))
    (made,) = [one for one in store.list_owned(within=LIMIT) if one.id == spec.id]
    names = [one.name for one in centre.sdk.object_store.containers()]
    assert [name for name in names if spec.id.replace("-", "") in name] == [made.external_id]
    store.delete_bucket(spec.id, within=LIMIT)
    assert made.external_id not in {one.name for one in centre.sdk.object_store.containers()}


@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize(("method", "path"), [("POST", r"/images$"), ("PUT", r"/file$")], ids=["its row", "its bytes"])
def test_image(shared: tuple[Way, Centre], method: str, path: str, turn: int) -> None:
    way, centre = shared
    image = centre.image_spec()
    rule = Rule("glance", method, path, times=1 + turn % 2)
    _cut(way, "image", rule, lambda: centre.driver.ensure_image(HOST, "local", image, within=LIMIT))
    assert [one.status for one in centre.images(image.id)] == ["active"]
    centre.driver.delete_image(HOST, "local", image.id, within=LIMIT)
    assert centre.images(image.id) == []


@pytest.mark.parametrize(
    ("noun", "method", "path"),
    [
        ("networks", "POST", r"/networks$"),
        ("subnets", "POST", r"/subnets$"),
        ("routers", "POST", r"/routers$"),
        ("interfaces", "PUT", r"/add_router_interface$"),
    ],
)
@pytest.mark.parametrize("turn", range(2))
def test_network(shared: tuple[Way, Centre], noun: str, method: str, path: str, turn: int) -> None:
    way, centre = shared
    network = centre.network_spec("nat")
    rule = Rule("neutron", method, path, times=1 + turn)
    _cut(way, noun, rule, lambda: centre.driver.ensure_network(HOST, network, within=LIMIT))
    neutron = centre.sdk.network
    assert len(centre.described(neutron.networks(), network.id)) == 1
    assert len(centre.described(neutron.subnets(), network.id)) == 1
    (router,) = centre.described(neutron.routers(), network.id)
    interfaces = [one for one in neutron.ports(device_id=router.id) if one.device_owner == "network:router_interface"]
    assert len(interfaces) == 1
    centre.driver.delete_network(HOST, network.id, within=LIMIT)
    for listed in (neutron.networks(), neutron.subnets(), neutron.routers()):
        assert centre.described(listed, network.id) == []


@pytest.mark.parametrize("path", [r"/security-groups$", r"/security-group-rules$"])
@pytest.mark.parametrize("turn", range(2))
def test_security_group(shared: tuple[Way, Centre], path: str, turn: int) -> None:
    way, centre = shared
    group = centre.group_spec()
    rule = Rule("neutron", "POST", path, times=1 + turn)
    _cut(way, "group", rule, lambda: centre.driver.ensure_security_group(HOST, group, within=LIMIT))
    (made,) = centre.described(centre.sdk.network.security_groups(), group.id)
    rules = [one for one in made.security_group_rules if one["direction"] == "ingress"]
    assert len(rules) == len(group.rules)
    centre.driver.delete_security_group(HOST, group.id, within=LIMIT)


def test_enough_was_cut() -> None:
    """Else the tests above prove less than they say."""
    nouns = ("machine", "port", "volume", "attachment", "snapshot", "image", "bucket")
    assert all(CUTS[noun] >= 6 for noun in nouns), CUTS
    assert sum(CUTS[noun] for noun in nouns) >= 50, CUTS
