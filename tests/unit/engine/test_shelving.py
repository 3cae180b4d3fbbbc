"""What is shelved takes no room of its host, and comes back where there is room for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from egovcloud.domain.errors import Conflict
from egovcloud.drivers.simulator import SimHost, SimPool
from egovcloud.services import instance, volume
from egovcloud.store.database import Database
from egovcloud.store.models import Host, Instance, Operation, Provider, Quota, StoragePool, Volume
from tests.chaos.laws import broken
from tests.chaos.scenarios import spec_of
from tests.world import Inside, build


@pytest.fixture
def inside(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Inside]:
    pools = [SimPool("default", 10_000, shared=getattr(request, "param", False))]
    hosts = [SimHost(f"h{number}", 64, 262_144, pools=pools) for number in range(2)]
    opened = Inside(build(database.url, tmp_path / "cloud.sqlite", hosts))
    opened.reconcile()
    yield opened
    opened.close()


def _machine(inside: Inside, name: str = "web", **more: str) -> str:
    world = inside.world
    started = instance.create(
        inside.house,
        world.operator,
        name=name,
        project_id=world["project"],
        flavor_id=world["small"],
        image_id=world["image"],
        network_ids=[world["network"]],
        **more,
    )
    inside.settle()
    return str(started.subject_id)


def _shelve(inside: Inside, id_: str) -> Instance:
    instance.shelve(inside.house, inside.world.operator, id_)
    inside.settle()
    row: Instance = inside.row(Instance, id_)
    assert (row.state, row.observed_power, row.desired_power) == ("shelved", "shelved", "stopped")
    return row


def _unshelve(inside: Inside, id_: str) -> tuple[Instance, Operation]:
    operation = instance.unshelve(inside.house, inside.world.operator, id_)
    inside.settle()
    return inside.row(Instance, id_), inside.row(Operation, operation.id)


def _close(inside: Inside, host_id: str | None, state: str = "disabled") -> None:
    with inside.database.unit() as session:
        session.execute(update(Host).where(Host.id == host_id).values(state=state))


@pytest.mark.parametrize("inside", [True, False], ids=["shared", "local"], indirect=True)
def test_its_room_is_given_back_and_its_quota_stays(inside: Inside) -> None:
    machine = _machine(inside)
    quota = {(row.department_id, row.resource): row.committed for row in inside.rows(Quota)}
    row = _shelve(inside, machine)
    assert {host.vcpus_allocated + host.memory_allocated_mib for host in inside.rows(Host)} == {0}
    promised = sum(pool.allocated_gib for pool in inside.rows(StoragePool))
    assert promised == (row.disk_gib if inside.rows(StoragePool)[0].shared else 0)
    assert {(row.department_id, row.resource): row.committed for row in inside.rows(Quota)} == quota
    inside.reconcile(times=2)
    assert inside.row(Instance, machine).state == "shelved"
    assert broken(inside) == []
    with pytest.raises(Conflict) as off:
        instance.start(inside.house, inside.world.operator, machine)
    assert off.value.code == "state.refused"
    back, operation = _unshelve(inside, machine)
    assert (operation.state, back.state, back.host_id, back.shelved_at) == ("succeeded", "active", row.host_id, None)
    assert broken(inside) == []
    _with_a_volume(inside, machine)
    _shelve(inside, machine)
    instance.delete(inside.house, inside.world.operator, machine, confirm="web")
    inside.settle()
    assert inside.row(Instance, machine).state == "deleted"
    assert broken(inside) == []


def _with_a_volume(inside: Inside, machine: str) -> None:
    """Its host is closed: it goes to another one where its volume can follow."""
    disk = volume.create(
        inside.house,
        inside.world.operator,
        name="data",
        project_id=inside.world["project"],
        size_gib=3,
        instance_id=machine,
    ).subject_id
    inside.settle()
    home = _shelve(inside, machine).host_id
    _close(inside, home)
    back, operation = _unshelve(inside, machine)
    if inside.rows(StoragePool)[0].shared:
        assert (operation.state, back.state) == ("succeeded", "active")
        assert inside.row(Volume, disk).host_id == back.host_id != home
    else:  # its volume cannot follow
        assert (operation.state, back.state, back.host_id) == ("failed", "shelved", home)
        assert (back.error or {})["code"] == "placement.none"
        _close(inside, home, "enabled")
        back, operation = _unshelve(inside, machine)
        assert (operation.state, back.state, back.host_id, back.error) == ("succeeded", "active", home, None)
    inside.reconcile(times=2)
    assert broken(inside) == []


def test_its_disk_goes_along_and_a_cloud_that_chose_the_host_itself_is_believed(inside: Inside) -> None:
    machine = _machine(inside)
    first = _shelve(inside, machine)
    home = first.host_id
    _close(inside, home)
    back, operation = _unshelve(inside, machine)
    assert (operation.state, back.state) == ("succeeded", "active")
    assert back.host_id != home  # its disk went along
    _close(inside, home, "enabled")
    row = _shelve(inside, machine)
    (other,) = inside.rows(Host, Host.id != row.host_id)
    for nic in spec_of(inside, machine).nics:
        inside.driver.ensure_network(other.name, nic.network, within=5.0)
    inside.driver.unshelve_instance(other.name, machine, within=5.0)
    back, operation = _unshelve(inside, machine)
    assert (operation.state, back.state, back.host_id) == ("succeeded", "active", other.id)
    inside.reconcile(times=2)
    assert broken(inside) == []


def test_a_group_that_is_kept_apart_does_not_count_what_is_shelved(inside: Inside) -> None:
    first, second = (_machine(inside, name, anti_affinity="apart") for name in ("one", "two"))
    home = _shelve(inside, first).host_id
    third = _machine(inside, "three", anti_affinity="apart")
    assert inside.row(Instance, third).host_id == home
    back, operation = _unshelve(inside, first)
    assert (operation.state, back.state) == ("failed", "shelved")
    assert "anti_affinity 2" in str(operation.error)
    assert inside.row(Instance, second).state == "active"
    # A cloud that cannot says so at once.
    with inside.database.unit() as session:
        row = session.get_one(Provider, inside.world["provider"])
        row.capabilities = [one for one in row.capabilities if one != "shelve"]
    with pytest.raises(Conflict) as unable:
        instance.shelve(inside.house, inside.world.operator, third)
    assert unable.value.code == "driver.unsupported"
