"""What a look at a cloud leaves with its provider: how fast it answered, its own quota, and why it came to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egovcloud.drivers.simulator import Faults, SimHost, SimPool, create_cloud
from egovcloud.services import instance, provider
from egovcloud.store.database import Database
from egovcloud.store.models import Host, Operation, Provider
from tests.world import Inside, build


@pytest.fixture
def inside(database: Database, tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(build(database.url, tmp_path / "cloud.sqlite"))
    yield opened
    opened.close()


def shown(inside: Inside) -> dict[str, Any]:
    (row,) = inside.rows(Provider)
    return dict(provider.get(inside.house, inside.world.operator, row.id))


def line(inside: Inside, resource: str) -> dict[str, Any]:
    return next(one for one in shown(inside)["resources"] if one["resource"] == resource)


def machine(inside: Inside, name: str) -> str:
    world = inside.world
    started = instance.create(
        inside.house,
        world.operator,
        name=name,
        project_id=world["project"],
        flavor_id=world["small"],
        image_id=world["image"],
        network_ids=[world["network"]],
    )
    inside.settle()
    return str(started.id)


def test_the_quota_there_stands_beside_what_we_gave_out_here(inside: Inside) -> None:
    Faults(inside.world.cloud).grant(instances=3)
    inside.reconcile()
    before = line(inside, "instances")
    assert (before["limit"], before["here"]) == (3, before["used"])
    machine(inside, "web")
    assert line(inside, "instances")["here"] == before["here"] + 1
    assert line(inside, "instances")["used"] == before["used"], "the cloud's own word is as old as the last look"
    inside.reconcile()
    assert line(inside, "instances") == {**before, "here": before["here"] + 1, "used": before["used"] + 1}
    assert line(inside, "vcpus")["limit"] is None
    assert shown(inside)["health"] == "up"
    assert isinstance(shown(inside)["latency_ms"], int)


def test_a_quota_full_there_but_not_here_is_said_and_leaves_nothing(inside: Inside) -> None:
    Faults(inside.world.cloud).grant(instances=0)
    operation = inside.row(Operation, machine(inside, "web"))
    assert (operation.state, operation.error["code"]) == ("failed", "cloud.quota")
    inside.reconcile()
    assert (line(inside, "instances")["used"], line(inside, "instances")["here"]) == (0, 0)


def test_a_cloud_that_cannot_be_looked_at_says_why_until_it_can(inside: Inside) -> None:
    inside.reconcile()
    faults = Faults(inside.world.cloud)
    faults.fail("permanent", call="hosts")
    inside.reconcile()
    down = shown(inside)
    assert down["health"] == "down"
    assert down["problem"] is not None
    faults.calm()
    inside.reconcile()
    assert (shown(inside)["health"], shown(inside)["problem"]) == ("up", None)


def test_a_quota_that_is_not_told_stands_as_it_was_said_last(inside: Inside) -> None:
    faults = Faults(inside.world.cloud)
    faults.grant(vcpus=7)
    inside.reconcile()
    faults.fail("forbidden", call="allowances")
    inside.reconcile()
    assert line(inside, "vcpus")["limit"] == 7
    assert (shown(inside)["health"], shown(inside)["problem"]) == ("up", None)


def test_new_hosts_without_a_pool_to_join_are_named(inside: Inside) -> None:
    (row,) = inside.rows(Provider)
    with inside.database.unit() as session:
        session.get_one(Provider, row.id).config = {"path": row.config["path"]}
    inside.reconcile()
    assert shown(inside)["problem"] is None, "the hosts are known already"
    create_cloud(inside.world.cloud, [SimHost("fresh", 8, 8192, (SimPool("default", 100.0),))])
    inside.reconcile()
    told = shown(inside)
    assert (told["health"], told["problem"]["code"]) == ("down", "provider.no_pool")
    assert "config.host_pool_id" in told["problem"]["detail"]
    assert "fresh" not in {host.name for host in inside.rows(Host)}


def test_a_configuration_that_does_not_fit_names_the_key(inside: Inside) -> None:
    (row,) = inside.rows(Provider)
    with inside.database.unit() as session:
        session.get_one(Provider, row.id).config = {"host_pool_id": row.config["host_pool_id"]}
    inside.reconcile()
    told = shown(inside)
    assert (told["health"], told["problem"]["code"]) == ("down", "provider.config")
    assert "config.path" in told["problem"]["detail"]
