"""Movements of quota, written as the product's ledger writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from egovcloud.cli.local.demo.city import City, Row
from egovcloud.domain.quota import Amount

# What a movement does to (reserved, committed).
_SIGNS: dict[str, Callable[[int], tuple[int, int]]] = {
    "reserve": lambda count: (count, 0),
    "commit": lambda count: (-count, count),
    "cancel": lambda count: (-count, 0),
    "release": lambda count: (0, -count),
    "abandon": lambda count: (-count, 0),  # a reservation that is settled when its thing was not made
}


def move(city: City, at: datetime, movement: str, amount: Amount, subject_type: str, row: Row, key: str) -> None:
    """One entry for each resource of ``amount``."""
    for resource, count in amount.items():
        reserved, committed = _SIGNS[movement](count)
        kind = "release" if movement == "abandon" else movement
        city.add(
            "quota_ledger",
            {
                "id": city.draw.id(at),
                "at": at,
                "key": f"{kind}:{key}",
                "movement": kind,
                "department_id": row["department_id"],
                "resource": resource,
                "reserved": reserved,
                "committed": committed,
                "subject_type": subject_type,
                "subject_id": row["id"],
            },
        )
