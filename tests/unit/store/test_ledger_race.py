"""Sixteen threads at one quota: together they get what there is, and not one unit more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from egovcloud.domain.errors import QuotaExceeded
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import Amount
from egovcloud.store import ledger
from egovcloud.store.database import Database
from egovcloud.store.models import Department, Quota

NOW = datetime(2026, 11, 23, tzinfo=UTC)
THREADS, EACH, LIMIT = 16, 8, 50


def _bureau(database: Database, code: str, parent: Department | None, limit: int) -> Department:
    path = (parent.path if parent else "/") + f"{code}/"
    stamps = {"created_at": NOW, "updated_at": NOW}
    row = Department(id=new_id(), code=code, name=code, kind="city", path=path, **stamps)
    row.parent_id = parent.id if parent else None
    with database.unit() as session:
        session.add(row)
        session.flush()
        ledger.open_account(session, row.id, {"vcpus": limit})
    return row


@pytest.mark.parametrize("siblings", [1, 4])
def test_sixteen_threads_share_one_quota(database: Database, siblings: int) -> None:
    city = _bureau(database, "city", None, LIMIT)
    bureaus = [_bureau(database, f"b{number}", city, LIMIT) for number in range(siblings)]
    start = Barrier(THREADS)

    def ask(thread: int) -> int:
        start.wait()
        got = 0
        for _ in range(EACH):
            id_ = new_id()
            try:
                with database.unit() as session:
                    bureau = bureaus[thread % siblings].id
                    amount = Amount(vcpus=1, instances=1)
                    ledger.reserve(session, bureau, amount, key=id_, subject=("instance", id_), now=NOW)
            except QuotaExceeded:
                continue
            got += 1
        return got

    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(ask, range(THREADS)))
    assert sum(got) == LIMIT
    with database.read() as session:
        assert session.get_one(Quota, (city.id, "vcpus")).reserved == LIMIT
        assert session.get_one(Quota, (city.id, "instances")).reserved == LIMIT
        assert ledger.drift(session) == []
