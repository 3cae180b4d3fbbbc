"""What the clock forgets, and what it keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from egovcloud.engine import ticks
from egovcloud.engine.ticks import Ticks
from egovcloud.store.journal import emit_all
from egovcloud.store.models import Event
from tests.unit.engine.toys import Toys

KEPT = timedelta(days=100)


def test_events_are_forgotten_when_nobody_asks_for_them_any_more(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "PURGE_EVENTS", 7)
    now = toys.clock()
    with toys.database.unit() as session:
        for days in (300, 101, 99, 0):
            told = [{"subject_type": "x", "subject_id": str(n), "department_id": None, "data": {}} for n in range(10)]
            emit_all(session, now - timedelta(days=days), f"d{days}", told)
    Ticks(toys.database, toys.clock, reconcile_seconds=30, events_kept=KEPT).purge()
    with toys.database.read() as session:
        assert list(session.scalars(select(Event.type).order_by(Event.id))) == ["d99"] * 10 + ["d0"] * 10


def test_sqlite_knows_how_its_tables_have_grown(toys: Toys) -> None:
    with toys.database.unit() as session:
        told = [{"subject_type": "x", "subject_id": str(n), "department_id": None, "data": {}} for n in range(50)]
        emit_all(session, toys.clock(), "t", told)
    Ticks(toys.database, toys.clock, reconcile_seconds=30, events_kept=KEPT).purge()
    if toys.database.sqlite:
        with toys.database.read() as session:
            assert session.scalar(text("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'events'"))
