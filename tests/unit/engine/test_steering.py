"""What people may do to an operation, and what becomes of those that wait for it."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, Permanent, Transient
from egovcloud.domain.ids import new_id
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.kinds import Result, Run, StepKind, Wait
from egovcloud.engine.operations.children import await_children
from egovcloud.store.models import Operation
from tests.unit.engine.toys import Toys

BAD = Permanent("image.checksum", name="i", actual="a", expected="b")


def test_what_is_cancelled_before_it_began_does_nothing(toys: Toys) -> None:
    toys.kind("toy")
    id_ = toys.enqueue("toy")
    toys.cancel(id_, by="王芳")
    toys.run()
    operation = toys.operation(id_)
    assert operation.state == "cancelled"
    assert operation.error is not None
    assert operation.error["params"] == {"actor": "王芳"}
    assert toys.log == ["failure toy"]


def test_what_is_cancelled_while_it_waits_is_taken_back_at_once(toys: Toys) -> None:
    toys.kind("toy", steps=("one", "two", "three"))
    toys.say("wait toy.two", Wait(600.0))
    id_ = toys.enqueue("toy")
    toys.run()
    toys.cancel(id_)
    toys.run()
    assert toys.operation(id_).state == "cancelled"
    assert toys.log == ["toy.one", "undo toy.two", "undo toy.one", "failure toy"]


def test_what_is_cancelled_while_a_step_runs_is_taken_back_after_it(toys: Toys) -> None:
    kind = toys.kind("toy")
    id_ = toys.enqueue("toy")
    first = kind.steps[0].effect
    assert first is not None

    def interrupted(run: Run) -> Result | Wait | None:
        toys.cancel(run.operation_id)
        return first(run)

    object.__setattr__(kind.steps[0], "effect", interrupted)
    toys.run()
    assert toys.operation(id_).state == "cancelled"
    assert toys.log == ["toy.one", "undo toy.two", "undo toy.one", "failure toy"]


def test_what_cannot_be_cancelled_says_so(toys: Toys) -> None:
    toys.kind("toy", cancellable=False)
    toys.kind("other")
    id_, done = toys.enqueue("toy"), toys.enqueue("other")
    with pytest.raises(Conflict) as refusal:
        toys.cancel(id_)
    assert refusal.value.code == "operation.not_cancellable"
    toys.run_on()
    with pytest.raises(Conflict) as refusal:
        toys.cancel(done)
    assert refusal.value.code == "state.refused"
    assert toys.operation(id_).state == "succeeded"


def test_a_failed_operation_begins_anew(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("toy.two", BAD)
    id_ = toys.enqueue("toy")
    toys.run()
    before = toys.operation(id_)
    toys.clock.advance(3600)
    toys.retry(id_)
    toys.run()
    operation = toys.operation(id_)
    assert (operation.state, operation.attempts, operation.error) == ("succeeded", 1, None)
    assert operation.deadline_at > before.deadline_at
    again = ["toy.one", "toy.two", "success toy"]
    assert toys.log == ["toy.one", "undo toy.two", "undo toy.one", "failure toy", "retry toy", *again]


def test_only_what_failed_and_has_a_way_back_can_be_retried(toys: Toys) -> None:
    toys.kind("toy", on_retry=None)
    toys.kind("fine")
    toys.say("toy.one", BAD)
    failed, done = toys.enqueue("toy"), toys.enqueue("fine")
    toys.run_on()
    for id_, code in ((failed, "operation.not_retryable"), (done, "state.refused")):
        with pytest.raises(Conflict) as refusal:
            toys.retry(id_)
        assert refusal.value.code == code


def test_a_refused_retry_changes_nothing(toys: Toys) -> None:
    def no_room(*_: object) -> None:
        raise Conflict("quota.full")

    toys.kind("toy", on_retry=no_room)
    toys.say("toy.one", BAD)
    id_ = toys.enqueue("toy")
    toys.run()
    with pytest.raises(Conflict):
        toys.retry(id_)
    assert toys.operation(id_).state == "failed"
    assert toys.steps(id_) == [("one", "undone"), ("two", "pending")]


def test_what_needs_another_waits_for_it(toys: Toys) -> None:
    toys.kind("first", steps=("make",))
    toys.kind("then", steps=("use",))
    first = toys.enqueue("first")
    then = toys.enqueue("then", needs=[first])
    assert toys.operation(then).deadline_at > toys.operation(first).deadline_at
    toys.say("wait first.make", Wait(5.0))
    toys.run_on(seconds=5.0)
    assert toys.log == ["first.make", "success first", "then.use", "success then"]


def test_what_needs_a_failed_one_fails_with_it_and_so_on(toys: Toys) -> None:
    for name in ("a", "b", "c"):
        toys.kind(name, steps=("go",))
    a = toys.enqueue("a")
    b = toys.enqueue("b", needs=[a])
    c = toys.enqueue("c", needs=[b])
    toys.say("a.go", BAD)
    toys.run_on()
    errors = [toys.operation(id_).error for id_ in (a, b, c)]
    assert [error["code"] for error in errors if error] == ["image.checksum", *["operation.dependency"] * 2]
    assert toys.log == ["undo a.go", "failure a", "failure b", "failure c"]
    with pytest.raises(Conflict) as refusal:
        toys.retry(c)
    assert refusal.value.code == "operation.dependency"
    for id_ in (a, b, c):
        toys.retry(id_)
    toys.run_on()
    assert [toys.operation(id_).state for id_ in (a, b, c)] == ["succeeded"] * 3


def test_what_waits_for_something_that_never_comes_is_given_up_at_its_deadline(toys: Toys) -> None:
    toys.kind("first", steps=("make",), seconds=100)
    toys.kind("then", steps=("use",), seconds=50)
    first = toys.enqueue("first")
    then = toys.enqueue("then", needs=[first])
    with toys.database.unit() as session:  # as if by a version that did not tell those who wait
        session.get_one(Operation, first).not_before = toys.operation(first).deadline_at.replace(year=2099)
    toys.clock.advance(151)
    toys.run_on()
    operation = toys.operation(then)
    assert operation.state == "failed"
    assert operation.error is not None
    assert operation.error["code"] == "operation.deadline"
    assert toys.calls["then.use"] == 0


def _family(toys: Toys) -> tuple[str, list[str]]:
    toys.kind("part", steps=("go",))
    whole = toys.kind("whole", steps=("wait",))
    object.__setattr__(whole, "steps", (StepKind("wait", effect=await_children),))
    with toys.database.unit() as session:
        now = toys.clock()
        parent = enqueue(session, "whole", new_id(), now=now, department_id=None)
        parts = [
            enqueue(session, "part", new_id(), now=now, department_id=None, parent_id=parent.id).id for _ in range(3)
        ]
        return parent.id, parts


def test_a_whole_ends_when_its_parts_have(toys: Toys) -> None:
    parent, parts = _family(toys)
    toys.say("wait part.go", Wait(30.0))
    toys.run_on(seconds=1.0)
    assert toys.operation(parent).state == "succeeded"
    assert toys.operation(parent).finished_at >= max(toys.operation(id_).finished_at for id_ in parts)


def test_the_last_part_wakes_the_whole(toys: Toys) -> None:
    parent, _ = _family(toys)
    toys.run_on()  # no time passes, so that nobody could have waited for it
    assert toys.operation(parent).state == "succeeded"


def test_a_whole_fails_with_its_first_reason_and_is_retried_with_the_parts_that_failed(toys: Toys) -> None:
    parent, parts = _family(toys)
    toys.say("part.go", BAD)
    toys.run_on(seconds=1.0)
    operation = toys.operation(parent)
    assert operation.state == "failed"
    assert operation.error is not None
    assert (operation.error["params"]["failed"], operation.error["params"]["total"]) == (1, 3)
    toys.retry(parent)
    toys.run_on(seconds=1.0)
    assert toys.operation(parent).state == "succeeded"
    assert sorted(toys.operation(id_).attempts for id_ in parts) == [0, 0, 1]


def test_an_undo_is_not_cancelled_again(toys: Toys) -> None:
    toys.kind("toy")
    toys.say("toy.two", BAD)
    toys.say("undo toy.two", Transient("driver.unreachable", host="h", detail="-"))
    id_ = toys.enqueue("toy")
    toys.run()
    assert toys.operation(id_).state == "undoing"
    with pytest.raises(Conflict):
        toys.cancel(id_)
    toys.run_on(seconds=2.0)
    assert toys.operation(id_).state == "failed"
