"""Placement as laws: what is accepted fits, what fits is accepted, and the same question has the same answer."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from egovcloud.domain.messages import render
from egovcloud.scheduler import Ask, HostView, StorageView, place
from egovcloud.scheduler.placement import FILTERS, GRAIN

ZONES = ("inside", "outside")
NEEDS = ("bios_boot", "uefi_boot")
EACH = settings(max_examples=200, deadline=None)


@st.composite
def hosts(draw: st.DrawFn) -> list[HostView]:
    return [_host(draw, number) for number in range(draw(st.integers(0, 6)))]


def _host(draw: st.DrawFn, number: int) -> HostView:
    vcpus, memory = draw(st.integers(0, 64)), draw(st.integers(0, 65536))
    pools = tuple(
        StorageView(f"pool{number}-{n}", f"p{n}", draw(st.floats(0, 500)), draw(st.integers(0, 600)), 1.5)
        for n in range(draw(st.integers(0, 3)))
    )
    return HostView(
        id=f"host{number}",
        name=f"h{number}",
        zone_id=draw(st.sampled_from(ZONES)),
        state=draw(st.sampled_from(("enabled", "enabled", "draining", "disabled"))),
        health=draw(st.sampled_from(("up", "up", "down", "unknown"))),
        vcpus=vcpus,
        memory_mib=memory,
        vcpus_allocated=draw(st.integers(0, 2 * vcpus)),
        memory_allocated_mib=draw(st.integers(0, memory)),
        generation=draw(st.integers(1, 9)),
        vcpu_ratio=draw(st.sampled_from((1.0, 4.0))),
        reserved_memory_mib=draw(st.integers(0, 1024)),
        storage=pools,
        capabilities=draw(st.frozensets(st.sampled_from(NEEDS))),
        groups=draw(st.frozensets(st.sampled_from(("web", "db")))),
    )


ASKS = st.builds(
    Ask,
    key=st.text(min_size=1, max_size=8),
    vcpus=st.integers(1, 32),
    memory_mib=st.integers(1, 32768),
    disk_gib=st.integers(1, 400),
    zone_id=st.none() | st.sampled_from(ZONES),
    anti_affinity=st.none() | st.sampled_from(("web", "db")),
    needs=st.frozensets(st.sampled_from(NEEDS)),
    avoid=st.frozensets(st.sampled_from(["host0", "host1"])),
    only=st.none() | st.sampled_from(["host0", "host2"]),
)


@EACH
@given(ask=ASKS, views=hosts())
def test_accepted_never_exceeds_what_the_host_has(ask: Ask, views: list[HostView]) -> None:
    by_id = {view.id: view for view in views}
    for verdict in place(ask, views):
        if not verdict.accepted:
            continue
        host = by_id[verdict.host_id]
        assert host.vcpus_allocated + ask.vcpus <= host.vcpus * host.vcpu_ratio
        assert host.memory_allocated_mib + ask.memory_mib <= host.memory_mib - host.reserved_memory_mib
        pool = next(pool for pool in host.storage if pool.id == verdict.storage_pool_id)
        assert pool.allocated_gib + ask.disk_gib <= pool.capacity_gib * pool.ratio
        assert host.state == "enabled"
        assert host.health == "up"
        assert ask.zone_id in (None, host.zone_id)
        assert ask.needs <= host.capabilities
        assert host.id not in ask.avoid
        assert ask.only in (None, host.id)
        assert ask.anti_affinity not in host.groups


@EACH
@given(ask=ASKS, views=hosts())
def test_accepted_means_that_every_filter_passed_and_every_host_is_told_why(ask: Ask, views: list[HostView]) -> None:
    verdicts = place(ask, views)
    assert sorted(verdict.host_id for verdict in verdicts) == sorted(view.id for view in views)
    by_id = {view.id: view for view in views}
    for verdict in verdicts:
        tested = [test(ask, by_id[verdict.host_id]) for test in FILTERS]
        assert verdict.accepted == all(reason.ok for reason in tested)
        assert list(verdict.reasons[: len(tested)]) == tested
        assert verdict.generation == by_id[verdict.host_id].generation
        for reason in verdict.reasons:
            for language in ("zh", "en"):
                sentence = render(reason.code, dict(reason.params), language)
                assert sentence != reason.code
                assert "{" not in sentence


@EACH
@given(ask=ASKS, views=hosts(), dice=st.randoms(use_true_random=False))
def test_the_order_of_the_hosts_does_not_matter(ask: Ask, views: list[HostView], dice: object) -> None:
    answer = place(ask, views)
    mixed = list(views)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert place(ask, mixed) == answer == place(ask, views)


@EACH
@given(ask=ASKS, views=hosts())
def test_the_accepted_come_first_and_the_better_before_the_worse(ask: Ask, views: list[HostView]) -> None:
    verdicts = place(ask, views)
    accepted = [verdict for verdict in verdicts if verdict.accepted]
    assert verdicts[: len(accepted)] == accepted
    for better, worse in pairwise(accepted):
        assert 0.0 <= worse.score <= 1.0
        assert better.score > worse.score - GRAIN  # within a grain they are equal, and spread by the key


@EACH
@given(ask=ASKS, views=hosts())
def test_a_smaller_ask_is_never_refused_where_a_larger_one_is_taken(ask: Ask, views: list[HostView]) -> None:
    smaller = replace(ask, vcpus=1, memory_mib=1, disk_gib=1)
    taken = {verdict.host_id for verdict in place(ask, views) if verdict.accepted}
    assert taken <= {verdict.host_id for verdict in place(smaller, views) if verdict.accepted}


def test_equal_hosts_are_spread_over_by_equal_asks() -> None:
    pool = (StorageView("p", "default", 1000.0, 0),)
    views = [HostView(f"host{n}", f"h{n}", "z", "enabled", "up", 64, 65536, 0, 0, 1, storage=pool) for n in range(8)]
    firsts = {place(Ask(f"ask{n}", 1, 512, 1), views)[0].host_id for n in range(100)}
    assert len(firsts) == 8
