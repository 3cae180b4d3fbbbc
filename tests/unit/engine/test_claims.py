"""Leases: one holder at a time, however many ask, and none for ever."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest

from egovcloud.engine.claims import Fenced, claim, due, hold, let_go, renew
from egovcloud.engine.kinds import Run
from egovcloud.engine.worker import Worker
from egovcloud.store.models import Operation
from tests.unit.engine.toys import LEASE, Toys
from tests.world import until


def test_what_is_held_is_nobody_else_s_until_the_lease_runs_out(toys: Toys) -> None:
    toys.kind("toy")
    toys.enqueue("toy")
    (mine,) = toys.claim("one")
    assert toys.claim("two") == []
    toys.clock.advance(LEASE - 1)
    assert renew(toys.database, [mine], now=toys.clock(), lease_seconds=LEASE) == []
    toys.clock.advance(LEASE - 1)
    assert toys.claim("two") == []
    toys.clock.advance(2)
    (theirs,) = toys.claim("two")
    assert theirs.lease == mine.lease + 1
    assert renew(toys.database, [mine], now=toys.clock(), lease_seconds=LEASE) == [mine]


def test_the_fence_turns_the_old_holder_away(toys: Toys) -> None:
    toys.kind("toy")
    toys.enqueue("toy")
    (mine,) = toys.claim("one")
    toys.clock.advance(LEASE + 1)
    toys.claim("two")
    for write in (
        lambda session: hold(session, mine, now=toys.clock(), lease_seconds=LEASE),
        lambda session: let_go(session, mine, not_before=toys.clock()),
    ):
        with pytest.raises(Fenced), toys.database.unit() as session:
            write(session)


def test_a_worker_never_takes_again_what_it_has_in_hand(toys: Toys) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    toys.claim("one")
    toys.clock.advance(LEASE + 1)
    now = toys.clock()
    assert not due(toys.database, now=now, exclude=[id_])
    assert claim(toys.database, "one", 5, now=now, lease_seconds=LEASE, exclude=[id_]) == []


def test_what_a_dead_worker_left_comes_before_fresh_work(toys: Toys) -> None:
    toys.kind("toy")
    toys.enqueue("toy")
    toys.clock.advance(1)
    left = toys.enqueue("toy")
    with toys.database.unit() as session:
        session.get_one(Operation, left).lease_until = toys.clock()
    toys.clock.advance(1)
    (first,) = toys.claim(limit=1)
    assert first.operation_id == left


def test_nothing_is_due_before_its_time(toys: Toys) -> None:
    toys.kind("toy")
    toys.enqueue("toy", delay=60.0)
    assert not due(toys.database, now=toys.clock())
    assert toys.run() == 0
    toys.clock.advance(60)
    assert due(toys.database, now=toys.clock())
    assert toys.run() == 1


def test_many_claimants_share_the_queue_without_overlap(toys: Toys) -> None:
    toys.kind("toy")
    wanted = {toys.enqueue("toy") for _ in range(60)}
    start = Barrier(8)

    def grab(number: int) -> list[str]:
        start.wait()
        mine: list[str] = []
        while True:
            claims = toys.claim(f"worker-{number}", limit=3)
            if not claims and not due(toys.database, now=toys.clock()):
                return mine
            mine += [held.operation_id for held in claims]

    with ThreadPoolExecutor(8) as pool:
        taken = [id_ for mine in pool.map(grab, range(8)) for id_ in mine]
    assert sorted(taken) == sorted(wanted)


def test_two_workers_never_run_one_operation_twice_at_once(toys: Toys) -> None:
    """Sixteen threads of two workers; each step notes who is inside of it."""
    inside: Counter[str] = Counter()
    most: list[int] = []
    lock = Lock()
    kind = toys.kind("toy")

    def watched(run: Run) -> dict[str, object]:
        with lock:
            inside[run.operation_id] += 1
            most.append(inside[run.operation_id])
        with toys.database.read() as session:  # long enough for another to come in
            session.connection().exec_driver_sql("SELECT 1")
        with lock:
            inside[run.operation_id] -= 1
        return {}

    for step in kind.steps:
        object.__setattr__(step, "effect", watched)
    for _ in range(40):
        toys.enqueue("toy")
    workers = [Worker(toys.runner, threads=8, poll_seconds=0.02) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        assert until(lambda: not toys.open(), seconds=60)
    finally:
        for worker in workers:
            worker.stop()
    assert len(most) == 80
    assert set(most) == {1}
