"""The stream under many writers, some of them slow to commit: each event once, in an order that never goes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random
from threading import Event as Flag

import pytest

from egovcloud.services import event_feed
from egovcloud.services.house import House
from egovcloud.store.database import Database
from egovcloud.store.journal import emit
from egovcloud.store.secrets import Cipher
from tests.world import until

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WRITERS, UNITS = 6, 15


@pytest.fixture
def house(database: Database) -> House:
    return House(database, Cipher(b"0123456789abcdef0123456789abcdef"), "test")


def _write(house: House, writer: int) -> list[str]:
    """Units of one to three events; between an event and the commit somebody else may come first."""
    dice, written, pause = Random(writer), [], Flag()
    for unit in range(UNITS):
        with house.database.unit() as session:
            for number in range(dice.randint(1, 3)):
                name = f"{writer}.{unit}.{number}"
                emit(session, NOW, "test.tell", "test", name, department_id=None)
                session.flush()
                written.append(name)
                pause.wait(dice.uniform(0, 0.004))
    return written


def _read_all(house: House, done: Flag) -> Iterator[event_feed.Told]:
    position = event_feed.START
    while True:
        last = done.is_set()
        found = event_feed.after(house, position, limit=7)
        yield from found
        if found:
            position = found[-1].position
        elif last:
            return


def test_no_event_is_missed_and_none_comes_twice(house: House) -> None:
    done = Flag()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reader = pool.submit(lambda: list(_read_all(house, done)))
        written = [name for names in pool.map(lambda n: _write(house, n), range(WRITERS)) for name in names]
        # What was committed last is settled once no older transaction is running any more.
        assert until(lambda: len(_names(event_feed.after(house, event_feed.START))) == len(written))
        done.set()
        told = reader.result()
    assert sorted(_names(told)) == sorted(written)
    positions = [one.position for one in told]
    assert positions == sorted(set(positions))
    for writer in range(WRITERS):  # what one writer did is told in the order in which it was done
        mine = [name for name in _names(told) if name.startswith(f"{writer}.")]
        assert mine == [name for name in written if name.startswith(f"{writer}.")]


def _names(told: object) -> list[str]:
    return [one.view["subject_id"] for one in told]  # type: ignore[attr-defined]
