"""When something that grows will be full."""

from __future__ import annotations

from collections.abc import Sequence

MIN_SAMPLES = 7
HORIZON_DAYS = 3650  # beyond ten years a straight line says nothing


def days_to_full(samples: Sequence[tuple[int, float]], capacity: float) -> int | None:
    """Whole days from the last sample until ``capacity`` is reached, or ``None`` when that cannot be known.

    ``samples`` are (day number, use), oldest first, in the unit of ``capacity``; the slope is that of the ordinary
    least-squares line through them. Fewer than seven samples, no growth, or more than ten years are not known.
    """
    if capacity <= 0 or not samples:
        return None
    left = capacity - samples[-1][1]
    if left <= 0:
        return 0
    if len(samples) < MIN_SAMPLES:
        return None
    growth = slope(samples)
    if growth <= 0 or left > growth * HORIZON_DAYS:
        return None
    return int(left / growth)


def slope(samples: Sequence[tuple[int, float]]) -> float:
    """Use a day along the least-squares line; 0 when all samples are of one day."""
    count = len(samples)
    middle_x = sum(x for x, _ in samples) / count
    middle_y = sum(y for _, y in samples) / count
    spread = sum((x - middle_x) ** 2 for x, _ in samples)
    if spread == 0:
        return 0.0
    return sum((x - middle_x) * (y - middle_y) for x, y in samples) / spread
