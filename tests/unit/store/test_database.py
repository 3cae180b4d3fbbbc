"""Units of work: whole or not at all, and one writer does not wait in vain for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from egovcloud.store.database import Database
from egovcloud.store.models import Site

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _site(name: str) -> Site:
    return Site(name=name, created_at=NOW, updated_at=NOW)


def _names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Site.name).order_by(Site.name)))


def test_a_unit_that_raises_leaves_nothing(database: Database) -> None:
    with database.unit() as session:
        session.add(_site("kept"))

    def give_up() -> None:
        with database.unit() as session:
            session.add(_site("dropped"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        give_up()
    assert _names(database) == ["kept"]


def test_what_a_reader_changes_is_thrown_away(database: Database) -> None:
    with database.unit() as session:
        session.add(_site("a"))
    with database.read() as session:
        session.scalars(select(Site)).one().name = "b"
    assert _names(database) == ["a"]


def test_times_come_back_in_utc(database: Database) -> None:
    with database.unit() as session:
        session.add(_site("a"))
    with database.read() as session:
        assert session.scalars(select(Site.created_at)).one() == NOW


def test_many_writers_who_read_first_all_come_through(database: Database) -> None:
    """A reader that turns writer half-way would fail with "database is locked" on SQLite."""
    with database.unit() as session:
        session.add(_site("0"))

    def count_up(_: int) -> None:
        with database.unit() as session:
            row = session.scalars(select(Site).with_for_update()).one()
            row.description = str(int(row.description or 0) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(64)))
    with database.read() as session:
        assert session.scalars(select(Site.description)).one() == "64"


def test_the_database_itself_refuses_a_state_that_is_in_no_table(database: Database) -> None:
    with pytest.raises(IntegrityError), database.unit() as session:
        session.execute(
            text(
                "INSERT INTO networks (id, generation, created_at, updated_at, name, mode, cidr, gateway, state)"
                " VALUES ('i', 1, :now, :now, 'n', 'nat', '10.0.0.0/24', '10.0.0.1', 'asleep')"
            ),
            {"now": "2026-11-23 00:00:00+00:00"},
        )
