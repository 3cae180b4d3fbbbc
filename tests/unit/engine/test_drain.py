"""Emptying a host: also of what was on its way there when it was closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.domain.errors import Conflict
from egovcloud.engine import crashpoints
from egovcloud.services import host_action, instance, snapshot
from egovcloud.store.database import Database
from egovcloud.store.models import Host, Instance, Operation
from tests.chaos.scenarios import furnish
from tests.world import Inside, build


@pytest.fixture
def inside(database: Database, tmp_path: Path) -> Iterator[Inside]:
    world = Inside(furnish(build(database.url, tmp_path / "cloud.sqlite")))
    snapshot.delete(world.house, world.world.operator, world.world["past"])  # what has one stays where it is
    world.settle()
    yield world
    crashpoints.install(None)
    world.close()


def test_a_machine_that_was_coming_moves_on(inside: Inside) -> None:
    asked: list[Operation] = []

    def close_the_target(kind: str, step: str, point: str, operation_id: str) -> None:
        if (kind, step, point) == ("instance.migrate", "place", crashpoints.AFTER_RECORD) and not asked:
            (target,) = (row for row in inside.rows(Host) if row.vcpus_allocated > before[row.id])
            asked.append(host_action.drain(inside.house, inside.world.operator, target.id))

    web = inside.world["web"]
    before = {row.id: row.vcpus_allocated for row in inside.rows(Host)}
    crashpoints.install(close_the_target)
    instance.migrate(inside.house, inside.world.operator, web)
    inside.settle()
    (drain,) = asked
    target = drain.subject_id
    ended = inside.row(Operation, drain.id)
    assert (ended.state, ended.error) == ("succeeded", None)
    assert inside.row(Host, target).state == "maintenance"
    assert inside.rows(Instance, Instance.host_id == target, Instance.state == "active") == []
    assert inside.row(Instance, web).state == "active"
    moved = {row.subject_id for row in inside.rows(Operation, Operation.parent_id == drain.id)}
    assert web in moved


def test_a_host_opened_again_keeps_what_comes(inside: Inside) -> None:
    web = inside.world["web"]
    host = inside.row(Instance, web).host_id
    instance.reboot(inside.house, inside.world.operator, web)
    drain = host_action.drain(inside.house, inside.world.operator, host)
    host_action.enable(inside.house, inside.world.operator, host)
    inside.settle()
    ended = inside.row(Operation, drain.id)
    assert (ended.state, ended.error) == ("succeeded", None)
    assert inside.row(Host, host).state == "enabled"
    assert inside.row(Instance, web).host_id == host


def test_what_could_not_be_moved_is_tried_when_asked_again(inside: Inside) -> None:
    world, web = inside.world, inside.world["web"]
    host = inside.row(Instance, web).host_id
    asked = snapshot.create(inside.house, world.operator, instance_id=web, name="in the way")
    inside.settle()
    first = host_action.drain(inside.house, world.operator, host)
    with pytest.raises(Conflict) as caught:
        host_action.drain(inside.house, world.operator, host)
    assert (caught.value.code, caught.value.params["operation"]) == ("host.draining", first.id)
    inside.settle()
    assert inside.row(Operation, first.id).state == "failed"
    assert (inside.row(Host, host).state, inside.row(Instance, web).host_id) == ("draining", host)

    snapshot.delete(inside.house, world.operator, asked.subject_id)
    inside.settle()
    again = host_action.drain(inside.house, world.operator, host)
    inside.settle()
    assert inside.row(Operation, again.id).state == "succeeded"
    assert inside.row(Host, host).state == "maintenance"
    assert inside.row(Instance, web).host_id != host
