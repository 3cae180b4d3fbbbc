"""A stream of asks against workers that are killed and stopped at any moment, on PostgreSQL."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from egovcloud.domain.errors import Problem
from egovcloud.drivers.simulator import CallLog, Faults, SimHost, SimPool
from egovcloud.engine.enqueue import enqueue
from egovcloud.store.models import Event, Operation
from tests.chaos.crew import LEASE, Crew, people
from tests.chaos.laws import broken
from tests.chaos.scenarios import SCENARIOS, furnish
from tests.support.postgresql import Cluster
from tests.world import OPEN, Inside, build, enter, until

HOSTS = [SimHost(f"h{number}", 64, 262_144, pools=[SimPool("default", 10_000)]) for number in range(4)]
CALM_SECONDS = 60.0
SWEEP_AGE = 2.0


@dataclass(frozen=True)
class Size:
    workers: int
    users: int
    kills: int
    stops: int
    pause: float  # seconds between what one process of users asks, on average
    every: float  # seconds between two strikes


SIZES = {"short": Size(3, 2, 15, 5, 0.15, 0.3), "full": Size(4, 2, 200, 50, 0.15, 0.4)}


@pytest.fixture
def warm(postgresql: Cluster, postgresql_template: str, tmp_path: Path) -> Iterator[Inside]:
    """The estate after one of every operation: each statement is compiled, so that a new worker works at once."""
    url = postgresql.url(postgresql.create(postgresql_template))
    world = furnish(build(url, tmp_path / "cloud.sqlite", HOSTS))
    with enter(world, lease_seconds=LEASE) as inside:
        for act in SCENARIOS.values():
            with suppress(Problem):  # what an earlier one took away
                act(inside)
            inside.settle()
        inside.clock.ahead = timedelta()
        yield inside


def test_storm(warm: Inside, storm_size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size, dice, world = SIZES[storm_size], random.Random(2026), warm.world
    warm.close()
    faults = Faults(world.cloud)
    faults.guest(boot=0.2, shutdown=0.1, detach=0.05)
    faults.latency(0.06, 0.05)
    faults.fail("transient", 0.04)
    faults.drop_answer(0.04)
    faults.duplicate_creation()
    with enter(world) as inside:
        crew = Crew(warm, inside.database, tmp_path)
        users = [people(warm, tmp_path, seed, size.pause) for seed in range(size.users)]
        for _ in range(size.workers):
            crew.hire()
        began = time.monotonic()
        _rage(inside, crew, size, dice)
        raged = time.monotonic() - began
        (tmp_path / "evening").touch()
        for pid in users:
            assert os.waitpid(pid, 0)[1] == 0, (tmp_path / "people-0.log").read_text()[-3000:]
        crew.thaw(everyone=True)
        faults.calm()
        faults.duplicate_creation()
        calm = time.monotonic()
        assert until(lambda: not inside.open_operations(), seconds=CALM_SECONDS, every=0.2), inside.open_operations()
        calm = time.monotonic() - calm
        _sweep(inside)
        crew.dismiss()
        counts = _counts(inside, tmp_path)
        complaints = [*broken(inside), *_lost(inside, tmp_path)]
        with capsys.disabled():
            print(_table(crew, counts, raged, calm))
        assert complaints == []
        assert crew.kills >= size.kills
        assert crew.stops >= size.stops
        assert counts["stale writes rejected"] > 0, "no stale write was ever tried, so that this run proves nothing"


def _rage(inside: Inside, crew: Crew, size: Size, dice: random.Random) -> None:
    """Strike until there was enough of it; the reconcile looks on all the while."""
    look = 0.0
    while crew.kills < size.kills or crew.stops < size.stops:
        crew.thaw()
        left = (max(0, size.kills - crew.kills), max(0, size.stops - crew.stops))
        crew.strike(dice, kill=dice.random() < left[0] / sum(left))
        if time.monotonic() > look:
            look = time.monotonic() + 3.0
            _reconcile(inside)
        time.sleep(dice.uniform(0, 2 * size.every))


def _reconcile(inside: Inside) -> None:
    with inside.database.unit() as session:
        enqueue(
            session,
            "provider.reconcile",
            inside.world["provider"],
            now=inside.clock(),
            department_id=None,
            params={"sweep_age": SWEEP_AGE},
        )


def _sweep(inside: Inside) -> None:
    """What is not ours is seen twice and removed, and a third look finds nothing."""
    for _ in range(3):
        _reconcile(inside)
        assert until(lambda: not inside.open_operations(), seconds=CALM_SECONDS), inside.open_operations()
        time.sleep(SWEEP_AGE)  # the age itself is what is waited for


def _diary(directory: Path) -> list[dict[str, str]]:
    return [json.loads(line) for file in directory.glob("diary-*") for line in file.read_text().splitlines()]


def _lost(inside: Inside, directory: Path) -> list[str]:
    """What was answered with an operation and has none."""
    known = {row.id for row in inside.rows(Operation)}
    return [f"{entry} was acknowledged and is lost" for entry in _diary(directory) if entry["operation"] not in known]


def _counts(inside: Inside, directory: Path) -> Counter[str]:
    with inside.database.read() as session:
        states = session.execute(
            select(Operation.state, func.count())
            .where(Operation.kind != "provider.reconcile")
            .group_by(Operation.state)
        )
        counts = Counter({f"operations {state}": count for state, count in states})
        types = ("operation.fenced", "orphan.remove")
        events = dict(
            session.execute(select(Event.type, func.count()).where(Event.type.in_(types)).group_by(Event.type)).all()
        )
    counts["acknowledged"] = len(_diary(directory))
    counts["stale writes rejected"] = events.get("operation.fenced", 0)
    counts["orphans removed"] = events.get("orphan.remove", 0)
    calls = CallLog(inside.world.cloud).records()
    counts["calls that changed the cloud"] = sum(call.changed for call in calls)
    counts["answers lost"] = sum(call.answer == "lost" for call in calls)
    counts["calls refused"] = sum(call.answer not in ("ok", "lost") for call in calls)
    assert not any(counts[f"operations {state}"] for state in OPEN)
    return counts


def _table(crew: Crew, counts: Counter[str], raged: float, calm: float) -> str:
    rows = [
        ("kill -9 inside operations", crew.kills),
        (f"stopped beyond the lease of {LEASE:g} s", crew.stops),
        ("workers hired", crew.hired),
        *sorted(counts.items()),
        ("seconds of storm", round(raged)),
        ("seconds until all was terminal", round(calm, 1)),
    ]
    return "\n" + "\n".join(f"  {name:<34}{count:>9}" for name, count in rows)
