"""Paging by key: every row exactly once, whatever the sort, the page size, and what is added meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.orm import Session

from egovcloud.domain.ids import new_id
from egovcloud.services.actor import SYSTEM
from egovcloud.services.listing import Listing, ListQuery, page
from egovcloud.store.database import Database
from egovcloud.store.models import Network

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LISTING = Listing(
    Network,
    "network:read",
    sorts={"name": Network.name, "bridge": Network.bridge, "created": Network.created_at},
)
SORTS = ("id", "-id", "name", "-name", "bridge", "-bridge", "created", "-created")
EACH = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Few values, and sometimes none, so that many rows are equal in what they are sorted by.
VALUES = st.tuples(
    st.sampled_from(("a", "b", "市", "B", "")), st.none() | st.sampled_from(("br0", "br1")), st.integers(0, 2)
)
Value = tuple[str, str | None, int]


def _add(session: Session, value: Value, mark: str) -> str:
    name, bridge, day = value
    created = NOW.replace(day=1 + day)
    id_ = new_id()
    session.add(
        Network(
            id=id_,
            name=name + mark,
            mode="bridged",
            cidr="10.0.0.0/24",
            gateway="10.0.0.1",
            bridge=bridge,
            created_at=created,
            updated_at=created,
        )
    )
    return id_


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@EACH
@given(
    before=st.lists(VALUES, max_size=14),
    during=st.lists(VALUES, max_size=4),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 6),
)
def test_every_row_once(database: Database, before: list[Value], during: list[Value], sort: str, limit: int) -> None:
    with database.unit() as session:
        session.execute(delete(Network))
        there = {_add(session, value, f"~{number}") for number, value in enumerate(before)}
    seen: list[str] = []
    after, late = None, list(during)
    while True:
        with database.read() as session:
            found = page(session, SYSTEM, LISTING, ListQuery(limit=limit, after=after, sort=sort))
        assert len(found.items) <= limit
        seen += [row.id for row in found.items]
        if late:
            with database.unit() as session:
                _add(session, late.pop(), f"~late{len(late)}")
        after = found.next
        if after is None:
            break
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@EACH
@given(values=st.lists(VALUES, min_size=1, max_size=14), sort=st.sampled_from(SORTS), limit=st.integers(1, 6))
def test_pages_are_slices_of_one_order_and_the_last_has_no_next(
    database: Database, values: list[Value], sort: str, limit: int
) -> None:
    with database.unit() as session:
        session.execute(delete(Network))
        for number, value in enumerate(values):
            _add(session, value, f"~{number}")
    with database.read() as session:
        whole = [row.id for row in page(session, SYSTEM, LISTING, ListQuery(limit=200, sort=sort)).items]
        pages, after = [], None
        while True:
            found = page(session, SYSTEM, LISTING, ListQuery(limit=limit, after=after, sort=sort, count=True))
            assert found.total == len(values)
            pages.append([row.id for row in found.items])
            after = found.next
            if after is None:
                break
    assert [id_ for one in pages for id_ in one] == whole
    assert all(len(one) == limit for one in pages[:-1])
