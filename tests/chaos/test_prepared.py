"""A machine that is asked for just after another one finds again what somebody took from the cloud in between."""

from __future__ import annotations

import pytest

from egovcloud.store.models import Host, Instance
from tests.chaos.conftest import Bench
from tests.chaos.laws import broken
from tests.chaos.meddling import Scene
from tests.chaos.scenarios import ask_instance


@pytest.mark.parametrize("noun", ["network", "group", "image"])
def test_what_was_taken_away_is_brought_again(bench: Bench, noun: str) -> None:
    inside = bench.fresh()
    inside.reconcile(times=2)
    scene = Scene(inside)
    ask_instance(inside, "first")
    inside.settle()
    has = [
        host.name
        for host in inside.rows(Host)
        if any(one.id == scene.id(noun) for one in inside.driver.list_owned(host.name, within=5.0))
    ]
    assert has
    for host in has:
        scene.cloud.lose(scene.id(noun), host)
    ask_instance(inside, "second")
    inside.settle()
    (second,) = inside.rows(Instance, Instance.name == "second")
    assert (second.state, second.error) == ("active", None)
    assert broken(inside) == []
