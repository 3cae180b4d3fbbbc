"""Who cannot prove a lease stops acting when it is over, by its own clock, and is heard again later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from egovcloud.drivers.base import Driver
from egovcloud.engine import leash
from egovcloud.engine.claims import Fenced
from egovcloud.engine.kinds import Run
from egovcloud.engine.leash import Lapsed, Leash
from egovcloud.engine.metered import metered
from egovcloud.engine.worker import Worker
from egovcloud.store.database import unavailable
from egovcloud.store.models import Event, Operation
from tests.unit.engine.toys import LEASE, Toys
from tests.world import until


class Cloud:
    """Counts what it was asked to do."""

    kind = "toy"

    def __init__(self) -> None:
        self.calls = 0

    def hosts(self, *, within: float) -> list[Any]:
        self.calls += 1
        return []


def away(*_: object, **__: object) -> Any:
    raise OperationalError("SELECT 1", {}, Exception("connection timed out"))


def act_with(toys: Toys, cloud: Cloud, *, before: Any) -> None:
    """Let the first step of ``toy`` do ``before(run)`` and then call the cloud."""
    driver: Driver = metered(cloud)  # type: ignore[arg-type]

    def effect(run: Run) -> dict[str, object]:
        before(run)
        driver.hosts(within=1.0)
        return {}

    object.__setattr__(toys.registry.kinds["toy"].steps[0], "effect", effect)


def test_a_leash_ends_by_itself_and_is_prolonged_from_when_it_was_asked_for() -> None:
    now = leash.seconds()
    held = Leash(10.0, now - 4.0)
    assert 5.0 < held.left <= 6.0
    held.extend(now - 6.0)  # an answer that came late prolongs nothing
    assert 5.0 < held.left <= 6.0
    held.extend(now)
    assert held.left > 9.0
    held.cut()
    held.extend(now + 100.0)
    assert held.left <= 0
    assert Leash(1.0, now - 2.0).left <= 0


def test_only_threads_of_an_operation_are_on_a_leash() -> None:
    leash.check()
    token = leash.current.set(Leash(1.0, leash.seconds() - 2.0))
    try:
        with pytest.raises(Lapsed):
            leash.check()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(leash.check).result()
    finally:
        leash.current.reset(token)


def test_no_call_begins_after_the_lease_is_over(toys: Toys) -> None:
    toys.kind("toy")
    cloud = Cloud()
    act_with(toys, cloud, before=lambda _: None)
    toys.enqueue("toy")
    (held,) = toys.claim()
    spent = Leash(LEASE, leash.seconds())

    def late(_: Run) -> None:
        spent.cut()

    act_with(toys, cloud, before=late)
    with pytest.raises(Lapsed):
        toys.runner.run(held, spent)
    assert cloud.calls == 0


def test_who_still_holds_the_lease_goes_on_with_a_new_leash(toys: Toys) -> None:
    toys.kind("toy")
    cloud, rounds = Cloud(), []

    def slow(_: Run) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            leash.current.get()._end = 0.0  # type: ignore[union-attr]

    act_with(toys, cloud, before=slow)
    id_ = toys.enqueue("toy")
    (held,) = toys.claim()
    toys.runner.run(held, None, lambda _: True)
    assert (len(rounds), cloud.calls, toys.operation(id_).state) == (2, 1, "succeeded")


def test_who_lost_it_meanwhile_is_turned_away_and_counted(toys: Toys) -> None:
    toys.kind("toy")
    cloud = Cloud()

    def robbed(_: Run) -> None:
        toys.clock.advance(LEASE + 1)
        assert toys.claim("two")
        leash.current.get()._end = 0.0  # type: ignore[union-attr]

    act_with(toys, cloud, before=robbed)
    id_ = toys.enqueue("toy")
    (held,) = toys.claim("one")
    toys.runner.run(held, None, lambda _: True)
    assert cloud.calls == 0
    assert toys.operation(id_).worker == "two"
    with toys.database.read() as session:
        assert session.query(Event).filter(Event.type == "operation.fenced").count() == 1


def test_a_database_that_is_away_costs_an_operation_time_and_no_attempt(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    (held,) = toys.claim()
    unit, pauses = toys.database.unit, []

    def back(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 20:
            monkeypatch.setattr(toys.database, "unit", unit)
        return True

    monkeypatch.setattr(toys.database, "unit", away)
    toys.runner.run(held, None, back)
    assert len(pauses) == 20
    assert toys.operation(id_).state == "succeeded"
    assert toys.calls == {"toy.one": 1, "toy.two": 1}


def test_a_database_that_stays_away_leaves_the_operation_to_its_lease(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    (held,) = toys.claim()
    with monkeypatch.context() as patched:
        patched.setattr(toys.database, "unit", away)
        with pytest.raises(OperationalError):
            toys.runner.run(held)
    assert toys.operation(id_).worker == "one"


def test_a_worker_whose_lease_was_taken_is_told_by_its_next_renewal(toys: Toys) -> None:
    toys.kind("toy")
    cloud = Cloud()

    def rob(run: Run) -> None:
        with toys.database.unit() as session:
            session.get_one(Operation, run.operation_id).lease += 1
        mine = leash.current.get()
        assert mine is not None
        assert until(lambda: mine.left <= 0, seconds=60)

    act_with(toys, cloud, before=rob)
    toys.enqueue("toy")
    runner = toys.runner
    object.__setattr__(runner, "lease_seconds", 3000.0)  # by itself it would never end
    worker = Worker(runner, threads=1, poll_seconds=0.02)
    worker.renewal_seconds = 0.05
    worker.start()

    def fenced() -> int:
        with toys.database.read() as session:
            return session.query(Event).filter(Event.type == "operation.fenced").count()

    try:
        assert until(lambda: fenced() == 1, seconds=60)
    finally:
        worker.stop()
    assert cloud.calls == 0


def test_what_says_that_the_database_is_away() -> None:
    lost = ProgrammingError("SELECT 1", {}, Exception("closed"), connection_invalidated=True)
    assert unavailable(lost)
    assert unavailable(PoolTimeout("no free connection"))
    with pytest.raises(OperationalError) as caught:
        away()
    assert unavailable(caught.value)
    assert not unavailable(ProgrammingError("SELEC", {}, Exception("syntax")))
    assert not unavailable(Fenced("id"))
    assert not unavailable(ValueError())
