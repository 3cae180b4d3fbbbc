"""Many who ask at once share an answer that is older than none of their questions."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from egovcloud.drivers.openstack.together import Together

ASKING = 16


def test_those_who_ask_while_a_question_is_under_way_share_the_next() -> None:
    together: Together[int] = Together()
    put: list[float] = []
    lock, begun, go = threading.Lock(), threading.Event(), threading.Event()

    def question() -> int:
        with lock:
            put.append(time.monotonic())
            number = len(put)
        begun.set()
        go.wait(5.0)
        return number

    def ask() -> tuple[float, int | None]:
        at = time.monotonic()
        return at, together.ask(question, 5.0)

    with ThreadPoolExecutor(ASKING + 1) as pool:
        first = pool.submit(ask)
        begun.wait(5.0)
        others = [pool.submit(ask) for _ in range(ASKING)]
        while together._waiting < ASKING:
            time.sleep(0.001)
        go.set()
        answers = [one.result() for one in others]
    assert first.result()[1] == 1
    assert {number for _, number in answers} == {2}
    assert all(put[1] >= at for at, _ in answers)
    assert together._answer is None, "nobody waits, and it is kept"


def test_answers_are_never_older_than_the_question() -> None:
    together: Together[float] = Together()

    def ask(_: int) -> bool:
        at = time.monotonic()
        answer = together.ask(time.monotonic, 5.0)
        return answer is not None and answer >= at

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(400)))


def test_failure_is_the_askers_own() -> None:
    together: Together[str] = Together()
    begun, go = threading.Event(), threading.Event()

    def fail() -> str:
        begun.set()
        go.wait(5.0)
        raise ValueError("mine")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(together.ask, fail, 5.0)
        begun.wait(5.0)
        second = pool.submit(together.ask, lambda: "answer", 5.0)
        go.set()
        with pytest.raises(ValueError, match="mine"):
            first.result()
        assert second.result() == "answer"


def test_who_waits_too_long_gets_nothing() -> None:
    together: Together[str] = Together()
    begun, go = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go.wait(5.0)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(together.ask, slow, 5.0)
        begun.wait(5.0)
        assert together.ask(lambda: "never", 0.05) is None
        go.set()
        assert first.result() == "slow"
    assert together.ask(lambda: "next", 1.0) == "next"
