"""Which application has machines in which network, as far as one may see them."""

from __future__ import annotations

from typing import Any

import pytest

from egovcloud.domain.ids import new_id
from egovcloud.store.models import Application, Network, Port
from tests.support.town import Town


@pytest.fixture
def scene(town: Town) -> Town:
    """``relief`` has two machines, one of them in ``back`` too; market's one belongs to no application."""
    stamps = {"created_at": town.now, "updated_at": town.now}
    home = {"department_id": town.ids["civil"], "project_id": town.ids["project:civil"]}
    town.ids |= {"relief": new_id(), "back": new_id()}
    back = {"mode": "isolated", "cidr": "10.77.0.0/24", "gateway": "10.77.0.1", "state": "active"}
    town.add(
        Application(id=town.ids["relief"], name="relief", **home, **stamps),
        Network(id=town.ids["back"], name="back", department_id=town.ids["civil"], **back, **stamps),
    )
    both = town.machine("web", application_id=town.ids["relief"])
    town.machine("db", application_id=town.ids["relief"])
    town.machine("gone", application_id=town.ids["relief"], state="deleted")
    town.machine("stall", "market")
    plug = {"position": 1, "mac": "52:54:00:77:00:02", "address": "10.77.0.2"}
    town.add(Port(id=new_id(), instance_id=both, network_id=town.ids["back"], **plug))
    return town


def lines(answer: Any) -> list[tuple[str, int, dict[str, int]]]:
    names = {one["id"]: one["name"] for one in answer["networks"]}
    return [
        (
            (one["application"] or one["project"])["name"],
            one["instances"],
            {names[part["id"]]: part["instances"] for part in one["networks"]},
        )
        for one in answer["applications"]
    ]


def test_the_centre_sees_everybody(scene: Town) -> None:
    answer = scene.operator.get("/topology")
    assert {(one["name"], one["mode"]) for one in answer["networks"]} == {("shared", "nat"), ("back", "isolated")}
    assert lines(answer) == [("relief", 2, {"shared": 2, "back": 1}), ("企业登记", 1, {"shared": 1})]
    assert answer["total"] == 2


def test_one_department_is_left_when_it_is_asked_for(scene: Town) -> None:
    assert lines(scene.operator.get(f"/topology?department_id={scene.ids['market']}")) == [
        ("企业登记", 1, {"shared": 1})
    ]


def test_a_department_sees_neither_others_nor_their_networks(scene: Town) -> None:
    answer = scene.market_member.get("/topology")
    assert [one["name"] for one in answer["networks"]] == ["shared"]
    assert lines(answer) == [("企业登记", 1, {"shared": 1})]
    status, code, sentence = scene.market_member.refused("GET", f"/topology?department_id={scene.ids['civil']}")
    assert (status, code) == (422, "input.reference")
    assert "department_id" in sentence


def test_an_office_sees_the_networks_of_its_bureau(scene: Town) -> None:
    """What it may plug its machines into is drawn, as the list of networks shows it."""
    drawn = {one["name"] for one in scene.civil_office.get("/topology")["networks"]}
    assert drawn == scene.civil_office.names("/networks") == {"shared", "back"}
