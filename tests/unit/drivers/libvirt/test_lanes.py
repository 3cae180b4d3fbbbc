"""A call that gets stuck holds up itself: not its caller, not the next call, not another host."""

from __future__ import annotations

import threading
import time

import pytest

from egovcloud.drivers.libvirt.lanes import Deadline, Late, NarrowLane, Turns, WideLane


@pytest.fixture
def gate() -> threading.Event:
    """What a stuck call waits for; opened at the end so that no thread outlives its test for long."""
    return threading.Event()


def test_value_and_exception_come_back() -> None:
    lane = NarrowLane("test")
    assert lane.submit(lambda _: 7, Deadline(5)).result() == 7

    def fail(_: Deadline) -> int:
        raise LookupError("as thrown")

    with pytest.raises(LookupError, match="as thrown"):
        lane.submit(fail, Deadline(5)).result()


def test_narrow_lane_keeps_the_order() -> None:
    lane, seen = NarrowLane("test"), []
    jobs = [lane.submit(lambda _, number=number: seen.append(number), Deadline(5)) for number in range(20)]
    for job in jobs:
        job.result()
    assert seen == list(range(20))


@pytest.mark.parametrize("lane", [NarrowLane("test"), WideLane("test")], ids=["narrow", "wide"])
def test_late_caller_goes_on_and_the_work_learns_of_it(lane: NarrowLane | WideLane, gate: threading.Event) -> None:
    seen = []

    def stuck(deadline: Deadline) -> None:
        gate.wait(10)
        seen.append(deadline.passed())

    job = lane.submit(stuck, Deadline(0.05))
    begun = time.monotonic()
    with pytest.raises(Late) as caught:
        job.result()
    assert time.monotonic() - begun < 1
    assert caught.value.started
    gate.set()
    assert job.wait(5)
    assert seen == [True]


def test_call_that_only_waited_its_turn_never_runs(gate: threading.Event) -> None:
    lane, ran = NarrowLane("test"), []
    first = lane.submit(lambda _: gate.wait(10), Deadline(10))
    second = lane.submit(lambda _: ran.append(1), Deadline(0.05))
    with pytest.raises(Late) as caught:
        second.result()
    assert not caught.value.started
    gate.set()
    first.result()
    lane.submit(lambda _: None, Deadline(5)).result()
    assert ran == []


def test_abandoned_lane_serves_the_next_call_at_once(gate: threading.Event) -> None:
    lane = NarrowLane("test")
    lane.submit(lambda _: gate.wait(10), Deadline(10))
    lane.abandon()
    assert lane.submit(lambda _: "served", Deadline(2)).result() == "served"
    gate.set()


def test_wide_lane_runs_calls_side_by_side() -> None:
    lane, meeting = WideLane("test"), threading.Barrier(3)
    jobs = [lane.submit(lambda _: meeting.wait(5), Deadline(5)) for _ in range(3)]
    assert sorted(job.result() for job in jobs) == [0, 1, 2]


def test_deadline_passes_and_is_never_negative() -> None:
    deadline = Deadline(100)
    assert 99 < deadline.left() <= 100
    assert not deadline.passed()
    assert Deadline(0).passed()
    assert Deadline(-1).left() == 0


def test_turns_are_taken_one_at_a_time_and_by_name() -> None:
    turns = Turns()
    assert turns.take("a", 1)
    assert turns.take("b", 1)
    assert not turns.take("a", 0.05)
    threading.Timer(0.05, turns.give, ["a"]).start()
    assert turns.take("a", 5)
