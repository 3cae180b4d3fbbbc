"""Floating addresses over HTTP: taken, handed on, seen by their own, kept in step with the cloud, given back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from egovcloud.drivers.simulator import SimHost, SimPool, Tamper, create_cloud
from egovcloud.store import ledger
from egovcloud.store.models import Image, Provider
from tests.stories.test_adoption import HOST, Scene, TownClock
from tests.support.town import Person, Town
from tests.world import World, enter

PATH = "/floating-addresses"


@pytest.fixture
def scene(town: Town, database_url: str, tmp_path: Path) -> Iterator[Scene]:
    path = tmp_path / "cloud.sqlite"
    create_cloud(path, [SimHost(HOST, 32, 65536, pools=[SimPool("default", 1000)])])
    with town.house.database.unit() as session:
        provider = session.get_one(Provider, town.ids["provider"])
        provider.config = {"file": str(path), "path": str(path), "host_pool_id": town.ids["host_pool"]}
        session.execute(update(Image).values(disk="sim:debian"))
    world = World(database_url, path, b"k" * 32, town.house.installation, dict(town.ids))
    with enter(world, clock=TownClock(town)) as inside:
        inside.reconcile()
        yield Scene(town, inside, Tamper(path), {})


def machine(scene: Scene, name: str, **more: Any) -> str:
    body = {
        "name": name,
        "project_id": scene.town.ids["project:civil"],
        "flavor_id": scene.town.ids["flavor"],
        "image_id": scene.town.ids["image"],
        "network_ids": [scene.town.ids["network"]],
        **more,
    }
    done(scene, scene.town.operator, "POST", "/instances", body)
    (found,) = scene.town.operator.get(f"/instances?q={name}")["items"]
    return str(found["id"])


def done(scene: Scene, who: Person, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """Asked for and carried out; the finished operation."""
    response = who.call(method, path, body)
    assert response.status_code == 202, response.get_data(as_text=True)
    scene.inside.settle()
    return scene.operation(response.get_json())


def test_from_one_machine_to_another_and_back_to_the_cloud(scene: Scene) -> None:
    town = scene.town
    first, second = machine(scene, "web-1"), machine(scene, "web-2")
    before = scene.used()["addresses"]
    body = {"project_id": town.ids["project:civil"], "instance_id": first}
    made = done(scene, town.civil_admin, "POST", PATH, body)
    assert (made["kind"], made["state"]) == ("floating_address.associate", "succeeded")
    (shown,) = town.civil_member.get(f"{PATH}?instance_id={first}")["items"]
    assert (shown["state"], shown["instance"]["name"]) == ("in_use", "web-1")
    assert shown["fixed_address"] == town.civil_member.get(f"/instances/{first}")["addresses"][0]
    assert (shown["network"]["name"], shown["provider"]) == ("shared", None)
    one = f"{PATH}/{shown['id']}"
    assert town.operator.get(one)["provider"]["name"] == "sim"
    assert scene.used()["addresses"] == before + 1
    # Another bureau sees nothing of it, and what stands in the way is said.
    assert town.market_admin.get(PATH)["items"] == []
    assert town.market_admin.refused("GET", one)[0] == 404
    assert town.market_member.refused("POST", f"{one}/disassociate")[0] == 404
    assert town.civil_member.refused("DELETE", one)[:2] == (403, "auth.forbidden")
    assert town.civil_member.refused("POST", PATH, body)[:2] == (403, "auth.forbidden")
    assert town.civil_admin.refused("DELETE", one)[:2] == (409, "floating_address.in_use")
    assert town.civil_admin.refused("POST", PATH, body)[:2] == (409, "floating_address.taken")
    assert town.operator.refused("DELETE", f"/networks/{town.ids['network']}")[:2] == (409, "network.used")
    # Handed on by whoever works with it.
    done(scene, town.civil_member, "POST", f"{one}/disassociate")
    assert (town.civil_member.get(one)["state"], town.civil_member.get(one)["instance"]) == ("available", None)
    done(scene, town.civil_member, "POST", f"{one}/associate", {"instance_id": second})
    assert town.civil_member.get(one)["instance"]["name"] == "web-2"
    # It outlives its machine, and goes only by itself; its network waits for it.
    for name, id_ in (("web-1", first), ("web-2", second)):
        done(scene, town.civil_admin, "DELETE", f"/instances/{id_}?confirm={name}")
    assert (town.civil_member.get(one)["state"], town.civil_member.get(one)["instance"]) == ("available", None)
    scene.later()
    assert town.operator.get("/drifts?state=open")["items"] == []
    status, code, sentence = town.operator.refused("DELETE", f"/networks/{town.ids['network']}")
    assert (status, code) == (409, "network.floating")
    assert "1 floating address" in sentence
    done(scene, town.civil_admin, "DELETE", one)
    assert town.civil_member.get(one)["state"] == "deleted"
    assert town.civil_member.get(PATH)["items"] == []
    assert scene.used()["addresses"] == 0
    assert [name for name, *_ in scene.inside.open_operations()] == []
    with town.house.database.read() as session:
        assert ledger.drift(session) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_is_said(scene: Scene) -> None:
    town = scene.town
    closed = town.operator.call(
        "POST", "/networks", {"name": "in", "mode": "isolated", "cidr": "10.9.0.0/24"}
    ).get_json()
    alone = machine(scene, "alone", network_ids=[closed["id"]])
    other = machine(scene, "other")
    mine = {"project_id": town.ids["project:civil"]}
    free = {**mine, "network_id": town.ids["network"]}
    for body, status, code in (
        (mine, 422, "floating_address.what_for"),
        ({**mine, "network_id": closed["id"]}, 409, "floating_address.no_router"),
        ({**mine, "network_id": alone}, 422, "input.reference"),
        ({**mine, "instance_id": alone}, 409, "floating_address.no_nat"),
        ({**free, "instance_id": alone}, 409, "floating_address.other_network"),
        ({**free, "provider_id": alone}, 422, "input.reference"),
        ({**free, "project_id": alone}, 404, "thing.absent"),
        ({"project_id": town.ids["project:market"], "instance_id": other}, 422, "input.reference"),
    ):
        found = town.operator.refused("POST", PATH, body)
        assert found[:2] == (status, code), body
        assert "{" not in found[2]
    done(scene, town.operator, "POST", PATH, free)
    (shown,) = town.operator.get(f"{PATH}?state=available&sort=address")["items"]
    one = f"{PATH}/{shown['id']}"
    assert town.operator.refused("POST", f"{one}/disassociate")[:2] == (409, "state.refused")
    refused = town.operator.refused("POST", f"{one}/associate", {"instance_id": alone})
    assert refused[:2] == (409, "floating_address.other_network")
    assert shown["address"] in {hit["name"] for hit in town.operator.get(f"/search?q={shown['address']}")}
    with town.house.database.unit() as session:
        session.execute(update(Provider).values(capabilities=["reboot"]))
    assert town.operator.refused("POST", PATH, free)[:2] == (409, "driver.unsupported")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_others_did_at_the_cloud_is_told_and_mended(scene: Scene) -> None:
    town = scene.town
    web = machine(scene, "web")
    done(scene, town.operator, "POST", PATH, {"project_id": town.ids["project:civil"], "instance_id": web})
    (shown,) = town.operator.get(PATH)["items"]
    scene.cloud.point(shown["id"], None)
    scene.later()
    (drift,) = town.civil_member.get("/drifts?state=open")["items"]
    assert (drift["kind"], drift["subject"]["name"]) == ("floating_address.disassociated", shown["address"])
    assert drift["desired"] == [{"name": "instance", "value": "web"}]
    done(scene, town.operator, "POST", f"/drifts/{drift['id']}/repair")
    scene.later()
    assert town.operator.get("/drifts?state=open")["items"] == []
    assert town.operator.get(f"{PATH}/{shown['id']}")["instance"]["name"] == "web"
    scene.cloud.delete(shown["id"])
    scene.later()
    gone = town.operator.get(f"{PATH}/{shown['id']}")
    assert (gone["state"], gone["instance"], gone["error"]["code"]) == ("error", None, "floating_address.gone")
    done(scene, town.operator, "DELETE", f"{PATH}/{shown['id']}")
    assert town.operator.get(PATH)["items"] == []
