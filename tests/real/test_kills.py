"""Workers killed while they create and delete real QEMU guests: another one goes on, and there is one guest or none."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.drivers.base import OwnedKind, Power
from egovcloud.engine import crashpoints
from egovcloud.engine.operations import REGISTRY
from egovcloud.services import instance
from egovcloud.store import ledger
from egovcloud.store.models import Instance, Operation
from tests import world as worlds
from tests.real.centre import RealCentre, establish
from tests.real.hosts import Hosts
from tests.world import Inside

HOST = "kv1"
KILLS = 20  # at least


def _spots(kind: str) -> list[tuple[str, str, str]]:
    return [(kind, step.name, point) for step in REGISTRY.kinds[kind].steps for point in crashpoints.POINTS]


@pytest.fixture
def centre(sqlite_template: Path) -> Iterator[RealCentre]:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ek") as name, Hosts(Path(name) / "h", [HOST]) as hosts:
        directory = Path(name)
        database = directory / "egovcloud.sqlite"
        database.write_bytes(sqlite_template.read_bytes())
        world = worlds.build(f"sqlite:///{database}", directory / "cloud.db")
        yield establish(world, HOST, hosts.uri(HOST), directory)


def test_one_guest_or_none_wherever_the_worker_is_killed(centre: RealCentre, tmp_path: Path) -> None:
    centre.save(tmp_path / "centre")
    creations, deletions = _spots("instance.create"), _spots("instance.delete")
    kills = 0
    for number, spot in enumerate(creations):
        inside = centre.open()
        made = instance.create(
            inside.house,
            centre.world.operator,
            name=f"victim-{number}",
            project_id=centre.world["project"],
            flavor_id=centre.world["small"],
            image_id=centre.world["image"],
            network_ids=[centre.world["network"]],
        )
        kills += _kill(inside, tmp_path, spot)
        inside = centre.open()
        inside.settle(worker="second")
        assert inside.row(Operation, made.id).state == "succeeded", inside.row(Operation, made.id).error
        assert inside.row(Instance, made.subject_id).state == "active"
        assert _guests(inside, made.subject_id) == [Power.RUNNING]

        gone = instance.delete(inside.house, centre.world.operator, made.subject_id, confirm=f"victim-{number}")
        kills += _kill(inside, tmp_path, deletions[number % len(deletions)])
        inside = centre.open()
        inside.settle(worker="second")
        assert inside.row(Operation, gone.id).state == "succeeded", inside.row(Operation, gone.id).error
        assert _guests(inside, made.subject_id) == []
        with inside.database.read() as session:
            assert ledger.drift(session) == []
        inside.close()
    assert kills >= KILLS
    print(f"{kills} workers killed inside the creation and deletion of QEMU guests")


def _kill(inside: Inside, directory: Path, spot: tuple[str, str, str]) -> int:
    """A worker in a process of its own dies there; it must have come there."""
    inside.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.real.doomed", str(directory / "centre"), *spot],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, (spot, done.returncode, done.stderr[-2000:])
    return 1


def _guests(inside: Inside, instance_id: str) -> list[Power | None]:
    """Power of everything on the host that bears the marker of this instance, left-over files included."""
    host = inside.rows(Instance, Instance.id == instance_id)[0].host_id
    driver, name = inside.providers.of_host(host)
    return [
        one.power
        for one in driver.list_owned(name, within=60)
        if one.id == instance_id and one.kind is OwnedKind.INSTANCE
    ]
