"""A claim counts only on the host as it was judged: of two that saw the same, one wins and one looks again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from egovcloud.domain.errors import Conflict, QuotaExceeded
from egovcloud.engine import capacity
from egovcloud.store.models import Host, StoragePool
from tests.world import Inside, build, enter

CLAIMANTS = 8


@pytest.fixture
def inside(database_url: str, tmp_path: Path) -> Iterator[Inside]:
    world = build(database_url, tmp_path / "cloud.sqlite")
    with enter(world) as opened:
        yield opened


def _all_at_once(act: Callable[[int], bool]) -> int:
    """How many of the claimants were let in."""
    start = Barrier(CLAIMANTS)

    def run(number: int) -> bool:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(CLAIMANTS) as pool:
        return sum(pool.map(run, range(CLAIMANTS)))


def test_one_generation_of_a_host_is_claimed_once(inside: Inside) -> None:
    host: Host = inside.rows(Host)[0]

    def claim(_: int) -> bool:
        try:
            with inside.database.unit() as session:
                capacity.claim_host(session, host.id, host.generation, 2, 512, host_name=host.name, now=inside.clock())
        except Conflict as problem:
            return problem.code != "placement.conflict"
        return True

    assert _all_at_once(claim) == 1
    after: Host = inside.row(Host, host.id)
    assert (after.vcpus_allocated, after.memory_allocated_mib, after.generation) == (2, 512, host.generation + 1)


def test_a_pool_never_promises_more_than_it_may(inside: Inside) -> None:
    pool: StoragePool = inside.rows(StoragePool)[0]
    size = int(pool.capacity_gib / 3)

    def claim(_: int) -> bool:
        try:
            with inside.database.unit() as session:
                capacity.claim_pool(session, pool.id, size, 1.0)
        except QuotaExceeded:
            return False
        return True

    assert _all_at_once(claim) == 3
    after: StoragePool = inside.row(StoragePool, pool.id)
    assert after.allocated_gib == 3 * size
    with inside.database.unit() as session:
        capacity.claim_pool(session, pool.id, -after.allocated_gib, 1.0)
    assert inside.row(StoragePool, pool.id).allocated_gib == 0
