"""The ledger against a model of it: whatever is asked in whatever order, no limit is passed and no unit is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from egovcloud.domain.errors import QuotaExceeded
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import Amount
from egovcloud.store import ledger
from egovcloud.store.database import Database
from egovcloud.store.models import Department, Quota

NOW = datetime(2026, 11, 23, tzinfo=UTC)
# A law of arithmetic: SQLite shows it as well as PostgreSQL, on which the races are run.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EACH = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Tree:
    """Departments by number, each but the first below an earlier one, and what the model says that they use."""

    ids: list[str]
    parents: list[int | None]
    limits: list[int | None]
    reserved: Counter[int] = field(default_factory=Counter)
    committed: Counter[int] = field(default_factory=Counter)

    def line(self, node: int | None) -> list[int]:
        """The node and its ancestors."""
        found = []
        while node is not None:
            found.append(node)
            node = self.parents[node]
        return found

    def room(self, node: int, asked: int) -> bool:
        return all(
            limit is None or self.reserved[n] + self.committed[n] + asked <= limit
            for n in self.line(node)
            for limit in [self.limits[n]]
        )

    def move(self, node: int, reserved: int, committed: int) -> None:
        for n in self.line(node):
            self.reserved[n] += reserved
            self.committed[n] += committed


def plant(database: Database, parents: list[int], limits: list[int | None]) -> Tree:
    """The tree in the database, with codes that no other example has."""
    tree = Tree([], [None, *parents], limits)
    paths: list[str] = []
    with database.unit() as session:
        for number, parent in enumerate(tree.parents):
            code = new_id().replace("-", "")
            paths.append((paths[parent] if parent is not None else "/") + f"{code}/")
            row = Department(
                id=new_id(),
                code=code,
                name=code,
                kind="bureau" if number else "city",
                path=paths[-1],
                parent_id=tree.ids[parent] if parent is not None else None,
                created_at=NOW,
                updated_at=NOW,
            )
            session.add(row)
            session.flush()
            ledger.open_account(session, row.id, {"vcpus": limits[number]})
            tree.ids.append(row.id)
    return tree


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[int | None]]:
    size = draw(st.integers(1, 5))
    parents = [draw(st.integers(0, number)) for number in range(size - 1)]
    limits = draw(st.lists(st.none() | st.integers(0, 12), min_size=size, max_size=size))
    return parents, limits


STORIES = st.lists(
    st.tuples(
        st.sampled_from(("reserve", "commit", "cancel", "release", "settle")),
        st.integers(0, 4),  # which department, for a reservation; else which subject
        st.integers(1, 6),
    ),
    min_size=1,
    max_size=14,
)


@EACH
@given(shape=trees(), story=STORIES)
def test_no_limit_is_passed_and_use_is_the_sum_of_the_ledger(
    database: Database, shape: tuple[list[int], list[int | None]], story: list[tuple[str, int, int]]
) -> None:
    tree = plant(database, *shape)
    subjects: list[tuple[str, int, list[int]]] = []  # id, department, [reserved, committed]
    for movement, which, count in story:
        if movement == "reserve":
            node, id_ = which % len(tree.ids), new_id()
            allowed = tree.room(node, count)
            assert _reserve(database, tree.ids[node], count, id_) == allowed
            if allowed:
                tree.move(node, count, 0)
                subjects.append((id_, node, [count, 0]))
        elif subjects:
            id_, node, held = subjects[which % len(subjects)]
            _give(database, tree, movement, id_, node, held, count)
    _compare(database, tree)


def _reserve(database: Database, department_id: str, count: int, id_: str) -> bool:
    try:
        with database.unit() as session:
            ledger.reserve(session, department_id, Amount(vcpus=count), key=id_, subject=("instance", id_), now=NOW)
    except QuotaExceeded:
        return False
    return True


def _give(database: Database, tree: Tree, movement: str, id_: str, node: int, held: list[int], count: int) -> None:
    """Turn, give back or settle as much as the subject has, at most."""
    key, subject = new_id(), ("instance", id_)
    with database.unit() as session:
        if movement == "settle":
            ledger.settle(session, key=key, subject=subject, now=NOW)
            tree.move(node, -held[0], -held[1])
            held[:] = [0, 0]
            return
        count = min(count, held[1] if movement == "release" else held[0])
        act = {"commit": ledger.commit, "cancel": ledger.cancel, "release": ledger.release}[movement]
        act(session, tree.ids[node], Amount(vcpus=count), key=key, subject=subject, now=NOW)
    change = {"commit": (-count, count), "cancel": (-count, 0), "release": (0, -count)}[movement]
    tree.move(node, *change)
    held[:] = [held[0] + change[0], held[1] + change[1]]


def _compare(database: Database, tree: Tree) -> None:
    with database.read() as session:
        rows = session.scalars(select(Quota).where(Quota.department_id.in_(tree.ids), Quota.resource == "vcpus"))
        for row in rows:
            node = tree.ids.index(row.department_id)
            assert (row.reserved, row.committed) == (tree.reserved[node], tree.committed[node])
            assert row.limit is None or row.reserved + row.committed <= row.limit
        assert [line for line in ledger.drift(session) if line[0] in tree.ids] == []


@EACH
@given(shape=trees(), first=st.integers(0, 6), second=st.integers(0, 6))
def test_a_refusal_names_the_highest_full_node_and_changes_nothing(
    database: Database, shape: tuple[list[int], list[int | None]], first: int, second: int
) -> None:
    tree = plant(database, *shape)
    node = len(tree.ids) - 1
    amount = Amount(vcpus=first, instances=second)
    with database.read() as session:
        full = [check for check in ledger.check(session, tree.ids[node], amount) if not check.ok]

    def ask() -> None:
        with database.unit() as session:
            ledger.reserve(session, tree.ids[node], amount, key=new_id(), subject=("instance", "i"), now=NOW)

    if not full:
        ask()
        return
    with pytest.raises(QuotaExceeded) as refusal:
        ask()
    assert refusal.value.params["department"] == full[0].department_name
    assert refusal.value.params["limit"] == full[0].limit
    _compare(database, tree)


def test_the_same_movement_twice_is_refused_by_the_database(database: Database) -> None:
    tree = plant(database, [], [10])

    def reserve() -> None:
        with database.unit() as session:
            amount = Amount(vcpus=2)
            ledger.reserve(session, tree.ids[0], amount, key="once", subject=("instance", "i"), now=NOW)

    reserve()
    with pytest.raises(IntegrityError):
        reserve()
    tree.move(0, 2, 0)
    _compare(database, tree)


def test_a_lowered_limit_stops_growth_and_never_shrinking(database: Database) -> None:
    tree = plant(database, [0], [10, 10])
    assert _reserve(database, tree.ids[1], 6, "a")
    with database.unit() as session:
        session.get_one(Quota, (tree.ids[0], "vcpus")).limit = 3
    assert not _reserve(database, tree.ids[1], 1, "b")
    with database.unit() as session:
        ledger.settle(session, key="end", subject=("instance", "a"), now=NOW)
    assert _reserve(database, tree.ids[1], 3, "c")
