"""A host that is down holds up nothing that is removed everywhere; what it still has goes when it is back."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from egovcloud.drivers.base import OwnedKind
from egovcloud.drivers.simulator import Faults
from egovcloud.services import network
from egovcloud.store.database import Database
from egovcloud.store.models import Host, Operation
from tests.chaos.scenarios import furnish
from tests.world import Inside, build


def test_a_network_goes_although_a_host_is_down(database: Database, tmp_path: Path) -> None:
    inside = Inside(furnish(build(database.url, tmp_path / "cloud.sqlite")))
    gone = inside.world["other_network"]
    (dead, *_) = [host.name for host in inside.rows(Host) if _has(inside, host.name, gone)]
    faults = Faults(inside.world.cloud)
    faults.unreachable(dead)
    with inside.database.unit() as session:
        session.execute(update(Host).where(Host.name == dead).values(health="down"))
    operation = network.delete(inside.house, inside.world.operator, gone)
    inside.settle()
    assert inside.row(Operation, operation.id).state == "succeeded"
    faults.reachable(dead)
    assert _has(inside, dead, gone)
    inside.reconcile(times=3)
    assert not _has(inside, dead, gone)
    inside.close()


def _has(inside: Inside, host: str, network_id: str) -> bool:
    listed = inside.driver.list_owned(host, within=5)
    return any((one.kind, one.id) == (OwnedKind.NETWORK, network_id) for one in listed)
