"""A worker is killed while the services have done what it asked and it has not heard of it: there is one of everything.

The answer is held back until the process is gone, so that it dies at the worst moment each time.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egovcloud.drivers.objects import BucketSpec
from egovcloud.drivers.openstack import OpenStackDriver, SwiftStore
from tests.real.openstack.centre import HOST, LIMIT, Centre, new_id, persist
from tests.real.openstack.layout import Layout
from tests.real.openstack.proxy import Rule
from tests.real.openstack.through import Way, proxied

ROOT = Path(__file__).parents[3]
TURNS = 4
KILLS: Counter[str] = Counter()


@pytest.fixture(scope="module")
def shared(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Centre]]:
    directory = Path(tmp_path_factory.mktemp("kills"))
    with proxied(layout, directory) as way:
        centre = Centre(way.driver(f"kills {new_id()}"), layout, directory)
        yield way, centre
        centre.clean()


def _die(way: Way, centre: Centre, rule: Rule, method: str, *arguments: Any, **options: Any) -> None:
    """Make the call in a process of its own, kill that when ``rule``'s request was done, and make the call again."""
    rule.action = "hold"
    order = pickle.dumps((OpenStackDriver, centre.driver.installation, way.config, method, (arguments, options), LIMIT))
    _kill(rule, way, order)
    persist(lambda: getattr(centre.driver, method)(*arguments, **options, within=LIMIT))
    KILLS[method] += 1


def _kill(rule: Rule, way: Way, order: bytes) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.real.openstack.doomed"]
    with way.traffic.failing(rule):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, cwd=ROOT)
        try:
            assert child.stdin is not None
            child.stdin.write(order)
            child.stdin.close()
            assert rule.done.wait(LIMIT), "the request never came"
            child.kill()
            assert child.wait() == -signal.SIGKILL
        finally:
            rule.release.set()
            child.kill()
            child.wait()


@pytest.mark.parametrize("path", [r"/ports$", r"/servers$"], ids=["after its port", "after its server"])
@pytest.mark.parametrize("turn", range(TURNS))
def test_machine(shared: tuple[Way, Centre], turn: int, path: str) -> None:
    way, centre = shared
    spec = centre.instance_spec()
    service = "nova" if "servers" in path else "neutron"
    _die(way, centre, Rule(service, "POST", path), "create_instance", spec)
    assert len(centre.servers(spec.id)) == 1
    assert len(centre.ports(spec.id)) == 1
    centre.driver.delete_instance(HOST, spec.id, within=LIMIT)


@pytest.mark.parametrize("turn", range(TURNS))
def test_volume(shared: tuple[Way, Centre], turn: int) -> None:
    way, centre = shared
    spec = centre.volume_spec()
    _die(way, centre, Rule("cinder", "POST", r"/volumes$"), "create_volume", spec)
    assert len(centre.volumes(spec.id)) == 1
    centre.driver.delete_volume(HOST, "local", spec.id, within=LIMIT)


def test_attachment_and_snapshot(shared: tuple[Way, Centre]) -> None:
    way, centre = shared
    spec = centre.instance(wired=False)
    (server,) = centre.servers(spec.id)
    for _ in range(TURNS):
        snapshot = new_id()
        rule = Rule("nova", "POST", r"/action$")
        _die(way, centre, rule, "create_snapshot", HOST, spec.id, snapshot, external=True, quiesce=False)
        assert len(centre.images(snapshot)) == 1
    for _ in range(TURNS):
        volume = centre.volume()
        rule = Rule("nova", "POST", r"/os-volume_attachments$")
        _die(way, centre, rule, "attach_volume", HOST, spec.id, "local", volume.id)
        (made,) = centre.volumes(volume.id)
        held = [one for one in centre.sdk.compute.volume_attachments(server.id) if one.volume_id == made.id]
        assert len(held) == 1
    centre.driver.delete_instance(HOST, spec.id, within=LIMIT)


@pytest.mark.parametrize("turn", range(TURNS))
def test_image(shared: tuple[Way, Centre], turn: int) -> None:
    way, centre = shared
    image = centre.image_spec()
    _die(way, centre, Rule("glance", "POST", r"/images$"), "ensure_image", HOST, "local", image)
    assert [one.status for one in centre.images(image.id)] == ["active"]
    centre.driver.delete_image(HOST, "local", image.id, within=LIMIT)


@pytest.mark.parametrize("turn", range(TURNS))
def test_bucket(shared: tuple[Way, Centre], turn: int) -> None:
    way, centre = shared
    spec = BucketSpec(new_id(), "bed", quota_bytes=1 << 20)
    rule = Rule("swift", "PUT", r"/AUTH_\w+/[^/]+$", "hold")
    order = (SwiftStore, centre.driver.installation, way.buckets, "create_bucket", ((spec,), {}), LIMIT)
    _kill(rule, way, pickle.dumps(order))
    store = SwiftStore(centre.driver.installation, way.buckets)
    persist(lambda: store.create_bucket(spec, within=LIMIT))
    KILLS["create_bucket"] += 1
    digits = spec.id.replace("-", "")
    assert len([one for one in centre.sdk.object_store.containers() if digits in one.name]) == 1
    store.delete_bucket(spec.id, within=LIMIT)


def test_enough_were_killed() -> None:
    assert sum(KILLS.values()) >= 20, KILLS
