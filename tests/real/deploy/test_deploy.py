"""The playbook over SSH, on machines with systemd: first time, again, to upgrade, and a host that loses its power."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.real.deploy import deployment as made
from tests.real.deploy import secrecy
from tests.real.deploy.deployment import CONTROL, DATABASE, NAME, Deployment
from tests.real.deploy.people import Administrator, Crowd, Visitor, door
from tests.real.namespaces import until

LIMIT = 240.0


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with made.deployment() as ready:
        yield ready


def test_deployed_again_upgraded_and_a_host_dies(deployment: Deployment) -> None:
    deployment.build()
    deployment.play("--check")
    onlooker = secrecy.Onlooker()
    onlooker.start()
    assert all(deployment.play("--diff").values())

    # -- it works, as told
    assert json.loads(deployment.ask("/api/v1/health"))["status"] == "ok"
    _runs(deployment)
    secrecy.no_default(deployment)
    somebody = Administrator(deployment)
    somebody.arrive()
    provider = somebody.cloud()

    # -- a second run changes nothing
    assert set(deployment.play("--diff").values()) == {0}, deployment.changed

    _upgrade(deployment)
    _lose(deployment, somebody, provider)

    # -- no secret has left its place
    secrets = {**secrecy.made(deployment), **somebody.secrets}
    secrecy.check(deployment, secrets)
    assert secrecy.found(deployment.said, secrets) == []
    # The local administration says its one-time password, and curl bears the token: those are this test's own.
    assert secrecy.found(onlooker.stop(), secrecy.made(deployment)) == []


def _runs(deployment: Deployment) -> None:
    machines = deployment.machines
    for name in CONTROL:
        assert machines.told(name, "systemctl is-active egovcloud-api egovcloud-worker").split() == ["active"] * 2
        assert machines.told(name, "systemctl show -P User egovcloud-api egovcloud-worker").split() == ["egovcloud"] * 2
    database = 'runuser -u postgres -- psql -Atc "SELECT name FROM departments WHERE parent_id IS NULL" egovcloud'
    assert machines.told(DATABASE, database) == NAME


def _upgrade(deployment: Deployment) -> None:
    """One host after the other, and nobody notices."""
    machines = deployment.machines
    began = {name: machines.told(name, "systemctl show -P InvocationID egovcloud-api") for name in CONTROL}
    deployment.release("9.9.9")
    deployment.build()
    visitor = Visitor(deployment)
    visitor.start()
    until("the first visitor", lambda: visitor.answers, limit=LIMIT)
    deployment.play()
    before = visitor.answers
    until("visitors after the upgrade", lambda: visitor.answers > before + 5, limit=LIMIT)
    visitor.stop()
    assert visitor.trouble == []
    for name in CONTROL:
        assert machines.told(name, "systemctl show -P InvocationID egovcloud-api") != began[name]
        assert machines.told(name, "/usr/local/sbin/egovcloud version") == "9.9.9"
    assert json.loads(deployment.ask("/api/v1/health"))["version"] == "9.9.9"


def _lose(deployment: Deployment, somebody: Administrator, provider: str) -> None:
    """One of two control hosts loses its power while people ask; what was acknowledged is done, and it comes back."""
    dead, alive = CONTROL
    with ExitStack() as stack:
        crowd = Crowd(stack.enter_context(door(deployment)), somebody.secrets["token"], f"/providers/{provider}/check")
        crowd.more(5)
        deployment.machines.switch_off(dead)
        until("the front has found it dead", lambda: deployment.servers()[dead] == "DOWN", limit=LIMIT)
        assert deployment.servers()[alive] == "UP"
        crowd.more(5)
        acknowledged = crowd.stop()
    waiting = set(acknowledged.values())
    assert len(waiting) == len(acknowledged) >= 10

    def finished() -> bool:
        states = {id_: somebody.do(f"/operations/{id_}")["state"] for id_ in waiting}
        waiting.difference_update(id_ for id_, state in states.items() if state == "succeeded")
        return not waiting

    until("the end of all that was acknowledged", finished, limit=LIMIT, every=0.5)
    deployment.machines.switch_on(dead)
    until("it serves again", lambda: set(deployment.servers().values()) == {"UP"}, limit=LIMIT, every=0.5)
    units = "systemctl is-active egovcloud-api egovcloud-worker"
    until("both of its services", lambda: deployment.machines.ssh(dead, units).returncode == 0, limit=LIMIT, every=0.5)
