"""A host that hangs holds up itself and nobody else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from egovcloud.drivers.simulator import Faults
from egovcloud.engine.operations import provider_observe
from egovcloud.engine.worker import Worker
from egovcloud.services import instance
from egovcloud.store.models import Host, Instance, Operation
from tests.world import Inside, World, build, enter, until


def _create(inside: Inside, name: str) -> None:
    world: World = inside.world
    instance.create(
        inside.house,
        world.operator,
        name=name,
        project_id=world["project"],
        flavor_id=world["small"],
        image_id=world["image"],
        network_ids=[world["network"]],
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_work_elsewhere_goes_on_while_one_host_hangs(database_url: str, tmp_path: Path) -> None:
    world = build(database_url, tmp_path / "cloud.sqlite")
    with enter(world) as inside:
        for number in range(9):
            _create(inside, f"vm{number}")
        inside.settle()
        hosts = {host.id: host.name for host in inside.rows(Host)}
        machines: list[Instance] = inside.rows(Instance)
        hung = hosts[machines[0].host_id or ""]
        Faults(world.cloud).hang(hung)
        worker = Worker(inside.runner, threads=12, poll_seconds=0.02)
        worker.start()
        try:
            began = time.monotonic()
            here = [m for m in machines if hosts[m.host_id or ""] == hung]
            there = [m for m in machines if m not in here]
            asked = {m.id: instance.stop(inside.house, world.operator, m.id).id for m in [*here, *there]}

            def ended(some: list[Instance]) -> int:
                return sum(inside.row(Operation, asked[m.id]).state == "succeeded" for m in some)

            assert there
            assert until(lambda: ended(there) == len(there), seconds=20)
            assert time.monotonic() - began < 20
            assert ended(here) == 0
            Faults(world.cloud).release()
            assert until(lambda: ended(here) == len(here), seconds=30)
        finally:
            Faults(world.cloud).release()
            worker.stop()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_look_at_all_hosts_is_no_longer_than_the_look_at_the_one_that_hangs(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_observe, "LOOK", 1.0)
    world = build(database_url, tmp_path / "cloud.sqlite")
    with enter(world) as inside:
        before = {host.name: host.seen_at for host in inside.rows(Host)}
        Faults(world.cloud).hang("h1")
        inside.clock.advance(provider_observe.MISSES + 1)
        inside.reconcile()
        after: dict[str, Host] = {host.name: host for host in inside.rows(Host)}
        assert {name: host.health for name, host in after.items()} == {"h0": "up", "h1": "down", "h2": "up"}
        assert after["h1"].seen_at == before["h1"]
        assert after["h0"].seen_at > before["h0"]
        Faults(world.cloud).release()
        inside.reconcile()
        assert {host.health for host in inside.rows(Host)} == {"up"}
