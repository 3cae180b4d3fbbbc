"""The one writer of states: compare and set, or nothing; and the event is part of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.store.database import Database
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Event, Network

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def network(database: Database) -> Network:
    """A row with a short life: active, deleting, deleted."""
    row = Network(
        id=new_id(), name="n", mode="nat", cidr="10.0.0.0/24", gateway="10.0.0.1", created_at=NOW, updated_at=NOW
    )
    with database.unit() as session:
        session.add(row)
    return row


def _stored(database: Database, network: Network) -> Network:
    with database.read() as session:
        return session.get_one(Network, network.id)


def _events(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.read() as session:
        return [(event.type, event.data) for event in session.query(Event).order_by(Event.id)]


def test_a_transition_writes_state_changes_generation_and_event(database: Database, network: Network) -> None:
    with database.unit() as session:
        transition(session, network, "delete", now=NOW, operation_id="op", name="old")
        assert (network.state, network.generation) == ("deleting", 2)
    stored = _stored(database, network)
    assert (stored.state, stored.generation, stored.name) == ("deleting", 2, "old")
    assert _events(database) == [("network.delete", {"from": "active", "to": "deleting"})]


def test_an_impossible_event_changes_nothing(database: Database, network: Network) -> None:
    with pytest.raises(Conflict) as refusal, database.unit() as session:
        transition(session, network, "deleted", now=NOW)
    assert refusal.value.code == "state.refused"
    assert _stored(database, network).generation == 1
    assert _events(database) == []


@pytest.mark.parametrize("rival", ["state", "touch"])
def test_what_was_read_before_somebody_else_wrote_is_refused(database: Database, network: Network, rival: str) -> None:
    stale = _stored(database, network)
    with database.unit() as session:
        if rival == "state":
            transition(session, network, "delete", now=NOW)
        else:
            touch(session, network, now=NOW, name="renamed")
    with pytest.raises(Conflict) as refusal, database.unit() as session:
        transition(session, stale, "delete", now=NOW)
    assert refusal.value.code == "state.changed"
    with pytest.raises(Conflict) as refusal, database.unit() as session:
        touch(session, stale, now=NOW, name="mine")
    assert refusal.value.code == "row.changed"


def test_what_is_rolled_back_leaves_no_event(database: Database, network: Network) -> None:
    def give_up() -> None:
        with database.unit() as session:
            transition(session, network, "delete", now=NOW)
            raise RuntimeError("the caller changed its mind")

    with pytest.raises(RuntimeError):
        give_up()
    assert _stored(database, network).state == "active"
    assert _events(database) == []


def test_of_many_at_once_one_moves_it(database: Database, network: Network) -> None:
    start = Barrier(8)

    def move(_: int) -> bool:
        mine = _stored(database, network)
        start.wait()
        try:
            with database.unit() as session:
                transition(session, mine, "delete", now=NOW)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(move, range(8))) == 1
    assert [type_ for type_, _ in _events(database)] == ["network.delete"]
    assert _stored(database, network).generation == 2
