"""An access key is made at once, without an operation: whoever dies over it leaves no key that nobody knows of."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from egovcloud.drivers.simulator import SimulatorStore
from egovcloud.engine.operations.bucket_key import LAPSE
from egovcloud.services import bucket_key
from egovcloud.store.models import BucketKey
from tests.chaos.conftest import Bench
from tests.chaos.laws import broken
from tests.chaos.worker import fork
from tests.world import Clock, World, enter

POINTS = ("before the call", "after the call", "before the answer")


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at(point: str) -> None:
    """Only ever called in a process of its own."""
    make = SimulatorStore.create_key

    def made(*arguments: Any, **options: Any) -> None:
        make(*arguments, **options)
        _die()

    if point == "before the answer":
        bucket_key._views = _die  # type: ignore[assignment]
    else:
        SimulatorStore.create_key = _die if point == "before the call" else made  # type: ignore[assignment]


def _create(world: World, clock: Clock) -> Any:
    """In an API process of its own, as it were: nothing is kept of the stores that were opened before."""
    with enter(world, clock=clock) as inside:
        actor, bucket = world.operator, world["papers"]
        return bucket_key.create(inside.house, inside.providers, actor, bucket, name="new", writes=False)


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_a_key_is_made(point: str, bench: Bench) -> None:
    inside = bench.fresh()
    inside.close()

    def work() -> None:
        _die_at(point)
        _create(inside.world, inside.clock)

    _, status = os.waitpid(fork(work), 0)
    assert os.WIFSIGNALED(status)
    (row,) = inside.rows(BucketKey, BucketKey.name == "new")
    assert row.state == ("available" if point == "before the answer" else "creating")
    inside.meter()
    assert inside.row(BucketKey, row.id).state == row.state, "somebody may still be at it"
    inside.clock.advance(LAPSE.total_seconds())
    inside.meter(times=2)
    inside.reconcile(times=2)
    assert broken(inside) == []
    if point == "before the answer":  # nobody was told its secret, and everybody sees it: it is revoked by hand
        bucket_key.delete(inside.house, inside.world.operator, inside.world["papers"], row.id)
        inside.settle()
    assert inside.row(BucketKey, row.id).state == "deleted"
    assert {one.id for one in inside.store.list_keys(within=5.0)} == {inside.world["key"]}
    assert _create(inside.world, inside.clock)[0]["state"] == "available"


def test_revoked_while_it_is_made(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint answers after somebody ended the key: the answer is a refusal, and the key goes."""
    inside, make = bench.fresh(), SimulatorStore.create_key

    def slowly(*arguments: Any, **options: Any) -> Any:
        (row,) = inside.rows(BucketKey, BucketKey.name == "new")
        bucket_key.delete(inside.house, inside.world.operator, inside.world["papers"], row.id)
        inside.settle()
        return make(*arguments, **options)

    monkeypatch.setattr(SimulatorStore, "create_key", slowly)
    with pytest.raises(Exception, match="revoked while"):
        _create(inside.world, inside.clock)
    inside.settle()
    inside.meter(times=2)
    inside.reconcile(times=2)
    assert broken(inside) == []
