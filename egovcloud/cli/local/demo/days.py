"""When a Chinese city government works: its hours, weekends, holidays, and the rush before the year ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

from egovcloud.cli.local.demo.draw import Draw

HERE = timezone(timedelta(hours=8))
# First day of the lunar year; the eve and the six days after it are free too.
SPRING_FESTIVALS = frozenset(
    date.fromisoformat(day)
    for day in """
    2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23
    2032-02-11 2033-01-31 2034-02-19 2035-02-08
    """.split()
)
_FIXED = frozenset(
    {(1, 1), (4, 4), (4, 5), (5, 1), (5, 2), (5, 3), (5, 4), (5, 5)} | {(10, day) for day in range(1, 8)}
)
# How much is asked for in each month: budgets are spent before the year ends, and little happens in February.
_MONTHS = (0.55, 0.25, 1.7, 1.1, 0.6, 1.35, 0.5, 0.35, 1.4, 0.9, 2.0, 2.6)


def free(day: date) -> bool:
    """Whether offices are closed."""
    if day.weekday() >= 5 or (day.month, day.day) in _FIXED:
        return True
    return any(day - timedelta(days=after) in SPRING_FESTIVALS for after in range(-1, 7))


def rush(day: date) -> float:
    """How much is asked for on this day, against an ordinary working day; 0 when offices are closed."""
    if free(day):
        return 0.0
    if day.month == 12 and day.day > 20:
        return 0.6
    return _MONTHS[day.month - 1]


def midnight(now: datetime) -> datetime:
    """When the city's day of ``now`` began, in UTC."""
    return datetime.combine(now.astimezone(HERE).date(), time(), HERE).astimezone(UTC)


def moment(draw: Draw, day: date, first: float = 9.0, last: float = 17.4) -> datetime:
    """Some moment of the city's day, in UTC; hours are the city's."""
    return (datetime.combine(day, time(), HERE) + draw.span(first * 3600, last * 3600)).astimezone(UTC)


def later(draw: Draw, at: datetime, low: float, high: float) -> datetime:
    """``low`` to ``high`` hours after ``at``, or the next morning that offices are open."""
    found = at + draw.span(low * 3600, high * 3600)
    here = found.astimezone(HERE)
    if not free(here.date()) and 9 <= here.hour < 18:
        return found
    day = here.date() if here.hour < 9 else here.date() + timedelta(days=1)
    while free(day):
        day += timedelta(days=1)
    return moment(draw, day, 9.0, 11.5)
