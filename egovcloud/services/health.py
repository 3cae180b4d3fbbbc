"""Whether the database answers."""

from __future__ import annotations

from sqlalchemy import text

from egovcloud.services.house import House


def check(house: House) -> None:
    """``Transient`` when it does not."""
    with house.read() as session:
        session.execute(text("SELECT 1"))
