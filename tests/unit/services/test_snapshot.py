"""The form of a snapshot: as asked for where that is possible, as the machine can have it where nobody says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from egovcloud.domain.errors import Conflict
from egovcloud.services import snapshot
from egovcloud.store.database import Database
from egovcloud.store.models import Image, Provider, Snapshot
from tests.chaos.scenarios import furnish
from tests.world import Inside, build


@pytest.fixture
def inside(database: Database, tmp_path: Path) -> Iterator[Inside]:
    world = Inside(furnish(build(database.url, tmp_path / "cloud.sqlite")))
    yield world
    world.close()


def test_who_says_nothing_gets_what_the_machine_can_have(inside: Inside) -> None:
    assert _taken(inside, "web", None) is False
    assert _taken(inside, "kept", None) is False
    with inside.database.unit() as session:
        session.execute(update(Image).values(firmware="uefi", kernel=None, initrd=None))
    assert _taken(inside, "idle", None) is True


def test_a_cloud_that_knows_one_form_gives_that_one(inside: Inside) -> None:
    with inside.database.unit() as session:
        session.execute(update(Provider).values(capabilities=["snapshot_external"]))
    assert _taken(inside, "web", None) is True
    assert _refused(inside, "idle", False) == "driver.unsupported"


def test_what_cannot_be_is_refused_at_once(inside: Inside) -> None:
    assert _refused(inside, "kept", True) == "snapshot.mixed"
    with inside.database.unit() as session:
        session.execute(update(Image).values(firmware="uefi", kernel=None, initrd=None))
    assert _refused(inside, "web", False) == "snapshot.firmware"


def _taken(inside: Inside, machine: str, external: bool | None) -> bool:
    world = inside.world
    asked = snapshot.create(inside.house, world.operator, instance_id=world[machine], name="now", external=external)
    kept: bool = inside.row(Snapshot, asked.subject_id).external
    return kept


def _refused(inside: Inside, machine: str, external: bool) -> str:
    before = len(inside.rows(Snapshot))
    with pytest.raises(Conflict) as caught:
        _taken(inside, machine, external)
    assert len(inside.rows(Snapshot)) == before
    return caught.value.code
