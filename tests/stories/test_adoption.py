"""What others made comes under management over HTTP, is used like any other machine, and goes as it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from egovcloud.drivers.simulator import Faults, SimHost, SimPool, Tamper, create_cloud
from egovcloud.services import quota
from egovcloud.services.actor import SYSTEM
from egovcloud.store import ledger
from egovcloud.store.models import AuditEntry, Event, Host, Instance, Operation, Port, Provider, StoragePool, Volume
from tests.chaos.laws import broken
from tests.support.town import Town
from tests.support.town_clock import TownClock
from tests.world import Inside, World, enter

HOST = "hv-secret-01"
USED = "instances vcpus memory_mib volume_gib addresses".split()
# What both databases have to show is the counting; the rest is the cloud's and the door's.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Scene:
    """A town on a simulated cloud that holds what nobody asked us for."""

    town: Town
    inside: Inside
    cloud: Tamper
    ids: dict[str, str]

    @property
    def host(self) -> str:
        return self.town.ids["host"]

    def thing(self, name: str, **more: Any) -> dict[str, Any]:
        kind = "volume" if name == "archive" else "instance"
        return {"kind": kind, "host_id": self.host, "external_id": self.ids[name], **more}

    def body(self, *names: str, **more: Any) -> dict[str, Any]:
        return {"project_id": self.town.ids["project:civil"], "items": [self.thing(name) for name in names], **more}

    def adopt(self, *names: str, **more: Any) -> dict[str, Any]:
        """Adopted to the end; the finished operation."""
        response = self.town.operator.call("POST", "/adoptions", self.body(*names, **more))
        assert response.status_code == 202, response.get_data(as_text=True)
        self.inside.settle()
        return self.operation(response.get_json())

    def operation(self, answer: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.town.operator.get(f"/operations/{answer['id']}")
        return found

    def release(self, path: str, name: str) -> dict[str, Any]:
        response = self.town.operator.call("POST", f"{path}/release?confirm={name}")
        assert response.status_code == 202, response.get_data(as_text=True)
        self.inside.settle()
        return self.operation(response.get_json())

    def later(self) -> None:
        """Three looks at the cloud, each a while after the one before."""
        for _ in range(3):
            self.town.now += timedelta(minutes=2)
            self.inside.reconcile()

    def used(self, code: str = "civil") -> dict[str, int]:
        """What the department holds of its quota, reserved and committed."""
        node = self.town.operator.get(f"/quotas/{self.town.ids[code]}")
        return {line["resource"]: line["reserved"] + line["committed"] for line in node["resources"]}

    def unmanaged(self, query: str = "") -> list[str]:
        return [item["name"] for item in self.town.operator.get(f"/unmanaged{query}")["items"]]

    def machine(self, name: str) -> dict[str, Any]:
        (found,) = self.town.operator.get(f"/instances?q={name}")["items"]
        shown: dict[str, Any] = self.town.operator.get(f"/instances/{found['id']}")
        return shown


@pytest.fixture
def scene(town: Town, database_url: str, tmp_path: Path) -> Iterator[Scene]:
    path = tmp_path / "cloud.sqlite"
    create_cloud(path, [SimHost(HOST, 32, 65536, pools=[SimPool("default", 1000)])])
    with town.house.database.unit() as session:
        provider = session.get_one(Provider, town.ids["provider"])
        provider.config = {"file": str(path), "path": str(path), "host_pool_id": town.ids["host_pool"]}
    cloud = Tamper(path)
    ids = {
        "legacy": cloud.add_instance(HOST, "legacy", vcpus=3, memory_mib=3000, disk_gib=40),
        "second": cloud.add_instance(HOST, "second", vcpus=1, memory_mib=512, disk_gib=5),
        "ledger": cloud.add_volume(HOST, "default", "ledger", 20),
        "archive": cloud.add_volume(HOST, "default", "archive", 30),
        "wire": cloud.add_network(HOST, "office", "192.168.7.0/24"),
    }
    cloud.plug(ids["legacy"], ids["wire"], "52:54:00:aa:bb:01", "192.168.7.5")
    cloud.attach(ids["ledger"], ids["legacy"])
    for number in range(20):
        ids[f"other{number}"] = cloud.add_instance(HOST, f"other{number:02d}")
    world = World(database_url, path, b"k" * 32, town.house.installation, dict(town.ids))
    with enter(world, clock=TownClock(town)) as inside:
        inside.reconcile()
        yield Scene(town, inside, cloud, ids)


@SQLITE
def test_what_is_there_is_listed_with_when_it_was_seen(scene: Scene) -> None:
    answer = scene.town.operator.get("/unmanaged?q=leg")
    (item,) = answer["items"]
    assert (item["name"], item["vcpus"], item["memory_mib"], item["size_gib"]) == ("legacy", 3, 3000, 40)
    assert (item["host"]["name"], item["provider"]["name"], item["kind"]) == (HOST, "sim", "instance")
    (host,) = answer["hosts"]
    assert host["seen_at"]
    assert host["problem"] is None
    assert scene.unmanaged("?kind=volume") == ["archive", "ledger"]
    assert scene.unmanaged("?q=nothing-like-it") == []
    assert scene.unmanaged(f"?host_id={scene.town.ids['pool']}") == []
    assert len(scene.unmanaged(f"?provider_id={scene.town.ids['provider']}")) == 24


@SQLITE
def test_a_dead_host_is_said_to_be_silent(scene: Scene) -> None:
    Faults(scene.inside.world.cloud).unreachable(HOST)
    (host,) = scene.town.operator.get("/unmanaged?kind=volume")["hosts"]
    assert host["problem"]["code"] == "driver.unreachable"
    plan = scene.town.operator.call("POST", "/adoptions/plan", scene.body("legacy")).get_json()
    (item,) = plan["items"]
    assert (plan["ok"], item["obstacles"][0]["code"]) == (False, "adoption.silent")


@SQLITE
def test_the_dry_run_counts_and_changes_nothing(scene: Scene) -> None:
    before, quiet = scene.used(), scene.cloud.dump()
    plan = scene.town.operator.call("POST", "/adoptions/plan", scene.body("legacy", "archive")).get_json()
    assert plan["ok"], plan
    wanted = {"instances": 1, "vcpus": 3, "memory_mib": 3000, "volume_gib": 90, "addresses": 1}
    assert {name: count for name, count in plan["amount"].items() if count} == wanted
    machine, volume = plan["items"]
    assert (machine["name"], machine["power"], machine["size_gib"]) == ("legacy", "running", 40)
    assert machine["storage_pool"]["name"] == "default"
    assert [one["name"] for one in machine["volumes"]] == ["ledger"]
    card = {"mac": "52:54:00:aa:bb:01", "address": "192.168.7.5", "network": None, "network_name": "office"}
    assert machine["cards"] == [card]
    assert (volume["name"], volume["size_gib"]) == ("archive", 30)
    civil = {c["resource"]: c for c in plan["quota"] if c["department"]["name"] == "民政局"}
    assert {name: (c["used"], c["after"]) for name, c in civil.items()} == {
        name: (before[name], before[name] + wanted[name]) for name in USED
    }
    assert scene.used() == before
    assert scene.cloud.dump() == quiet
    assert scene.inside.rows(Instance) == []


def test_adopted_it_is_counted_and_managed(scene: Scene) -> None:
    before = scene.used()
    done = scene.adopt("legacy", "archive")
    assert (done["kind"], done["state"]) == ("project.adopt", "succeeded")
    assert {part["kind"] for part in done["children"]} == {"instance.adopt", "volume.adopt"}
    shown = scene.machine("legacy")
    assert (shown["state"], shown["vcpus"], shown["memory_mib"], shown["disk_gib"]) == ("active", 3, 3000, 40)
    assert (shown["flavor"], shown["image"], shown["login_user"], shown["ssh"]) == (None, None, None, None)
    assert shown["adopted_at"]
    assert shown["origin"] == {"name": "legacy", "external_id": scene.ids["legacy"]}
    assert [row["name"] for row in scene.town.operator.get("/instances?adopted=true")["items"]] == ["legacy"]
    assert {row["name"] for row in scene.town.operator.get("/volumes?adopted=true")["items"]} == {"archive", "ledger"}
    assert scene.town.operator.get("/instances?adopted=false")["items"] == []
    assert scene.town.operator.refused("GET", "/volumes?adopted=maybe")[:2] == (422, "input.choice")
    assert shown["addresses"] == ["192.168.7.5"]
    assert shown["ports"][0]["network_name"] == "office"
    assert [volume["name"] for volume in shown["volumes"]] == ["ledger"]
    after = scene.used()
    assert {name: after[name] - before[name] for name in USED} == {
        "instances": 1,
        "vcpus": 3,
        "memory_mib": 3000,
        "volume_gib": 90,
        "addresses": 1,
    }
    assert "legacy" not in scene.unmanaged()
    assert "second" in scene.unmanaged()
    scene.inside.reconcile(times=2)
    assert scene.machine("legacy")["state"] == "active"
    assert broken(scene.inside) == []
    assert {
        (entry.action, entry.outcome) for entry in scene.inside.rows(AuditEntry, AuditEntry.action == done["kind"])
    } == set()
    (entry,) = scene.inside.rows(AuditEntry, AuditEntry.action == "adoption.create")
    assert (entry.outcome, entry.department_id) == ("success", scene.town.ids["civil"])
    types = {event.type for event in scene.inside.rows(Event)}
    assert {"instance.adopt", "instance.run", "volume.adopt", "volume.ready", "volume.attached"} <= types


@SQLITE
def test_it_is_used_like_any_other_machine(scene: Scene) -> None:
    scene.adopt("legacy")
    path = f"/instances/{scene.machine('legacy')['id']}"
    operator = scene.town.operator
    for verb, state in (("stop", "stopped"), ("start", "active"), ("reboot", "active")):
        assert operator.call("POST", f"{path}/{verb}", {}).status_code == 202
        scene.inside.settle()
        assert operator.get(path)["state"] == state, verb
    made = operator.call("POST", "/snapshots", {"instance_id": path.rpartition("/")[2], "name": "now"})
    assert made.status_code == 202, made.get_data(as_text=True)
    body = {"name": "extra", "project_id": scene.town.ids["project:civil"], "size_gib": 2}
    extra = operator.call("POST", "/volumes", {**body, "instance_id": path.rpartition("/")[2]})
    assert extra.status_code == 202, extra.get_data(as_text=True)
    scene.inside.settle()
    assert {volume["name"] for volume in operator.get(path)["volumes"]} == {"ledger", "extra"}
    assert operator.call("GET", f"{path}/serial-log").status_code == 200
    assert operator.call("PATCH", path, {"name": "renamed"}).status_code == 200
    # What lies on it that is ours has to go before it can go as it came.
    assert operator.refused("POST", f"{path}/release?confirm=renamed")[:2] == (409, "release.snapshots")
    (snapshot,) = operator.get("/snapshots")["items"]
    assert operator.call("DELETE", f"/snapshots/{snapshot['id']}").status_code == 202
    scene.inside.settle()
    status, code, sentence = operator.refused("POST", f"{path}/release?confirm=renamed")
    assert (status, code) == (409, "release.volumes")
    assert "extra" in sentence
    assert broken(scene.inside) == []


@SQLITE
def test_its_disks_are_never_taken(scene: Scene) -> None:
    scene.adopt("legacy", "archive")
    operator, quiet = scene.town.operator, scene.cloud.dump()
    path = f"/instances/{scene.machine('legacy')['id']}"
    (archive,) = operator.get("/volumes?q=archive")["items"]
    (ledger_,) = operator.get("/volumes?q=ledger")["items"]
    assert operator.refused("DELETE", f"{path}?confirm=legacy")[:2] == (409, "adoption.kept")
    image = {"image_id": scene.town.ids["image"]}
    assert operator.refused("POST", f"{path}/rebuild?confirm=legacy", image)[:2] == (409, "adoption.kept")
    assert operator.refused("POST", f"{path}/migrate", {})[:2] == (409, "adoption.stays")
    flavor = {"flavor_id": scene.town.ids["flavor"]}
    assert operator.refused("POST", f"{path}/resize", flavor)[:2] == (409, "adoption.kept")
    for volume in (archive, ledger_):
        more = {"size_gib": volume["size_gib"] + 1}
        assert operator.refused("POST", f"/volumes/{volume['id']}/grow", more)[:2] == (409, "adoption.kept")
    groups: dict[str, Any] = {"security_group_ids": []}
    assert operator.refused("POST", f"{path}/security-groups", groups)[:2] == (409, "adoption.guards")
    assert operator.refused("DELETE", f"/volumes/{archive['id']}?confirm=archive")[:2] == (409, "adoption.kept")
    assert operator.refused("POST", f"/volumes/{ledger_['id']}/release?confirm=ledger")[:2] == (409, "volume.in_use")
    assert operator.refused("POST", f"{path}/release?confirm=other")[:2] == (409, "confirm.required")
    assert scene.cloud.dump() == quiet


@SQLITE
def test_what_others_do_to_it_is_told_and_never_undone(scene: Scene) -> None:
    """Not even by the policy that would repair a machine of ours."""
    operator = scene.town.operator
    named = {**scene.body(), "items": [{**scene.thing("legacy"), "name": "called otherwise here"}]}
    assert operator.call("POST", "/adoptions", named).status_code == 202
    scene.inside.settle()
    scene.later()
    assert operator.get("/drifts?subject_type=instance,volume")["items"] == []
    assert operator.call("PUT", "/drift-policies/instance.vcpus", {"policy": "repair"}).status_code == 200
    scene.cloud.resize(scene.ids["legacy"], 5, 3000)
    quiet = scene.cloud.dump()
    scene.later()
    assert scene.cloud.dump() == quiet
    (drift,) = operator.get("/drifts?kind=instance.vcpus")["items"]
    assert (drift["state"], drift["error"]["code"], drift["remedies"]) == ("open", "adoption.unrepaired", ["accept"])
    assert operator.refused("POST", f"/drifts/{drift['id']}/repair")[:2] == (409, "adoption.unrepaired")
    before = scene.used()
    assert operator.call("POST", f"/drifts/{drift['id']}/accept").status_code == 200
    assert scene.used()["vcpus"] == before["vcpus"] + 2
    assert scene.cloud.dump() == quiet
    assert broken(scene.inside) == []


@SQLITE
def test_draining_a_host_says_what_stays(scene: Scene) -> None:
    scene.adopt("second")
    answer = scene.town.operator.call("POST", f"/hosts/{scene.host}/drain")
    assert answer.status_code == 202, answer.get_data(as_text=True)
    scene.inside.settle()
    ended = scene.operation(answer.get_json())
    assert ended["state"] == "failed"
    assert "stays" in ended["error"]["detail"]
    assert scene.machine("second")["state"] == "active"


def test_released_everything_is_as_it_was(scene: Scene) -> None:
    before, quiet = scene.used(), scene.cloud.dump()
    hosts = [(h.vcpus_allocated, h.memory_allocated_mib) for h in scene.inside.rows(Host)]
    pools = [pool.allocated_gib for pool in scene.inside.rows(StoragePool)]
    scene.adopt("legacy", "archive")
    path = f"/instances/{scene.machine('legacy')['id']}"
    (archive,) = scene.town.operator.get("/volumes?q=archive")["items"]
    assert scene.release(path, "legacy")["state"] == "succeeded"
    assert scene.release(f"/volumes/{archive['id']}", "archive")["state"] == "succeeded"
    assert scene.cloud.dump() == quiet
    assert scene.used() == before
    assert [(h.vcpus_allocated, h.memory_allocated_mib) for h in scene.inside.rows(Host)] == hosts
    assert [pool.allocated_gib for pool in scene.inside.rows(StoragePool)] == pools
    assert scene.inside.rows(Port) == []
    assert {row.state for row in (*scene.inside.rows(Instance), *scene.inside.rows(Volume))} == {"deleted"}
    assert scene.town.operator.get("/instances")["items"] == []
    assert {"legacy", "ledger", "archive"} <= set(scene.unmanaged())
    scene.inside.reconcile(times=3)
    assert scene.cloud.dump() == quiet
    with scene.inside.database.read() as session:
        assert ledger.drift(session) == []
    scene.adopt("legacy")  # and it may come again
    assert scene.machine("legacy")["state"] == "active"


@SQLITE
def test_adopting_some_leaves_every_other_untouched(scene: Scene) -> None:
    chosen = ["legacy", "archive", "other3", "other7"]
    bytes_before = scene.cloud.dump().splitlines()
    scene.adopt(*chosen)
    scene.inside.reconcile(times=3)
    mine = {scene.ids[name] for name in (*chosen, "ledger")}
    after = scene.cloud.dump().splitlines()

    def others(lines: list[str]) -> list[str]:
        return [line for line in lines if not any(id_ in line for id_ in mine)]

    assert others(after) == others(bytes_before)
    # Of what was chosen only the mark is new: a row of the table of objects, and the note that it was adopted.
    changed = {line.partition(" ")[0] for line in set(after) ^ set(bytes_before)}
    assert changed == {"objects", "adopted"}


def test_a_full_quota_refuses_all_of_it(scene: Scene) -> None:
    quota.set_limits(scene.town.house, SYSTEM, scene.town.ids["civil"], limits={"vcpus": 3})
    plan = scene.town.operator.call("POST", "/adoptions/plan", scene.body("legacy", "second")).get_json()
    full = [check for check in plan["quota"] if not check["ok"]]
    assert [(c["resource"], c["limit"], c["after"]) for c in full] == [("vcpus", 3, 4)]
    assert not plan["ok"]
    status, code, sentence = scene.town.operator.refused("POST", "/adoptions", scene.body("legacy", "second"))
    assert (status, code) == (409, "quota.exceeded")
    assert "民政局" in sentence
    assert scene.inside.rows(Instance) == []
    assert scene.inside.rows(Operation, Operation.kind == "project.adopt") == []
    scene.adopt("legacy")


@SQLITE
def test_what_stands_in_the_way_is_said(scene: Scene) -> None:
    operator = scene.town.operator
    scene.adopt("second")
    scene.cloud.mark(scene.ids["other1"], "another installation")
    twin = scene.cloud.add_instance(HOST, "twin")
    scene.cloud.plug(twin, scene.ids["wire"], "52:54:00:aa:bb:01", "192.168.7.9")
    for body, code in (
        (scene.body("second"), "adoption.taken"),
        (scene.body("other1"), "adoption.foreign"),
        (
            {**scene.body(), "items": [scene.thing("legacy", kind="volume", external_id=scene.ids["ledger"])]},
            "adoption.held",
        ),
        ({**scene.body(), "items": [scene.thing("legacy", external_id="not-there")]}, "adoption.absent"),
        (
            {**scene.body("legacy"), "items": [scene.thing("legacy"), scene.thing("legacy", external_id=twin)]},
            "adoption.mac",
        ),
    ):
        plan = operator.call("POST", "/adoptions/plan", body).get_json()
        found = [problem["code"] for item in plan["items"] for problem in item["obstacles"]]
        assert (plan["ok"], found) == (False, [code])
        assert operator.refused("POST", "/adoptions", body)[1] == code
    twice = {**scene.body(), "items": [scene.thing("legacy"), scene.thing("legacy")]}
    assert operator.refused("POST", "/adoptions/plan", twice)[:2] == (422, "adoption.none")
    nowhere = {**scene.body(), "items": [{**scene.thing("legacy"), "host_id": scene.ids["legacy"]}]}
    assert operator.refused("POST", "/adoptions", nowhere)[:2] == (422, "input.reference")
    assert len(scene.inside.rows(Instance)) == 1


@SQLITE
def test_a_card_in_a_network_of_ours_takes_its_address_there(scene: Scene) -> None:
    world = scene.inside.world
    with scene.inside.database.read() as session:
        from egovcloud.engine.specs import network_spec
        from egovcloud.store.models import Network

        spec = network_spec(session.get_one(Network, scene.town.ids["network"]))
    scene.inside.driver.ensure_network(HOST, spec, within=5.0)
    scene.cloud.plug(scene.ids["second"], world["network"], "52:54:00:aa:bb:02", "10.0.0.2")
    plan = scene.town.operator.call("POST", "/adoptions/plan", scene.body("second")).get_json()
    assert plan["items"][0]["cards"][0]["network"]["name"] == "shared"
    scene.adopt("second")
    shown = scene.town.operator.get(f"/networks/{world['network']}")
    assert shown["used_addresses"] == 1
    (port,) = scene.town.operator.get(f"/networks/{world['network']}/ports")["items"]
    assert (port["address"], port["instance"]["name"]) == ("10.0.0.2", "second")


@SQLITE
def test_a_machine_that_changed_meanwhile_is_left_alone(scene: Scene) -> None:
    response = scene.town.operator.call("POST", "/adoptions", scene.body("second"))
    before = scene.used()
    scene.cloud.resize(scene.ids["second"], 8, 512)
    quiet = scene.cloud.dump()
    scene.inside.settle()
    ended = scene.operation(response.get_json())
    assert ended["state"] == "failed"
    (child,) = ended["children"]
    assert child["error"]["code"] == "adoption.changed"
    assert "vcpus 1 → 8" in child["error"]["detail"]
    assert scene.cloud.dump() == quiet
    after = scene.used()
    assert (before["vcpus"], after["vcpus"]) == (1, 0)
    assert broken(scene.inside) == []
    scene.cloud.resize(scene.ids["second"], 1, 512)
    assert scene.town.operator.call("POST", f"/operations/{child['id']}/retry").status_code == 202
    scene.inside.settle()
    assert scene.machine("second")["state"] == "active"
    assert broken(scene.inside) == []


@SQLITE
def test_only_the_centre_may(scene: Scene) -> None:
    scene.adopt("second")
    path = f"/instances/{scene.machine('second')['id']}"
    for person in (scene.town.civil_admin, scene.town.civil_member, scene.town.centre, scene.town.auditor):
        assert person.call("GET", "/unmanaged").status_code == 403
        assert person.call("POST", "/adoptions/plan", scene.body("legacy")).status_code == 403
        assert person.call("POST", "/adoptions", scene.body("legacy")).status_code == 403
        assert person.call("POST", f"{path}/release?confirm=second").status_code == 403
    shown = scene.town.civil_member.get(path)
    assert shown["adopted_at"]
    assert shown["origin"] is None
    assert scene.town.market_member.call("GET", path).status_code == 404


@SQLITE
def test_the_sweep_gives_back_what_has_no_row(scene: Scene) -> None:
    """A database that was restored from an older backup knows nothing of it: the mark goes, the machine stays."""
    quiet = scene.cloud.dump()
    scene.inside.driver.adopt_instance(HOST, scene.ids["second"], scene.town.ids["host"], within=5.0)
    scene.inside.driver.adopt_volume(HOST, "default", scene.ids["archive"], scene.town.ids["pool"], within=5.0)
    assert scene.cloud.dump() != quiet
    scene.inside.reconcile(times=3)
    assert scene.cloud.dump() == quiet
