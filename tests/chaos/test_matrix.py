"""Every operation, every step, every point: a worker dies there, another one goes on, and nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from egovcloud.engine import crashpoints
from egovcloud.engine.operations import REGISTRY
from egovcloud.store.models import Operation
from tests.chaos.conftest import Bench
from tests.chaos.laws import broken
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.worker import Spot, killed
from tests.world import Inside

SLICE = 5  # on PostgreSQL every fifth spot is enough for each run; the full run takes all


def spots() -> Iterator[Spot]:
    for kind in REGISTRY.kinds.values():
        for step in kind.steps:
            for point in crashpoints.POINTS:
                yield kind.name, step.name, point


def _name(spot: Spot) -> str:
    return "-".join(spot)


SPOTS = list(spots())


def test_every_kind_has_a_scenario() -> None:
    assert set(SCENARIOS) == set(REGISTRY.kinds)


@pytest.mark.parametrize("spot", SPOTS, ids=_name)
def test_killed_there_and_recovered(spot: Spot, bench: Bench) -> None:
    kill_and_recover(spot, bench.fresh())


def test_the_same_on_postgresql(request: pytest.FixtureRequest, storm_size: str) -> None:
    bench: Bench = request.getfixturevalue("bench_on_postgresql")
    for spot in SPOTS if storm_size == "full" else SPOTS[::SLICE]:
        kill_and_recover(spot, bench.fresh())


def kill_and_recover(spot: Spot, inside: Inside) -> None:
    SCENARIOS[spot[0]](inside)
    assert killed(inside, spot), f"{spot} is never reached"
    inside.settle(worker="second")
    assert {(o.kind, o.state) for o in inside.rows(Operation) if o.state != "succeeded"} == set()
    inside.reconcile(times=2)
    assert broken(inside) == []
