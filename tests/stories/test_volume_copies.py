"""Volumes that start as copies, over HTTP: who may, of what, where they lie, and where they say they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import VolumeSpec
from egovcloud.drivers.simulator import Outside, SimHost, SimPool, create_cloud
from egovcloud.drivers.volume_copies import VolumeSnapshotSpec
from egovcloud.store.models import Drift, Provider, Volume, VolumeSnapshot
from tests.support.town import Person, Town
from tests.support.town_clock import TownClock
from tests.world import Inside, World, enter

HOST = "hv-secret-01"
# What both databases have to show is the counting; the rest is the door's.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Scene:
    """A town on a simulated cloud, and ``spare``, which nobody has."""

    town: Town
    inside: Inside
    spare: str

    def disk(self, name: str, size_gib: int = 10) -> str:
        """The id of a free volume of the civil affairs bureau that exists in the cloud."""
        id_ = self.town.volume(name, self.town.machine(f"of-{name}"), size_gib)
        ref = self.inside.driver.create_volume(VolumeSpec(id_, name, HOST, "default", size_gib), within=5.0)
        with self.town.house.database.unit() as session:
            row = session.get_one(Volume, id_)
            row.state, row.instance_id, row.device, row.external_id = "available", None, None, ref.external_id
        return id_

    def body(self, source: str, kind: str = "volume", **more: Any) -> dict[str, Any]:
        mine = {"name": "copy", "project_id": self.town.ids["project:civil"], "size_gib": 10}
        return {**mine, "source": {"kind": kind, "id": source}, **more}

    def later(self) -> None:
        """Three looks at the cloud, each a while after the one before."""
        for _ in range(3):
            self.town.now += timedelta(minutes=2)
            self.inside.reconcile()

    def asked(self, path: str, body: Any = None, *, method: str = "POST", who: Person | None = None) -> dict[str, Any]:
        """The operation of what was asked for and done."""
        response = (who or self.town.operator).call(method, path, body)
        assert response.status_code == 202, response.get_data(as_text=True)
        self.inside.settle()
        operation: dict[str, Any] = self.town.operator.get(f"/operations/{response.get_json()['id']}")
        return operation

    def used(self) -> int:
        node = self.town.operator.get(f"/quotas/{self.town.ids['civil']}")
        (gib,) = (line for line in node["resources"] if line["resource"] == "volume_gib")
        held: int = gib["reserved"] + gib["committed"]
        return held


@pytest.fixture
def scene(town: Town, database_url: str, tmp_path: Path) -> Iterator[Scene]:
    path = tmp_path / "cloud.sqlite"
    create_cloud(path, [SimHost(HOST, 32, 65536, pools=[SimPool("default", 1000)])])
    with town.house.database.unit() as session:
        provider = session.get_one(Provider, town.ids["provider"])
        provider.config = {"file": str(path), "path": str(path), "host_pool_id": town.ids["host_pool"]}
    world = World(database_url, path, b"k" * 32, town.house.installation, dict(town.ids))
    with enter(world, clock=TownClock(town)) as inside:
        inside.reconcile()
        made = Scene(town, inside, "")
        made.spare = made.disk("spare")
        yield made


def test_a_clone_is_made_counted_and_says_where_it_comes_from(scene: Scene) -> None:
    before = scene.used()
    done = scene.asked("/volumes", scene.body(scene.spare, name="copy", size_gib=12))
    assert (done["kind"], done["state"]) == ("volume.clone", "succeeded")
    copy = scene.town.civil_member.get(f"/volumes/{done['subject']['id']}")
    assert (copy["state"], copy["size_gib"], copy["instance"]) == ("available", 12, None)
    assert copy["source"] == {"kind": "volume", "id": scene.spare, "name": "spare"}
    assert scene.town.operator.get(f"/volumes/{copy['id']}")["storage_pool"]["name"] == "default"
    assert scene.used() == before + 12
    assert scene.asked(f"/volumes/{scene.spare}?confirm=spare", method="DELETE")["state"] == "succeeded"
    assert scene.town.civil_member.get(f"/volumes/{copy['id']}")["source"]["name"] == "spare"


@SQLITE
def test_what_cannot_be_cloned_is_refused_by_name(scene: Scene) -> None:
    town = scene.town
    status, code, sentence = town.operator.refused("POST", "/volumes", scene.body(scene.spare, size_gib=9))
    assert (status, code) == (422, "volume.source_size")
    assert "9 GiB" in sentence
    assert "10 GiB" in sentence
    assert town.operator.refused("POST", "/volumes", scene.body(new_id()))[:2] == (422, "input.reference")
    assert town.civil_member.refused("POST", "/volumes", scene.body(scene.spare))[:2] == (403, "auth.forbidden")
    held = town.volume("held", town.machine("holder"))
    status, code, sentence = town.operator.refused("POST", "/volumes", scene.body(held))
    assert (status, code) == (409, "volume.source_in_use")
    assert "holder" in sentence
    bare = {key: value for key, value in scene.body(scene.spare).items() if key != "source"}
    assert town.operator.refused("POST", "/volumes", bare)[:2] == (422, "volume.beside_what")
    with town.house.database.unit() as session:
        session.get_one(Provider, town.ids["provider"]).capabilities = ["volume"]
    assert town.operator.refused("POST", "/volumes", scene.body(scene.spare))[:2] == (409, "driver.unsupported")


@SQLITE
def test_nothing_is_copied_out_of_a_department_that_is_none_of_its_own(scene: Scene) -> None:
    other = next(key for key in scene.town.ids if key.startswith("project:") and key != "project:civil")
    wrong = scene.body(scene.spare, project_id=scene.town.ids[other])
    assert scene.town.operator.refused("POST", "/volumes", wrong)[:2] == (422, "volume.source_tree")


@SQLITE
def test_the_source_stays_as_it_is_until_the_copy_is_made(scene: Scene) -> None:
    operator = scene.town.operator
    assert operator.call("POST", "/volumes", scene.body(scene.spare)).status_code == 202
    for method, path, body in (
        ("DELETE", f"/volumes/{scene.spare}?confirm=spare", None),
        ("POST", f"/volumes/{scene.spare}/grow", {"size_gib": 20}),
    ):
        status, code, sentence = operator.refused(method, path, body)
        assert (status, code) == (409, "volume.being_copied")
        assert "copy" in sentence
    scene.inside.settle()
    assert scene.asked(f"/volumes/{scene.spare}/grow", {"size_gib": 20})["state"] == "succeeded"


def test_a_snapshot_is_taken_counted_made_into_a_volume_and_deleted(scene: Scene) -> None:
    before, member = scene.used(), scene.town.civil_member
    body = {"volume_id": scene.spare, "name": "before the upgrade"}
    done = scene.asked("/volume-snapshots", body, who=member)
    assert (done["kind"], done["state"]) == ("volume_snapshot.create", "succeeded")
    (kept,) = member.get(f"/volume-snapshots?volume_id={scene.spare}")["items"]
    assert (kept["name"], kept["state"], kept["size_gib"], kept["volume"]["name"]) == (
        "before the upgrade",
        "available",
        10,
        "spare",
    )
    assert scene.used() == before + 10
    status, code, sentence = scene.town.operator.refused("DELETE", f"/volumes/{scene.spare}?confirm=spare")
    assert (status, code) == (409, "volume.has_copies")
    assert "before the upgrade" in sentence
    made = scene.asked("/volumes", scene.body(kept["id"], "volume_snapshot"))
    assert (made["kind"], made["state"]) == ("volume.clone", "succeeded")
    source = member.get(f"/volumes/{made['subject']['id']}")["source"]
    assert source == {"kind": "volume_snapshot", "id": kept["id"], "name": "before the upgrade"}
    assert scene.asked(f"/volume-snapshots/{kept['id']}", method="DELETE", who=member)["state"] == "succeeded"
    assert member.get("/volume-snapshots")["items"] == []
    assert scene.used() == before + 10
    assert scene.asked(f"/volumes/{scene.spare}?confirm=spare", method="DELETE")["state"] == "succeeded"


@SQLITE
def test_what_no_snapshot_can_be_taken_of_is_refused_by_name(scene: Scene) -> None:
    town = scene.town
    body = {"volume_id": scene.spare, "name": "no"}
    assert town.centre.refused("POST", "/volume-snapshots", body)[:2] == (403, "auth.forbidden")
    assert town.operator.refused("POST", "/volume-snapshots", {**body, "volume_id": new_id()})[0] == 404
    with town.house.database.unit() as session:
        session.get_one(Provider, town.ids["provider"]).capabilities = ["volume", "volume_clone"]
    status, code, sentence = town.operator.refused("POST", "/volume-snapshots", body)
    assert (status, code) == (409, "driver.unsupported")
    assert "volume_snapshot" in sentence
    with town.house.database.unit() as session:
        session.get_one(Volume, scene.spare).state = "error"
    assert town.operator.refused("POST", "/volume-snapshots", body)[:2] == (409, "volume_snapshot.volume_state")


@SQLITE
def test_a_snapshot_that_others_deleted_is_a_drift_and_costs_nothing_once_that_is_accepted(scene: Scene) -> None:
    before = scene.used()
    done = scene.asked("/volume-snapshots", {"volume_id": scene.spare, "name": "lost"})
    kept = done["subject"]["id"]
    Outside(scene.inside.world.cloud).delete(kept)
    scene.later()
    (found,) = scene.inside.rows(Drift, Drift.kind == "volume_snapshot.gone")
    assert (found.subject_id, found.state) == (kept, "open")
    assert scene.town.operator.call("POST", f"/drifts/{found.id}/accept").status_code == 200
    assert scene.inside.row(VolumeSnapshot, kept).state == "deleted"
    assert scene.used() == before


@SQLITE
def test_one_that_no_row_knows_is_swept(scene: Scene) -> None:
    cloud = scene.inside.driver
    spec = VolumeSnapshotSpec(new_id(), "left over", HOST, "default", scene.spare)
    cloud.create_volume_snapshot(spec, within=5.0)
    scene.later()
    assert [one for one in cloud.list_owned(HOST, within=5.0) if one.id == spec.id] == []
