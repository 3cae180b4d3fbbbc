"""A cloud that keeps our projects apart: its own quotas behind ours, what others make there, the end of a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egovcloud.drivers.base import Allowance, OwnedKind
from egovcloud.drivers.simulator import Outside, SimHost, SimPool, SimulatorDriver, create_cloud
from egovcloud.store.models import Image, Provider
from tests.stories.test_adoption import HOST, TownClock
from tests.support.town import Town
from tests.world import Inside, World, enter

# What a query may get wrong on one of the databases is in the ledger's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Scene:
    """A town on such a cloud."""

    town: Town
    inside: Inside
    cloud: SimulatorDriver
    outside: Outside

    @property
    def project(self) -> str:
        return self.town.ids["project:civil"]

    def run(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """An operation to its end."""
        answer = self.town.operator.call(method, path, body)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        self.inside.settle()
        found: dict[str, Any] = self.town.operator.get(f"/operations/{answer.get_json()['id']}")
        return found

    def machine(self, name: str) -> dict[str, Any]:
        """What is asked for one."""
        ids = self.town.ids
        body = {"name": name, "project_id": self.project, "flavor_id": ids["flavor"], "image_id": ids["image"]}
        return {**body, "network_ids": [ids["network"]]}

    def set_quota(self, **limits: int | None) -> None:
        path = f"/quotas/{self.town.ids['civil']}"
        answer = self.town.root.call("PUT", path, {"limits": limits})
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def tenants(self) -> list[str]:
        """Our ids of the cloud's projects that bear our mark."""
        return [one.id for one in self.cloud.list_owned(HOST, within=5) if one.kind is OwnedKind.TENANT]

    def granted(self) -> dict[str, Allowance]:
        return {one.resource: one for one in self.cloud.allowances(tenant=self.project, within=5)}

    def lines(self, code: str = "civil") -> dict[str, Any]:
        node = self.town.operator.get(f"/quotas/{self.town.ids[code]}")
        return {line["resource"]: line for line in node["resources"]}


@pytest.fixture
def scene(town: Town, database_url: str, tmp_path: Path) -> Iterator[Scene]:
    path = tmp_path / "cloud.sqlite"
    create_cloud(path, [SimHost(HOST, 32, 65536, pools=[SimPool("default", 1000)])])
    config = {"file": str(path), "path": str(path), "host_pool_id": town.ids["host_pool"], "tenancy": True}
    with town.house.database.unit() as session:
        session.get_one(Provider, town.ids["provider"]).config = config
        session.get_one(Image, town.ids["image"]).disk = "sim:debian"
    installation = town.house.installation
    world = World(database_url, path, b"k" * 32, installation, dict(town.ids))
    with enter(world, clock=TownClock(town)) as inside:
        inside.reconcile()
        yield Scene(town, inside, SimulatorDriver(installation, path, tenancy=True), Outside(path))


def test_the_cloud_holds_a_project_to_the_tightest_limit_above_it(scene: Scene) -> None:
    assert scene.tenants() == []
    scene.set_quota(instances=5, vcpus=40, memory_mib=None)
    made = scene.run("POST", "/instances", scene.machine("web"))
    assert made["state"] == "succeeded", made["error"]
    assert scene.tenants() == [scene.project]
    assert (scene.granted()["instances"].limit, scene.granted()["instances"].used) == (5, 1)
    assert scene.granted()["memory_mib"].limit == scene.lines("city")["memory_mib"]["limit"]

    scene.set_quota(instances=3)
    scene.inside.reconcile()
    assert scene.granted()["instances"].limit == 3


def test_what_others_make_there_counts_until_it_is_adopted_or_gone(scene: Scene) -> None:
    scene.set_quota(instances=2)
    scene.run("POST", "/instances", scene.machine("web"))
    stray = scene.outside.add_instance(HOST, "by hand", vcpus=3, memory_mib=1024, disk_gib=7, tenant=scene.project)
    scene.inside.reconcile()
    (shown,) = scene.town.operator.get("/unmanaged")["items"]
    assert (shown["name"], shown["project"]["id"]) == ("by hand", scene.project)
    for code in ("civil", "city"):
        told = {name: line["unmanaged"] for name, line in scene.lines(code).items() if line["unmanaged"]}
        assert told == {"instances": 1, "vcpus": 3, "memory_mib": 1024, "volume_gib": 7}
    status, code, _ = scene.town.operator.refused("POST", "/instances", scene.machine("one too many"))
    assert (status, code) == (409, "quota.exceeded")

    # Adopted, it counts as ours and no more as theirs: there is room for that.
    item = {"kind": "instance", "host_id": scene.town.ids["host"], "external_id": stray}
    body = {"project_id": scene.project, "items": [item]}
    assert scene.town.operator.call("POST", "/adoptions/plan", body).get_json()["ok"]
    assert scene.run("POST", "/adoptions", body)["state"] == "succeeded"
    line = scene.lines()["instances"]
    assert (line["committed"], line["unmanaged"]) == (2, 0)
    scene.inside.reconcile()
    assert scene.lines()["instances"]["unmanaged"] == 0

    second = scene.outside.add_instance(HOST, "again", tenant=scene.project)
    scene.inside.reconcile()
    assert scene.lines()["instances"]["unmanaged"] == 1
    scene.outside.delete(second)
    scene.inside.reconcile()
    assert scene.lines()["instances"]["unmanaged"] == 0


def test_a_closed_project_loses_its_own_on_the_cloud_once_that_is_empty(scene: Scene) -> None:
    scene.run("POST", "/instances", scene.machine("web"))
    path = f"/projects/{scene.project}"
    assert scene.town.operator.refused("DELETE", path)[:2] == (409, "project.used")
    (machine,) = scene.town.operator.get("/instances")["items"]
    scene.run("DELETE", f"/instances/{machine['id']}?confirm=web")
    for one in scene.town.operator.get(f"/security-groups?project_id={scene.project}")["items"]:
        scene.run("DELETE", f"/security-groups/{one['id']}?confirm={one['name']}")
    stray = scene.outside.add_instance(HOST, "by hand", tenant=scene.project)
    assert scene.town.operator.call("DELETE", path).status_code == 204
    assert scene.town.operator.call("GET", path).status_code == 404
    scene.inside.reconcile(times=3)
    assert scene.tenants() == [scene.project], "somebody else's machine is in it"
    assert scene.outside.exists(stray)
    scene.outside.delete(stray)
    scene.inside.reconcile(times=3)
    assert scene.tenants() == []

    # Its name is free again, and its past keeps it.
    name = machine["project"]["name"]
    again = {"department_id": scene.town.ids["civil"], "name": name}
    assert scene.town.operator.call("POST", "/projects", again).status_code == 201
    (gone,) = scene.town.operator.get("/instances?state=deleted")["items"]
    assert gone["project"]["name"] == name
