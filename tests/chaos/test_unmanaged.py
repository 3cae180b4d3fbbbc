"""A cloud full of things that are not ours: whatever the reconcile finds and mends, none of them is ever changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from egovcloud.domain.drift import KINDS
from egovcloud.domain.errors import Problem
from egovcloud.drivers.simulator import Tamper
from egovcloud.services import drift, drift_policy
from egovcloud.store.models import Drift, Host
from tests.chaos.conftest import Bench
from tests.chaos.meddling import MEDDLING, Scene
from tests.world import Inside

# What takes a host or its storage away says nothing about what is ours.
HARMLESS = sorted(code for code in MEDDLING if code.partition(".")[0] not in ("host", "storage_pool"))
TABLES = ("instances", "nics", "nic_groups", "networks", "volumes", "snapshots", "security_groups", "images")
STRANGERS = st.lists(
    st.tuples(
        st.sampled_from(("instance", "volume", "network", "look-alike", "other installation")), st.integers(0, 2)
    ),
    min_size=1,
    max_size=12,
)


def settle_in(inside: Inside, strangers: list[tuple[str, int]]) -> None:
    """Strangers of all kinds, some of which bear our names or another installation's mark with our ids."""
    cloud, world = Tamper(inside.world.cloud), inside.world
    for number, (what, host) in enumerate(strangers):
        name = f"h{host}"
        if what == "instance":
            cloud.add_instance(name, f"theirs-{number}")
        elif what == "volume":
            cloud.add_volume(name, "default", f"theirs-{number}", 3)
        elif what == "network":
            cloud.add_network(name, f"theirs-{number}", f"10.99.{number}.0/24")
        elif what == "look-alike":
            cloud.add_instance(name, "web", our_id=world["web"])
        else:
            cloud.add_instance(name, "web", owner="another-installation", our_id=world["web"])


def picture(cloud: Path, installation: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the cloud holds of what is not ours, row by row."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with closing(sqlite3.connect(cloud)) as connection:
        foreign = "SELECT ext FROM objects WHERE owner IS NOT ?"
        mine = (installation,)
        listed = connection.execute("SELECT * FROM objects WHERE owner IS NOT ? ORDER BY seq", mine)
        found["objects"] = listed.fetchall()
        for table in TABLES:
            key = "instance" if table.startswith("nic") else "ext"
            statement = f"SELECT * FROM {table} WHERE {key} IN ({foreign}) ORDER BY 1, 2"
            found[table] = connection.execute(statement, mine).fetchall()
    return found


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # each example is a whole estate: to shrink one would take an hour
    suppress_health_check=list(HealthCheck),
)
@given(
    strangers=STRANGERS,
    meddled=st.lists(st.sampled_from(HARMLESS), max_size=4, unique=True),
    policy=st.sampled_from(("report", "accept", "repair")),
)
def test_strangers_are_reported_and_never_changed(
    bench: Bench, strangers: list[tuple[str, int]], meddled: list[str], policy: str
) -> None:
    inside = bench.fresh()
    inside.reconcile(times=2)
    for code, kind in KINDS.items():
        if policy in kind.policies:
            drift_policy.put(inside.house, inside.world.operator, code, policy)
    settle_in(inside, strangers)
    scene = Scene(inside)
    for code in meddled:
        meddle(scene, code)
    before = picture(inside.world.cloud, inside.world.installation)
    inside.reconcile(times=4)
    for found in inside.rows(Drift, Drift.state == "open"):
        press(inside, found)
    inside.reconcile(times=2)
    assert picture(inside.world.cloud, inside.world.installation) == before
    hosts = {host.id: host.name for host in inside.rows(Host)}
    told = {hosts[d.subject_id] for d in inside.rows(Drift, Drift.kind == "host.unmanaged")}
    assert told == {f"h{host}" for _, host in strangers} | _disks(before, hosts)


def meddle(scene: Scene, code: str) -> None:
    """One after another they may get into each other's way."""
    try:
        MEDDLING[code][0](scene)
    except (Problem, AttributeError, TypeError):
        return


def press(inside: Inside, found: Drift) -> None:
    """Every remedy that is on offer."""
    for remedy in (drift.repair, drift.accept):
        try:
            remedy(inside.house, inside.world.operator, found.id)
        except Problem:
            continue
        inside.settle()
        return


def _disks(before: dict[str, list[tuple[Any, ...]]], hosts: dict[str, str]) -> set[str]:
    """Hosts of strangers that the meddling itself brought in."""
    return {row[6] for row in before["objects"] if row[6] in hosts.values()}


def test_a_stranger_that_comes_later_is_told_again(bench: Bench) -> None:
    inside = bench.fresh()
    inside.reconcile(times=2)
    cloud = Tamper(inside.world.cloud)
    cloud.add_instance("h0", "first")
    inside.reconcile(times=2)
    (found,) = inside.rows(Drift, Drift.kind == "host.unmanaged")
    drift.accept(inside.house, inside.world.operator, found.id)
    inside.reconcile(times=2)
    assert inside.row(Drift, found.id).state == "accepted"
    cloud.add_instance("h0", "second")
    inside.reconcile()
    again = inside.row(Drift, found.id)
    assert (again.state, again.observed["count"]) == ("open", 2)
    with pytest.raises(Problem, match="seen only once"):
        drift.accept(inside.house, inside.world.operator, found.id)
