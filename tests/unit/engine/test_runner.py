"""What the runner does with each answer that the world can give."""

from __future__ import annotations

from datetime import timedelta

import pytest

from egovcloud.domain.errors import Conflict, Permanent, Transient
from egovcloud.domain.messages import render
from egovcloud.engine.kinds import LONG, SECONDS_PER_GIB, Wait
from egovcloud.engine.leash import Leash, seconds
from egovcloud.engine.runner import MAX_BACKOFF, MAX_CONFLICTS, MAX_SURPRISES
from egovcloud.store.models import Event, Step
from tests.unit.engine.toys import LEASE, Toys


def test_steps_run_in_order_and_their_results_are_kept(toys: Toys) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    assert toys.run() == 1
    assert toys.log == ["toy.one", "toy.two", "success toy"]
    operation = toys.operation(id_)
    assert (operation.state, operation.worker, operation.lease_until, operation.error) == (
        "succeeded",
        None,
        None,
        None,
    )
    assert toys.steps(id_) == [("one", "done"), ("two", "done")]
    assert toys.run() == 0


def test_a_kind_without_steps_ends_at_once(toys: Toys) -> None:
    toys.kind("toy", steps=())
    id_ = toys.enqueue("toy")
    toys.run()
    assert toys.operation(id_).state == "succeeded"


def test_waiting_holds_no_lease_and_comes_back_later(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("wait toy.one", Wait(5.0), Wait(5.0))
    id_ = toys.enqueue("toy")
    toys.run()
    assert toys.operation(id_).lease_until is None
    assert toys.run() == 0
    toys.clock.advance(5.0)
    toys.run()
    toys.clock.advance(5.0)
    toys.run()
    assert toys.calls == {"toy.one": 3, "toy.two": 1}
    assert toys.operation(id_).state == "succeeded"


def test_transient_failures_are_tried_again_later_and_later_up_to_a_limit(toys: Toys) -> None:
    toys.kind("toy", seconds=10_000)
    toys.say("toy.one", *[Transient("driver.unreachable", retry_after=1.0, host="h", detail="-")] * 9)
    id_ = toys.enqueue("toy")
    delays = []
    while toys.operation(id_).state != "succeeded":
        before = toys.clock()
        toys.run()
        if toys.operation(id_).state == "running":
            delays.append((toys.operation(id_).not_before - before).total_seconds())
            toys.clock.advance(delays[-1])
    assert delays == [min(2.0**tried, MAX_BACKOFF) for tried in range(9)]
    assert toys.calls["toy.one"] == 10


def test_a_permanent_failure_undoes_what_was_done_last_first(toys: Toys) -> None:
    toys.kind("toy", steps=("one", "two", "three", "four"))
    toys.say("toy.three", Permanent("image.checksum", name="i", actual="a", expected="b"))
    id_ = toys.enqueue("toy")
    toys.run()
    assert toys.log == ["toy.one", "toy.two", "undo toy.three", "undo toy.two", "undo toy.one", "failure toy"]
    operation = toys.operation(id_)
    assert operation.state == "failed"
    assert operation.error is not None
    assert operation.error["code"] == "image.checksum"
    assert toys.steps(id_) == [("one", "undone"), ("two", "undone"), ("three", "undone"), ("four", "pending")]


def test_an_undo_that_fails_is_tried_until_it_succeeds(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("toy.two", Permanent("internal.error"))
    toys.say("undo toy.one", Transient("driver.unreachable", host="h", detail="-"), RuntimeError("what?"))
    id_ = toys.enqueue("toy")
    toys.run_on(seconds=5.0)
    assert toys.log == ["toy.one", "undo toy.two", "undo toy.one", "failure toy"]
    assert toys.operation(id_).state == "failed"


def test_a_race_is_run_again_until_it_is_won(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("record toy.one", *[Conflict("placement.conflict", host="h")] * (MAX_CONFLICTS + 4))
    id_ = toys.enqueue("toy")
    toys.run_on(seconds=5.0)
    assert toys.operation(id_).state == "succeeded"


def test_a_cloud_that_keeps_refusing_is_believed(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("toy.one", *[Conflict("volume.in_use", id="v", instance="i")] * (MAX_CONFLICTS + 4))
    id_ = toys.enqueue("toy")
    toys.run_on(seconds=5.0)
    assert toys.operation(id_).state == "failed"
    assert toys.calls["toy.one"] == MAX_CONFLICTS + 1


def test_surprises_are_given_up_after_a_few(toys: Toys) -> None:
    toys.kind("toy", seconds=10_000)
    toys.say("toy.one", *[ZeroDivisionError("what?")] * 20)
    id_ = toys.enqueue("toy")
    toys.run_on(seconds=30.0)
    operation = toys.operation(id_)
    assert operation.state == "failed"
    assert operation.error is not None
    assert operation.error["code"] == "internal.error"
    assert toys.calls["toy.one"] == MAX_SURPRISES + 1
    assert toys.log == ["undo toy.one", "failure toy"]


def test_one_surprise_is_survived(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("record toy.one", RuntimeError("the database went away"))
    id_ = toys.enqueue("toy")
    toys.run_on(seconds=1.0)
    assert toys.operation(id_).state == "succeeded"
    assert toys.calls["toy.one"] == 2  # the effect was repeated, since nothing of it had been written


def test_after_the_deadline_it_is_undone_with_the_last_reason(toys: Toys) -> None:
    toys.kind("toy", seconds=60)
    toys.say("toy.two", *[Transient("driver.unreachable", host="h9", detail="refused")] * 50)
    id_ = toys.enqueue("toy")
    toys.run_on(seconds=10.0)
    operation = toys.operation(id_)
    assert operation.state == "failed"
    assert operation.error is not None
    assert operation.error["code"] == "operation.deadline"
    assert operation.error["params"]["last"] == {
        "code": "driver.unreachable",
        "params": {"host": "h9", "detail": "refused"},
    }
    assert "h9" in operation.error["detail"]
    told = render("operation.deadline", operation.error["params"], "zh")
    assert told.endswith(render("driver.unreachable", {"host": "h9", "detail": "refused"}, "zh"))
    assert toys.log == ["toy.one", "undo toy.two", "undo toy.one", "failure toy"]


def test_a_kind_that_this_version_does_not_know_fails_by_itself(toys: Toys) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    del toys.registry.kinds["toy"]
    toys.run()
    operation = toys.operation(id_)
    assert operation.state == "failed"
    assert operation.error is not None
    assert operation.error["code"] == "operation.unknown_kind"


@pytest.mark.parametrize("where", ["effect", "waiting"])
def test_who_lost_the_lease_writes_nothing_and_it_is_told(toys: Toys, where: str) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    (stale,) = toys.claim("slow")
    toys.clock.advance(LEASE + 1)
    (fresh,) = toys.claim("fast")
    assert fresh.lease == stale.lease + 1
    if where == "waiting":
        toys.runner.run(fresh)
    toys.runner.run(stale)
    expected = [] if where == "effect" else ["toy.one", "toy.two", "success toy"]
    assert toys.log == expected
    if where == "effect":
        toys.runner.run(fresh)
    assert toys.operation(id_).state == "succeeded"
    with toys.database.read() as session:
        told = session.query(Event).filter(Event.type == "operation.fenced").all()
        assert [event.data for event in told] == [{"worker": "slow", "lease": stale.lease}]


def test_the_lease_can_be_lost_between_effect_and_record(toys: Toys) -> None:
    """The effect happens twice, its record once: that is what "at least once" means."""
    toys.kind("toy", steps=("one",))
    id_ = toys.enqueue("toy")
    (slow,) = toys.claim("slow")
    answered = toys._answer

    def overtaken(name: str) -> None:
        toys._answer = answered  # type: ignore[method-assign]
        toys.clock.advance(LEASE + 1)
        assert toys.run("fast") == 1

    toys._answer = overtaken  # type: ignore[method-assign]
    toys.runner.run(slow)
    assert toys.calls["toy.one"] == 2
    assert toys.log == ["toy.one", "success toy", "toy.one"]
    assert toys.operation(id_).state == "succeeded"


def test_step_age_counts_from_the_step_s_own_start(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("wait toy.two", Wait(7.0))
    id_ = toys.enqueue("toy")
    toys.run()
    toys.clock.advance(7.0)
    with toys.database.read() as session:
        step = session.get_one(Step, (id_, 1))
        assert step.started_at is not None
        assert toys.clock() - step.started_at == timedelta(seconds=7)
    toys.run()
    assert toys.operation(id_).state == "succeeded"


def test_an_end_that_never_succeeds_is_not_tried_for_ever(toys: Toys) -> None:
    tried = []

    def never(*_: object) -> None:
        tried.append(toys.clock())
        raise Conflict("row.changed", noun="quota")

    toys.kind("toy", seconds=60, on_failure=never)
    toys.say("toy.one", Permanent("driver.failed", host="h", detail="-"))
    id_ = toys.enqueue("toy")
    while toys.operation(id_).state != "failed":
        for held in toys.claim():
            try:
                toys.runner.run(held)
            except Conflict:
                toys.clock.advance(600)  # the worker leaves it to its lease
        assert len(tried) < 20
    assert len(tried) > 3


def test_what_moves_much_data_has_the_time_for_it(toys: Toys) -> None:
    toys.kind("toy", seconds=600, gib=lambda _session, _id: 2000)
    toys.say("toy.one", Permanent("driver.failed", host="h", detail="-"))
    id_ = toys.enqueue("toy", params={"image_id": "i"})
    operation = toys.operation(id_)
    assert operation.params == {"image_id": "i", "gib": 2000}
    assert operation.deadline_at == toys.clock() + timedelta(seconds=600 + 2 * SECONDS_PER_GIB * 2000)
    toys.run()
    toys.clock.advance(10)
    toys.retry(id_)
    assert toys.operation(id_).deadline_at == operation.deadline_at + timedelta(seconds=10)
    (held,) = toys.claim()
    page = toys.runner._open(held, Leash(LEASE, seconds()))
    assert toys.runner._run(page, page.todo).patience == LONG + SECONDS_PER_GIB * 2000
