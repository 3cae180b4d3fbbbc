"""What was brought to a host a moment ago is not brought again, until it is another thing, or gone, or long ago."""

from __future__ import annotations

from egovcloud.engine.prepared import KEPT, Prepared


def test_the_same_thing_is_brought_once() -> None:
    prepared, brought = Prepared(), list[str]()
    for spec in ("one", "one", "other", "other", "one"):
        prepared.once(("host", "network"), spec, lambda spec=spec: brought.append(spec))
    prepared.once(("elsewhere", "network"), "one", lambda: brought.append("elsewhere"))
    assert brought == ["one", "other", "one", "elsewhere"]


def test_what_failed_is_brought_again() -> None:
    prepared, brought = Prepared(), list[str]()

    def fail() -> None:
        raise ValueError

    for bring in (fail, lambda: brought.append("done")):
        try:
            prepared.once("key", "spec", bring)
        except ValueError:
            brought.append("failed")
    assert brought == ["failed", "done"]


def test_it_is_forgotten_when_asked_and_after_a_while() -> None:
    clock = [100.0]
    prepared, brought = Prepared(lambda: clock[0]), list[int]()
    prepared.once("key", "spec", lambda: brought.append(1))
    prepared.forget()
    prepared.once("key", "spec", lambda: brought.append(2))
    clock[0] += KEPT - 1
    prepared.once("key", "spec", lambda: brought.append(3))
    clock[0] += 2
    prepared.once("key", "spec", lambda: brought.append(4))
    assert brought == [1, 2, 4]
