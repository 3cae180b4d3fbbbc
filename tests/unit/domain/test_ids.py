"""Identifiers sort by birth, also within a millisecond and between threads."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from egovcloud.domain.ids import ID_PATTERN, new_id


def test_ids_are_version_7_and_in_the_order_they_were_made() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(20_000)]
    after = time.time_ns() // 1_000_000
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert all(ID_PATTERN.match(id_) for id_ in ids)
    assert uuid.UUID(ids[0]).version == 7
    assert before <= uuid.UUID(ids[0]).int >> 80 <= uuid.UUID(ids[-1]).int >> 80 <= after + 5


def test_threads_never_share_a_moment() -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = [id_ for batch in pool.map(lambda _: [new_id() for _ in range(2000)], range(4)) for id_ in batch]
    assert len({id_[:18] for id_ in ids}) == len(ids)
