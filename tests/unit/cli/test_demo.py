"""The demo city is one that the product could have come to by itself: its sums, its journal and its clouds agree."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from egovcloud.app import Installation
from egovcloud.cli.local import demo_command, main
from egovcloud.cli.local.demo import build, days, journal
from egovcloud.cli.local.demo.data.people import SIGN_INS
from egovcloud.domain.ids import ID_PATTERN
from egovcloud.drivers.simulator import Faults
from egovcloud.engine.kinds import Run
from egovcloud.engine.operations import REGISTRY, provider_observe
from egovcloud.services import request
from egovcloud.services.access import actor_of
from egovcloud.services.actor import Actor
from egovcloud.settings import Settings
from egovcloud.store import ledger
from egovcloud.store.models import (
    Application,
    Drift,
    Flavor,
    Host,
    Image,
    Instance,
    Network,
    Operation,
    Port,
    Provider,
    Request,
    StoragePool,
    User,
    Volume,
)

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
OPEN = ("queued", "running", "undoing")
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """A city of the past, which no clock of today reaches."""
    return build.build(1, NOW, tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A city as the command leaves it."""
    before = dict(os.environ)
    directory = tmp_path_factory.mktemp("demo") / "state"
    assert run(directory) == 0
    os.environ["EGOV_CONFIG"] = str(directory / demo_command.SETTINGS)
    made = Installation(Settings())
    yield made
    made.database.dispose()
    os.environ.clear()
    os.environ.update(before)


def run(directory: Path, *more: str) -> int:
    """``egovcloud demo`` as a person would type it, but without the server."""
    app = main.build()
    arguments = ["demo", "--no-serve", "--state-dir", str(directory), *more]
    result = app(arguments, obj=Installation(Settings()), standalone_mode=False)
    return int(result or 0)


def look(demo: Installation, provider: Provider) -> dict[str, Any]:
    """What a tick of the reconcile loop would find now."""
    now = demo.clock()
    environment = (demo.providers, demo.database, demo.house.cipher, demo.house.installation)
    seen = provider_observe.look(Run("tick", "provider.reconcile", provider.id, {}, {}, 0, now, now, now, *environment))
    assert isinstance(seen, dict)
    return seen


def agree(demo: Installation) -> None:
    """Quotas equal their ledger, hosts and pools the machines on them, and rows the clouds."""
    with demo.database.read() as session:
        assert list(ledger.drift(session)) == []
        held: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
        promised: dict[str | None, int] = defaultdict(int)
        for instance in session.scalars(select(Instance).where(Instance.state != "deleted")):
            held[instance.host_id][0] += instance.vcpus
            held[instance.host_id][1] += instance.memory_mib
            promised[instance.storage_pool_id] += instance.disk_gib
        for volume in session.scalars(select(Volume).where(Volume.state != "deleted")):
            promised[volume.storage_pool_id] += volume.size_gib
        for host in session.scalars(select(Host)):
            assert [host.vcpus_allocated, host.memory_allocated_mib] == held[host.id], host.name
        for pool in session.scalars(select(StoragePool)):
            assert pool.allocated_gib == promised[pool.id]
        providers = session.scalars(select(Provider)).all()
        pools = {(pool.host_id, pool.name): pool for pool in session.scalars(select(StoragePool))}
        hosts = {host.name: host for host in session.scalars(select(Host))}
        told = {(row.kind, row.subject_id, row.place) for row in session.scalars(select(Drift))}
    found: set[tuple[str, str, str]] = set()
    for provider in providers:
        seen = look(demo, provider)
        assert seen["findings"] == []
        assert seen["orphans"] == []
        assert seen["vanished"] == []
        found |= {(one["code"], one["id"], one["place"]) for one in seen["drifts"]}
        for facts in seen["hosts"]:
            host = hosts[facts["name"]]
            assert (host.vcpus, host.memory_mib) == (facts["vcpus"], facts["memory_mib"])
            for pool_facts in facts["pools"]:
                pool = pools[host.id, pool_facts["name"]]
                assert pool.capacity_gib == pool_facts["capacity_gib"]
    # What somebody did behind everybody's back was told hours ago, and nothing else differs.
    dead = {("host.silent", host.id, "") for host in hosts.values() if host.health == "down"}
    assert found == told | dead
    assert len(told) >= 6


def test_rows_and_clouds_agree(demo: Installation) -> None:
    agree(demo)
    with demo.database.read() as session:
        used = {host.name: pool.used_gib for host, pool in session.execute(select(Host, StoragePool).join(StoragePool))}
        providers = session.scalars(select(Provider)).all()
    stated = {
        facts["name"]: pool["used_gib"]
        for provider in providers
        for facts in look(demo, provider)["hosts"]
        for pool in facts["pools"]
    }
    assert len(stated) == 59, "one host is dead"
    assert {name: used[name] for name in stated} == pytest.approx(stated, abs=0.002)


def test_a_city_of_its_size(tables: Rows) -> None:
    alive = [row for row in tables["instances"] if row["state"] != "deleted"]
    states = Counter(row["state"] for row in alive)
    assert len(alive) == 1500
    assert states["active"] > 1400
    assert all(states[state] for state in ("stopped", "error", "unknown", "migrating"))
    assert 850 <= sum(row["state"] != "deleted" for row in tables["volumes"]) <= 1000
    kinds = Counter(row["kind"] for row in tables["departments"])
    assert kinds["bureau"] - 3 * kinds["district"] == 50
    assert (kinds["city"], kinds["district"]) == (1, 6)
    hosts = Counter(row["state"] for row in tables["hosts"])
    assert sum(hosts.values()) == 60
    assert (hosts["maintenance"], hosts["draining"], hosts["disabled"]) == (1, 1, 1)
    assert Counter(row["health"] for row in tables["hosts"])["down"] == 1
    assert 400 <= len(tables["requests"]) <= 500
    assert len(tables["capacity_samples"]) == 365


def test_desks_are_not_empty(tables: Rows) -> None:
    pending = Counter(row["level"] for row in tables["approvals"] if row["state"] == "pending")
    assert all(pending[level] for level in ("office", "bureau", "district", "centre"))
    civil = next(row["id"] for row in tables["departments"] if row["code"] == "mzj")
    assert any(row["state"] == "pending" and row["department_id"] == civil for row in tables["approvals"])
    states = Counter(row["state"] for row in tables["requests"])
    assert all(states[state] for state in "draft submitted returned rejected withdrawn failed fulfilled".split())
    yesterday = NOW - timedelta(days=1)
    failed = [row for row in tables["operations"] if row["state"] == "failed" and row["finished_at"] > yesterday]
    assert 3 <= len(failed) <= 6
    assert all(row["error"]["code"] and row["error"]["detail"] for row in failed)


def test_nobody_decides_twice_or_for_themselves(tables: Rows) -> None:
    requesters = {row["id"]: row["requester_id"] for row in tables["requests"]}
    decided: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in tables["approvals"]:
        if row["decided_by"]:
            assert row["decided_by"] != requesters[row["request_id"]]
            decided[row["request_id"], row["round"]].append(row["decided_by"])
    assert all(len(set(people)) == len(people) for people in decided.values())


def test_what_was_submitted_waits_on_one_desk(tables: Rows) -> None:
    desks = Counter(row["request_id"] for row in tables["approvals"] if row["state"] == "pending")
    submitted = {row["id"] for row in tables["requests"] if row["state"] == "submitted"}
    assert desks == Counter(submitted)
    numbers = [row["number"] for row in sorted(tables["requests"], key=lambda row: str(row["id"]))]
    assert numbers == sorted(numbers)


def test_the_last_round_of_what_was_fulfilled_is_approved(tables: Rows) -> None:
    rounds: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in tables["approvals"]:
        rounds[row["request_id"]][row["round"]].append(row["state"])
    for row in tables["requests"]:
        if row["state"] in ("fulfilled", "failed"):
            assert set(rounds[row["id"]][max(rounds[row["id"]])]) == {"approved"}
            assert row["operation_id"]


def test_the_journal_is_the_engines(tables: Rows) -> None:
    """The faces can't ask the registry, so that the kinds are told twice and compared here."""
    for name, kind in journal.KINDS.items():
        real = REGISTRY.kinds[name]
        assert (kind.noun, kind.seconds) == (real.noun, real.seconds)
        assert [step[0] for step in kind.steps] == [step.name for step in real.steps]
    steps: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in tables["steps"]:
        steps[row["operation_id"]].append((row["position"], row["name"]))
    for row in tables["operations"]:
        expected = [(place, step.name) for place, step in enumerate(REGISTRY.kinds[row["kind"]].steps)]
        assert sorted(steps[row["id"]]) == expected


def test_ids_tell_when_and_nothing_is_of_tomorrow(tables: Rows) -> None:
    for name, rows in tables.items():
        for row in rows:
            born = row.get("created_at") or row.get("at")
            if name not in ("settings", "ports", "events") and "id" in row and born is not None:
                assert ID_PATTERN.match(row["id"])
                assert int(row["id"].replace("-", "")[:12], 16) == int(born.timestamp() * 1000)
            for column, value in row.items():
                if isinstance(value, datetime) and column != "deadline_at":
                    assert value <= NOW, (name, column, row)
    moments = [event["at"] for event in tables["events"]]
    assert moments == sorted(moments)
    assert [event["id"] for event in tables["events"]] == list(range(1, len(moments) + 1))


def test_growth_is_no_straight_line(tables: Rows) -> None:
    counts = [row["instances"] for row in tables["capacity_samples"]]
    assert counts[0] < 500
    assert 1480 <= counts[-1] <= 1500
    growth = [after - before for before, after in pairwise(counts)]
    idle = sum(step == 0 for step in growth)
    assert idle > 100, "nobody works at weekends and on holidays"
    assert max(growth) >= 5 * sum(growth) / len(growth)


def test_the_same_seed_on_the_same_day_is_the_same_city(tables: Rows, tmp_path: Path) -> None:
    again = build.build(1, NOW + timedelta(hours=5), tmp_path)
    midnight = days.midnight(NOW)
    assert days.midnight(NOW + timedelta(hours=5)) == midnight
    for name in ("departments", "users", "applications", "requests", "audit_entries", "operations", "snapshots"):
        told = [history(rows[name], midnight - timedelta(days=1)) for rows in (tables, again)]
        assert told[0] == told[1], name
    assert tables["capacity_samples"][:-1] == again["capacity_samples"][:-1]


def history(rows: Sequence[Mapping[str, Any]], until: datetime) -> list[tuple[Any, ...]]:
    """What no later day touches: who, what and when of everything that began before."""
    names = ("id", "name", "title", "kind", "created_at", "at", "action", "subject_id")
    return [tuple(row.get(n) for n in names) for row in rows if (row.get("created_at") or row["at"]) < until]


def test_the_same_moment_gives_the_same_rows(tables: Rows, tmp_path: Path) -> None:
    again = build.build(1, NOW, tmp_path)
    assert tables.keys() == again.keys()
    for name in tables.keys() - {"providers"}:  # whose configuration names the directory
        assert tables[name] == again[name], name


@pytest.mark.parametrize(
    ("seed", "now"),
    [(2, datetime(2027, 2, 9, 1, 0, tzinfo=UTC)), (3, datetime(2026, 10, 4, 16, 1, tzinfo=UTC))],
    ids=["spring festival", "just past midnight on a holiday"],
)
def test_another_seed_is_another_city_on_any_day(tables: Rows, tmp_path: Path, seed: int, now: datetime) -> None:
    other = build.build(seed, now, tmp_path)
    assert [row["display_name"] for row in other["users"]] != [row["display_name"] for row in tables["users"]]
    assert sum(row["state"] != "deleted" for row in other["instances"]) == 1500
    assert {row["level"] for row in other["approvals"] if row["state"] == "pending"} >= {"office", "bureau", "centre"}


def test_signing_in_needs_the_password_that_was_printed(demo: Installation) -> None:
    path = demo.settings.state_dir / demo_command.SIGN_INS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    printed = dict(line.split()[:2] for line in path.read_text().splitlines())
    assert list(printed) == [entry[0] for entry in SIGN_INS]
    assert len(set(printed.values())) == len(printed)
    with demo.database.read() as session:
        users = {user.username: user for user in session.scalars(select(User))}
    for username, password in printed.items():
        assert users[username].must_change_password
        assert demo.passwords.verify(users[username].password_hash, password)
    others = [user for name, user in users.items() if name not in printed]
    assert not any(demo.passwords.verify(user.password_hash, "!") for user in others)


def test_a_second_start_finds_the_city_as_it_was(demo: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    database = demo.settings.state_dir / "egovcloud.sqlite"
    before = (database.stat().st_ino, (demo.settings.state_dir / demo_command.CITY).read_text())
    assert run(demo.settings.state_dir, "--seed", "7") == 0
    assert (database.stat().st_ino, (demo.settings.state_dir / demo_command.CITY).read_text()) == before
    assert "as it was left" in capsys.readouterr().out


def test_other_peoples_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert run(tmp_path, "--fresh") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def actor(demo: Installation, username: str) -> Actor:
    with demo.database.read() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        return actor_of(session, user, address="127.0.0.1", trace_id="")


def test_a_visitor_orders_and_the_worker_goes_on_where_it_was(demo: Installation) -> None:
    """Last in this file: it changes the city. Waiting is switched off, so that a drain of minutes takes a second."""
    for path in build.clouds(demo.settings.state_dir).values():
        faults = Faults(path)
        faults.set(latency={}, boot=0.0, shutdown=0.0, detach=0.0)
    with demo.database.read() as session:
        system = session.scalars(select(Application).where(Application.name == "社会救助系统")).one()
        network = session.scalars(select(Network).where(Network.name == "政务外网-应用网")).one()
        flavor = session.scalars(select(Flavor).where(Flavor.name == "通用型-2C4G")).one()
        image = session.scalars(select(Image).where(Image.name == "Debian 12")).one()
        drain = session.scalars(
            select(Operation).where(Operation.kind == "host.drain", Operation.state == "running")
        ).one()
    item = {
        "kind": "instance",
        "name": "shjz-visit",
        "count": 2,
        "flavor_id": flavor.id,
        "image_id": image.id,
        "network_ids": [network.id],
        "volumes": [{"name": "data", "size_gib": 20}],
    }
    staff, lead, centre = (actor(demo, name) for name in ("minzheng", "minzheng-lead", "centre"))
    filed = request.create(demo.house, staff, title="试用", project_id=system.project_id, items=[item])
    request.submit(demo.house, staff, filed.id)
    request.approve(demo.house, lead, filed.id)
    request.approve(demo.house, centre, filed.id)
    worker = demo.worker()
    worker.start()
    try:
        assert settled(demo, 120), "operations are still open"
    finally:
        worker.stop()
    with demo.database.read() as session:
        assert session.get_one(Request, filed.id).state == "fulfilled"
        made = session.scalars(select(Instance).where(Instance.request_id == filed.id)).all()
        assert [machine.state for machine in made] == ["active", "active"]
        assert all(
            session.scalars(select(Port.address).where(Port.instance_id == machine.id)).all() for machine in made
        )
        assert session.get_one(Operation, drain.id).state == "succeeded"
        host = session.get_one(Host, drain.subject_id)
        assert (host.state, host.vcpus_allocated) == ("maintenance", stopped_on(session.scalars(on(host.id)).all()))
    agree(demo)


def on(host_id: str) -> Any:
    return select(Instance).where(Instance.host_id == host_id, Instance.state != "deleted")


def stopped_on(machines: Sequence[Instance]) -> int:
    """vCPUs of what a drain leaves where it is."""
    assert all(machine.state == "stopped" for machine in machines)
    return sum(machine.vcpus for machine in machines)


def settled(demo: Installation, seconds: float) -> bool:
    """Whether nothing is queued or running any more, within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with demo.database.read() as session:
            if not session.scalars(select(Operation.id).where(Operation.state.in_(OPEN)).limit(1)).first():
                return True
        time.sleep(0.1)
    return False
