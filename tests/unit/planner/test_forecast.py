"""The straight line through what was used, and when it is silent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from egovcloud.planner.forecast import HORIZON_DAYS, days_to_full, slope


def line(days: int, growth: float, start: float = 0.0) -> list[tuple[int, float]]:
    return [(day, start + growth * day) for day in range(days)]


def test_a_steady_growth_is_continued() -> None:
    assert days_to_full(line(10, 10.0), 1000.0) == 91
    assert days_to_full(line(90, 1.5, 100.0), 400.0) == 111


def test_noise_does_not_matter_much() -> None:
    noisy = [(day, 10.0 * day + (5 if day % 2 else -5)) for day in range(60)]
    assert abs((days_to_full(noisy, 2000.0) or 0) - 141) <= 2


def test_what_cannot_be_known_is_not_told() -> None:
    assert days_to_full([], 100.0) is None
    assert days_to_full(line(6, 10.0), 1000.0) is None
    assert days_to_full(line(30, 0.0, 50.0), 100.0) is None
    assert days_to_full(line(30, -1.0, 50.0), 100.0) is None
    assert days_to_full(line(30, 0.001), 1000.0) is None
    assert days_to_full([(5, 1.0)] * 8, 1000.0) is None
    assert days_to_full(line(30, 1.0), 0.0) is None


def test_full_is_full_at_once() -> None:
    assert days_to_full([(1, 100.0)], 100.0) == 0


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1e6)), min_size=1, max_size=40),
    st.floats(0.1, 1e7),
)
def test_an_answer_is_never_negative_nor_beyond_the_horizon(samples: list[tuple[int, float]], capacity: float) -> None:
    samples.sort()
    days = days_to_full(samples, capacity)
    assert days is None or 0 <= days <= HORIZON_DAYS
    if days and len(samples) > 6:
        assert slope(samples) > 0
