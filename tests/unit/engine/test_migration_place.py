"""Where a running machine may go: only to hosts that are like the one that it started on."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from egovcloud.domain.ids import new_id
from egovcloud.services import instance
from egovcloud.store.database import Database
from egovcloud.store.models import Host, HostPool, Instance, Operation
from tests.chaos.scenarios import furnish
from tests.world import Inside, build


def test_a_running_machine_stays_in_its_host_pool(database: Database, tmp_path: Path) -> None:
    inside = Inside(furnish(build(database.url, tmp_path / "cloud.sqlite")))
    home = inside.row(Instance, inside.world["web"]).host_id
    with inside.database.unit() as session:
        here = session.get_one(HostPool, inside.world["host_pool"])
        stamps = {"created_at": here.created_at, "updated_at": here.updated_at}
        other = HostPool(id=new_id(), zone_id=here.zone_id, name="信创", **stamps)
        session.add(other)
        session.flush()
        session.execute(update(Host).where(Host.id != home).values(host_pool_id=other.id))
    refused = instance.migrate(inside.house, inside.world.operator, inside.world["web"])
    inside.settle()
    ended = inside.row(Operation, refused.id)
    assert (ended.state, ended.error["code"]) == ("failed", "placement.none")
    assert inside.row(Instance, inside.world["web"]).host_id == home
    with inside.database.unit() as session:
        session.execute(update(Host).values(host_pool_id=here.id))
    moved = instance.migrate(inside.house, inside.world.operator, inside.world["web"])
    inside.settle()
    assert inside.row(Operation, moved.id).state == "succeeded"
    assert inside.row(Instance, inside.world["web"]).host_id != home
    inside.close()
