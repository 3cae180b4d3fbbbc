"""A host that does not answer: limits hold, it is left alone for a while, and it is taken back when it answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.domain.errors import NotFound, Transient
from egovcloud.drivers.libvirt import HostConfig, LibvirtDriver, PoolConfig
from egovcloud.drivers.libvirt.host import BACKOFF_FIRST, GRACE, Host, Session
from egovcloud.drivers.libvirt.naming import Naming

from .examples import INSTANCE

GOOD = HostConfig("test:///default", {"local": PoolConfig("dir", "/unit-pool")}, state_dir="/unit-state")


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """A daemon that accepts connections and never says a word."""
    path = tmp_path / "s"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(64)
    yield f"qemu:///system?socket={path}"
    server.close()


def _host(uri: str) -> Host:
    return Host("hv1", HostConfig(uri), Naming("centre"), None)


def _version(session: Session) -> int:
    return int(session.conn.getLibVersion())


@pytest.mark.parametrize("long", [False, True])
def test_limit_holds_and_the_next_call_is_no_worse(silent: str, long: bool) -> None:
    host = _host(silent)
    for _ in range(3):
        begun = time.monotonic()
        with pytest.raises(Transient) as caught:
            host.call(_version, 0.2, long=long)
        assert time.monotonic() - begun < 1
        assert caught.value.code in {"driver.timeout", "driver.unreachable"}
        assert caught.value.retry_after >= 0.5


def test_calls_fail_soon_while_the_host_is_on_back_off(silent: str) -> None:
    host = _host(silent)
    for _ in range(2):
        with pytest.raises(Transient):
            host.call(_version, 0.1)
    begun = time.monotonic()
    with pytest.raises(Transient) as caught:
        host.call(_version, 30)
    assert time.monotonic() - begun < 2 * GRACE
    assert caught.value.code == "driver.unreachable"


def test_hung_host_costs_a_bounded_number_of_threads(silent: str) -> None:
    host, before = _host(silent), threading.active_count()
    end = time.monotonic() + 4 * BACKOFF_FIRST
    while time.monotonic() < end:
        with pytest.raises(Transient):
            host.call(_version, 0.05)
    assert threading.active_count() - before <= 3


def test_daemon_that_is_not_there_is_unreachable_and_says_why(tmp_path: Path) -> None:
    host = _host(f"qemu:///system?socket={tmp_path}/none")
    with pytest.raises(Transient) as caught:
        host.call(_version, 5)
    assert caught.value.code == "driver.unreachable"
    assert "none" in caught.value.text("zh")


def test_host_that_answers_again_is_taken_back() -> None:
    host, gate = Host("hv1", GOOD, Naming("centre"), None), threading.Event()
    with pytest.raises(Transient):
        host.call(lambda _: gate.wait(10), 0.05)
    assert host.call(_version, 5) > 0
    gate.set()


def test_work_whose_caller_has_gone_stops_at_the_next_step() -> None:
    host, gate, steps, ended = Host("hv1", GOOD, Naming("centre"), None), threading.Event(), [], threading.Event()

    def work(session: Session) -> None:
        try:
            session.step("first")
            steps.append("first")
            gate.wait(10)
            session.step("second")
            steps.append("second")
        finally:
            ended.set()

    with pytest.raises(Transient):
        host.call(work, 0.1, long=True)
    gate.set()
    assert ended.wait(5)
    assert steps == ["first"]


def _ask_in_vain(driver: LibvirtDriver) -> None:
    with pytest.raises(Transient):
        driver.pools("hung", within=1.0)


def test_one_hung_host_is_stated_and_slows_no_other(silent: str) -> None:
    driver = LibvirtDriver("centre", {"good": GOOD, "hung": HostConfig(silent)})
    waiting = threading.Thread(target=_ask_in_vain, args=(driver,))
    waiting.start()
    begun = time.monotonic()
    assert driver.observe_instance("good", INSTANCE, within=5) is None
    assert time.monotonic() - begun < 0.5
    stated = {host.name: host.reachable for host in driver.hosts(within=0.5)}
    assert stated == {"good": True, "hung": False}
    waiting.join()


def test_same_object_is_worked_on_by_one_call_at_a_time() -> None:
    host, inside, most = Host("hv1", GOOD, Naming("centre"), None), [], []

    def work(_: Session) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    jobs = [host.begin(work, 10, long=True, alone="same") for _ in range(8)]
    for job in jobs:
        host.wait(job, long=True)
    assert max(most) == 1


def test_errors_are_translated_and_never_printed(capfd: pytest.CaptureFixture[str]) -> None:
    host = Host("hv1", GOOD, Naming("centre"), None)
    with pytest.raises(NotFound) as caught:
        host.call(lambda session: session.conn.lookupByName("no such"), 5)
    assert "Domain not found" in caught.value.text()
    assert capfd.readouterr().err == ""
