"""Each fault switch does what it says, in every process that has the file open, and no more."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from egovcloud.domain.errors import Conflict, Permanent, Transient
from egovcloud.drivers.base import OwnedKind, Power
from egovcloud.drivers.simulator import Faults, SimulatorDriver
from tests.unit.drivers.simulator.conftest import Bench


def _instances(bench: Bench) -> int:
    return bench.log.count(OwnedKind.INSTANCE)


def test_latency_lies_on_both_sides_of_the_effect(bench: Bench) -> None:
    bench.faults.latency(0.2, call="create_instance")
    spec = bench.spec()
    with ThreadPoolExecutor(1) as pool:
        start = time.monotonic()
        answer = pool.submit(bench.create, spec)
        while _instances(bench) == 0:
            assert time.monotonic() - start < 5
        seen = time.monotonic() - start
        answer.result()
    assert seen >= 0.1
    assert time.monotonic() - start >= 0.2
    bench.driver.list_owned("a", within=0.1)


def test_limit_that_passes_on_the_way_there_has_no_effect(bench: Bench) -> None:
    bench.faults.latency(1.0)
    with pytest.raises(Transient) as caught:
        bench.create(bench.spec(), within=0.1)
    assert caught.value.code == "driver.timeout"
    assert _instances(bench) == 0
    assert bench.log.records(call="create_instance")[-1].answer == "transient driver.timeout"


def test_limit_that_passes_on_the_way_back_has_the_effect(bench: Bench) -> None:
    bench.faults.latency(0.4)
    spec = bench.spec()
    with pytest.raises(Transient):
        bench.create(spec, within=0.3)
    bench.faults.calm()
    assert _instances(bench) == 1
    assert bench.log.records(our_id=spec.id)[-1].answer == "lost"
    assert bench.log.records(our_id=spec.id)[-1].changed


def test_dropped_answer_leaves_the_effect_and_the_repetition_finds_it(bench: Bench) -> None:
    bench.faults.drop_answer(call="create_instance", times=1)
    spec = bench.spec()
    with pytest.raises(Transient):
        bench.create(spec)
    ref = bench.create(spec)
    assert _instances(bench) == 1
    answers = [(one.answer, one.changed, one.external_id) for one in bench.log.records(our_id=spec.id)]
    assert answers == [("lost", True, ref.external_id), ("ok", False, ref.external_id)]


def test_failure_has_its_kind_its_call_and_its_times(bench: Bench) -> None:
    bench.faults.fail("permanent", call="create_instance", times=2)
    bench.volume()
    for _ in range(2):
        with pytest.raises(Permanent):
            bench.create(bench.spec())
    bench.instance()
    assert bench.faults.show().rules == ()
    bench.faults.fail("conflict", host="b")
    with pytest.raises(Conflict):
        bench.driver.list_owned("b", within=1)
    bench.driver.list_owned("a", within=1)
    with pytest.raises(ValueError, match="not a kind"):
        bench.faults.fail("sulking")


def test_counted_failure_strikes_exactly_as_often_as_it_says(bench: Bench) -> None:
    bench.faults.fail("transient", call="create_instance", times=5)
    specs = [bench.spec(memory_mib=64) for _ in range(20)]

    def attempt(number: int) -> bool:
        try:
            bench.create(specs[number])
        except Transient:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count(False) == 5
    assert _instances(bench) == 15


def test_rate_is_a_share(bench: Bench) -> None:
    bench.faults.fail("transient", 0.5, call="observe_instance")
    failed = 0
    for _ in range(200):
        try:
            bench.driver.observe_instance("a", "absent", within=1)
        except Transient:
            failed += 1
    assert 50 < failed < 150


def test_hang_ends_when_released(bench: Bench) -> None:
    bench.faults.hang("a")
    spec = bench.spec()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(bench.create, spec, 10.0)
        with pytest.raises(Transient):
            bench.driver.list_owned("a", within=0.1)
        assert not answer.done()
        bench.faults.release("a")
        assert answer.result(timeout=60).host == "a"


def test_unreachable_host_fails_at_once(bench: Bench) -> None:
    bench.faults.unreachable("b")
    start = time.monotonic()
    with pytest.raises(Transient) as caught:
        bench.driver.list_owned("b", within=30)
    assert caught.value.code == "driver.unreachable"
    hosts = {host.name: host for host in bench.driver.hosts(within=30)}
    assert time.monotonic() - start < 5
    assert hosts["a"].reachable
    assert not hosts["b"].reachable
    assert (hosts["b"].vcpus, hosts["b"].memory_mib) == (4, 8192)
    assert hosts["b"].detail
    bench.faults.reachable()
    bench.driver.list_owned("b", within=1)


def test_migration_needs_both_hosts(bench: Bench) -> None:
    spec = bench.instance()
    bench.faults.hang("b")
    with pytest.raises(Transient):
        bench.driver.live_migrate(spec.id, "a", "b", shared=False, within=0.1)
    bench.faults.calm()
    assert bench.driver.observe_instance("a", spec.id, within=1) is not None


def test_duplicates_come_from_two_creations_at_once_alone(bench: Bench) -> None:
    bench.faults.duplicate_creation()
    spec = bench.spec()
    assert bench.create(spec) == bench.create(spec)
    assert bench.log.doubled() == []
    bench.faults.latency(0.3, call="create_instance")
    racing = bench.spec()
    with ThreadPoolExecutor(2) as pool:
        refs = set(pool.map(bench.create, [racing, racing]))
    assert len(refs) == 2
    assert bench.log.doubled() == [(OwnedKind.INSTANCE, racing.id, 2)]
    listed = bench.driver.list_owned("a", within=1)
    assert {one.external_id for one in listed if one.id == racing.id} == {ref.external_id for ref in refs}
    bench.driver.delete_instance("a", racing.id, within=5)
    assert bench.log.doubled() == []


def test_without_the_switch_a_race_makes_one(bench: Bench) -> None:
    bench.faults.latency(0.2, call="create_instance")
    spec = bench.spec()
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(bench.create, [spec, spec]))) == 1


def test_volumes_double_too(bench: Bench) -> None:
    bench.faults.duplicate_creation()
    bench.faults.latency(0.3, call="create_volume")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: bench.volume(id="same"), range(2)))
    assert bench.log.doubled() == [(OwnedKind.VOLUME, "same", 2)]


def test_what_is_new_stays_hidden_for_a_while(bench: Bench) -> None:
    bench.faults.visibility(0.3)
    spec = bench.instance()
    assert bench.driver.observe_instance("a", spec.id, within=1) is None
    assert spec.id not in {one.id for one in bench.driver.list_owned("a", within=1)}
    assert bench.create(spec).external_id
    assert bench.log.doubled() == []
    end = time.monotonic() + 5
    while bench.driver.observe_instance("a", spec.id, within=1) is None:
        assert time.monotonic() < end
    assert spec.id in {one.id for one in bench.driver.list_owned("a", within=1)}


def test_lost_answer_hidden_object_and_repetition_make_a_duplicate_where_the_cloud_lets_them(bench: Bench) -> None:
    bench.faults.duplicate_creation()
    bench.faults.visibility(30)
    bench.faults.drop_answer(times=1)
    spec = bench.spec()
    with pytest.raises(Transient):
        bench.create(spec)
    bench.create(spec)
    assert bench.log.doubled() == [(OwnedKind.INSTANCE, spec.id, 2)]


def test_guest_takes_its_time(bench: Bench) -> None:
    bench.faults.guest(boot=0.2, shutdown=0.2)
    spec = bench.instance()
    facts = bench.driver.observe_instance("a", spec.id, within=1)
    assert facts is not None
    assert (facts.power, facts.addresses, facts.agent) == (Power.RUNNING, (), False)
    bench.driver.stop_instance("a", spec.id, force=False, within=1)
    start = time.monotonic()
    booted = False
    while facts is not None and facts.power is Power.RUNNING:
        booted = booted or facts.addresses == (spec.nics[0].address,)
        facts = bench.driver.observe_instance("a", spec.id, within=1)
        assert time.monotonic() - start < 5
    assert booted
    assert time.monotonic() - start >= 0.3


def test_calm_keeps_the_guests_as_they_are(bench: Bench) -> None:
    bench.faults.guest(boot=3)
    bench.faults.hang("a")
    bench.faults.latency(1)
    bench.faults.calm()
    state = bench.faults.show()
    assert (state.hung, state.latency, state.boot) == ((), {}, 3)


def test_switches_reach_drivers_that_are_open(bench: Bench) -> None:
    other = SimulatorDriver("here", bench.path)
    other.list_owned("a", within=1)
    Faults(bench.path).unreachable("a")
    with pytest.raises(Transient):
        other.list_owned("a", within=1)
