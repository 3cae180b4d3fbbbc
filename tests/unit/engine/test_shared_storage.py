"""A free volume of shared storage goes to a machine on any host that sees it; one of local storage stays there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.domain.errors import Conflict
from egovcloud.drivers.simulator import SimHost, SimPool
from egovcloud.services import instance, volume
from egovcloud.store.database import Database
from egovcloud.store.models import Host, Instance, Operation, StoragePool, Volume
from tests.world import Inside, build


@pytest.fixture(params=[True, False], ids=["shared", "local"])
def inside(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Inside]:
    pools = [SimPool("default", 10_000, shared=request.param)]
    hosts = [SimHost(f"h{number}", 64, 262_144, pools=pools) for number in range(2)]
    opened = Inside(build(database.url, tmp_path / "cloud.sqlite", hosts))
    yield opened
    opened.close()


def _machine(inside: Inside, name: str) -> str:
    """The id of a new machine; no host gets a second one of these."""
    world = inside.world
    started = instance.create(
        inside.house,
        world.operator,
        name=name,
        project_id=world["project"],
        flavor_id=world["small"],
        image_id=world["image"],
        network_ids=[world["network"]],
        anti_affinity="apart",
    )
    inside.settle()
    return str(started.subject_id)


def _promised(inside: Inside) -> dict[str, int]:
    """GiB that each host's row of the pool has promised."""
    names = {host.id: host.name for host in inside.rows(Host)}
    return {names[pool.host_id]: pool.allocated_gib for pool in inside.rows(StoragePool)}


def test_a_free_volume_and_a_machine_on_another_host(inside: Inside) -> None:
    operator = inside.world.operator
    first, second = _machine(inside, "first"), _machine(inside, "second")
    homes = [inside.row(Instance, one).host_id for one in (first, second)]
    assert homes[0] != homes[1]
    project = inside.world["project"]
    made = volume.create(inside.house, operator, name="data", project_id=project, size_gib=7, instance_id=first)
    inside.settle()
    disk = made.subject_id
    volume.detach(inside.house, operator, disk)
    inside.settle()
    before = _promised(inside)

    if not inside.rows(StoragePool)[0].shared:
        with pytest.raises(Conflict) as refused:
            volume.attach(inside.house, operator, disk, instance_id=second)
        assert refused.value.code == "volume.other_host"
        assert _promised(inside) == before
        return
    moved = volume.attach(inside.house, operator, disk, instance_id=second)
    inside.settle()
    assert inside.row(Operation, moved.id).state == "succeeded"
    row = inside.row(Volume, disk)
    assert (row.state, row.instance_id, row.host_id) == ("in_use", second, homes[1])
    after = _promised(inside)
    names = [inside.row(Host, home).name for home in homes]
    assert [after[name] - before[name] for name in names] == [-7, 7]
    facts = inside.driver.observe_instance(names[1], second, within=5)
    assert facts is not None
    assert [held for held, _ in facts.volumes] == [disk]
    inside.reconcile()
    assert inside.row(Volume, disk).state == "in_use"
