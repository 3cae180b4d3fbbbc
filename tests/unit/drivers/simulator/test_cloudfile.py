"""The cloud outlives its callers: kills, forks, many processes, a file that is gone or replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from egovcloud.domain.errors import Transient
from egovcloud.drivers.base import OwnedKind
from egovcloud.drivers.simulator import SimHost, SimulatorDriver, create_cloud
from tests.unit.drivers.simulator.conftest import Bench

_WRITER = """
import sys
from uuid import uuid4
from egovcloud.drivers.base import VolumeSpec
from egovcloud.drivers.simulator import SimulatorDriver
driver = SimulatorDriver("here", sys.argv[1])
for number in range(int(sys.argv[2])):
    driver.create_volume(VolumeSpec(str(uuid4()), "v", "a", "local", 0), within=30)
"""


def _writer(bench: Bench, count: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(bench.path), str(count)], env=environment)


def test_killed_process_leaves_whole_effects_with_their_log(bench: Bench) -> None:
    for _ in range(3):
        before = bench.log.count(OwnedKind.VOLUME)
        process = _writer(bench, 1_000_000)
        end = time.monotonic() + 30
        while bench.log.count(OwnedKind.VOLUME) < before + 20:
            assert time.monotonic() < end
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    count = bench.log.count(OwnedKind.VOLUME)
    assert len([one for one in bench.log.records(call="create_volume") if one.changed]) == count
    connection = sqlite3.connect(bench.path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    bench.volume()


def test_processes_write_side_by_side(bench: Bench) -> None:
    processes = [_writer(bench, 50) for _ in range(3)]
    assert [process.wait(timeout=180) for process in processes] == [0, 0, 0]
    assert bench.log.count(OwnedKind.VOLUME) == 150
    assert len({one.pid for one in bench.log.records(call="create_volume")}) == 3


def test_cloud_is_the_same_after_a_restart(bench: Bench) -> None:
    spec = bench.instance()
    facts = SimulatorDriver("here", bench.path).observe_instance("a", spec.id, within=1)
    assert facts is not None
    assert facts.ref == bench.create(spec)


def _in_child(driver: SimulatorDriver) -> None:
    assert driver.hosts(within=5)
    os._exit(0 if len(driver.list_owned("a", within=5)) else 1)


def test_driver_survives_a_fork(bench: Bench) -> None:
    bench.instance()
    child = multiprocessing.get_context("fork").Process(target=_in_child, args=(bench.driver,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    bench.instance()


def test_missing_cloud_does_not_answer_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "gone.sqlite"
    driver = SimulatorDriver("here", path)
    with pytest.raises(Transient) as caught:
        driver.observe_instance("a", "some", within=1)
    assert caught.value.code == "driver.unreachable"
    assert not path.exists()


def test_file_that_is_no_cloud_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    with pytest.raises(Transient):
        SimulatorDriver("here", path).list_owned("a", within=1)


def test_new_cloud_in_the_place_of_the_old_is_seen(bench: Bench) -> None:
    bench.instance()
    for file in bench.path.parent.glob(bench.path.name + "*"):
        file.unlink()
    with pytest.raises(Transient):
        bench.driver.list_owned("a", within=1)
    create_cloud(bench.path, [SimHost("a")])
    assert bench.driver.list_owned("a", within=1) == []


def test_writer_that_holds_the_cloud_costs_the_limit_and_no_more(bench: Bench) -> None:
    holder = sqlite3.connect(bench.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    with pytest.raises(Transient) as caught:
        bench.create(bench.spec(), within=0.3)
    taken = time.monotonic() - start
    assert bench.driver.list_owned("a", within=0.3)
    holder.execute("ROLLBACK")
    holder.close()
    assert caught.value.code == "driver.timeout"
    assert taken < 2
    bench.instance()


def test_making_a_cloud_again_adds_what_is_missing(bench: Bench) -> None:
    spec = bench.instance()
    create_cloud(bench.path, [SimHost("a", 1, 1), SimHost("c")])
    hosts = {host.name: host.vcpus for host in bench.driver.hosts(within=1)}
    assert hosts == {"a": 4, "b": 4, "c": 64}
    assert bench.driver.observe_instance("a", spec.id, within=1) is not None
