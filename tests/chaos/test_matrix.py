"""Every operation, every step, every point: a worker dies there, another one goes on, and nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from egovcloud.engine import crashpoints
from egovcloud.engine.operations import REGISTRY
from egovcloud.services import drift
from egovcloud.store.models import Drift, Operation
from tests.chaos.conftest import Bench
from tests.chaos.laws import broken, drifts
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.worker import Spot, killed
from tests.world import Inside

# What cannot be taken back is left, when the journal goes back, as a drift of this kind; to accept it makes the books
# true: a disk that grew, a disk that was made anew, a machine that is gone and let its volumes go.
LEAVES = {
    "volume.grow": ("volume.grown",),
    "instance.rebuild": ("instance.image",),
    "instance.delete": ("volume.detached", "floating_address.disassociated"),
}
SLICE = 8  # on PostgreSQL every eighth spot is enough for each run; the full run takes all


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
    inside.meter(times=2)
    assert broken(inside) == []
    assert drifts(inside) == []


def undo_spots() -> Iterator[tuple[Spot, Spot]]:
    """(where it fails, where it dies): the last step's effect is done and then found wanting; each step is undone."""
    for kind in REGISTRY.kinds.values():
        failed = (kind.name, kind.steps[-1].name, crashpoints.AFTER_EFFECT)
        for step in kind.steps:
            for point in crashpoints.UNDO_POINTS:
                yield failed, (kind.name, step.name, point)


UNDO_SPOTS = list(undo_spots())
_POINTS = len(crashpoints.UNDO_POINTS)
_IN_TURN = [spot for n, spot in enumerate(UNDO_SPOTS) if n % _POINTS == n // _POINTS % _POINTS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The short run takes every step of the undo once, at one point after the other."""
    if "failed" in metafunc.fixturenames:
        full = metafunc.config.getoption("--storm", "short") == "full"
        metafunc.parametrize(("failed", "spot"), UNDO_SPOTS if full else _IN_TURN, ids=_name)


def test_killed_while_it_is_undone(failed: Spot, spot: Spot, bench: Bench) -> None:
    inside = bench.fresh()
    SCENARIOS[spot[0]](inside)
    before = {row.id for row in inside.rows(Operation)}
    assert killed(inside, spot, failed), f"{spot} is never reached"
    inside.settle(worker="second")
    assert before == {row.id for row in inside.rows(Operation)}
    assert {o.kind for o in inside.rows(Operation) if o.state == "failed"} >= {spot[0]}
    inside.reconcile(times=3)
    inside.meter(times=3)
    for found in inside.rows(Drift, Drift.kind.in_(LEAVES.get(spot[0], ())), Drift.state == "open"):
        drift.accept(inside.house, inside.world.operator, found.id)
    inside.reconcile()
    assert broken(inside) == []
    assert drifts(inside) == []
