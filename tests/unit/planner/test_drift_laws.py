"""The comparison is pure: equal sides differ in nothing, what nobody knows is compared with nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from egovcloud.domain.drift import KINDS, rule_parts, rule_text
from egovcloud.planner.drift import Estate, HostSeen, HostWanted, compare
from egovcloud.planner.reconcile import Seen, Wanted

EACH = settings(max_examples=200, deadline=None)
HOSTS = ("h0", "h1")
NUMBERS = st.integers(1, 4)
MACS = st.sampled_from(("m0", "m1", "m2"))
NICS = st.dictionaries(
    MACS, st.fixed_dictionaries({"network": st.sampled_from("no"), "address": st.sampled_from("xy")}), max_size=3
)
GROUPS = st.lists(st.sampled_from(("g0", "g1")), unique=True).map(sorted)


@st.composite
def instance(draw: st.DrawFn) -> Wanted:
    facts = {
        "vcpus": draw(NUMBERS),
        "memory_mib": draw(NUMBERS),
        "disk_gib": draw(NUMBERS),
        "image": draw(st.sampled_from("ij")),
        "name": draw(st.sampled_from("ab")),
        "nics": draw(NICS),
        "groups": draw(GROUPS),
    }
    state = draw(st.sampled_from(("active", "stopped")))
    host = draw(st.sampled_from(HOSTS))
    return Wanted("instance", draw(st.sampled_from("123")), state, 1, host, "ext", draw(st.booleans()), facts=facts)


def as_wanted(row: Wanted) -> Seen:
    """The cloud as it would be if everything had gone well."""
    nics = {mac: {**nic, "groups": row.facts["groups"]} for mac, nic in row.facts["nics"].items()}
    facts = {**row.facts, "nics": nics, "given_name": row.facts["name"], "foreign_disks": (), "foreign_snapshots": ()}
    power = "running" if row.state == "active" else "stopped"
    return Seen(row.kind, row.id, str(row.external_id), row.host, power, facts)


def answers(*names: str) -> list[HostSeen]:
    return [HostSeen(name, True) for name in names]


@EACH
@given(row=instance())
def test_what_is_as_wanted_differs_in_nothing(row: Wanted) -> None:
    found = compare(Estate([row]), [as_wanted(row)], answers(*HOSTS))
    assert found.findings == []
    assert found.covers("instance", row.id, "") == row.settled


@EACH
@given(row=instance(), hidden=st.sets(st.sampled_from(("vcpus", "memory_mib", "disk_gib", "image", "nics", "name"))))
def test_what_is_not_told_is_compared_with_nothing(row: Wanted, hidden: set[str]) -> None:
    seen = as_wanted(row)
    silent = replace(seen, facts={**seen.facts, **dict.fromkeys(hidden)})
    assert compare(Estate([row]), [silent], answers(*HOSTS)).findings == []


@EACH
@given(row=instance(), other=instance(), power=st.sampled_from(("running", "stopped", "paused", "crashed")))
def test_findings_are_of_known_kinds_and_say_both_sides(row: Wanted, other: Wanted, power: str) -> None:
    seen = replace(as_wanted(other), id=row.id, host=row.host, power=power)
    found = compare(Estate([row]), [seen], answers(*HOSTS)).findings
    assert (not found) or row.settled
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert one.code in KINDS
        assert one.desired != one.observed
        assert (one.noun, one.id, one.generation) == ("instance", row.id, row.generation)


@EACH
@given(row=instance(), there=st.booleans())
def test_a_host_that_did_not_answer_says_nothing(row: Wanted, there: bool) -> None:
    others = [name for name in HOSTS if name != row.host]
    found = compare(Estate([row]), [as_wanted(row)] if there else [], answers(*others))
    assert found.findings == []
    assert not found.covers("instance", row.id, "")


@EACH
@given(row=instance(), elsewhere=st.booleans())
def test_what_is_not_there_is_gone_unless_it_is_elsewhere(row: Wanted, elsewhere: bool) -> None:
    (other,) = [name for name in HOSTS if name != row.host]
    seen = [replace(as_wanted(row), host=other)] if elsewhere else []
    codes = [one.code for one in compare(Estate([row]), seen, answers(*HOSTS)).findings]
    assert codes == (["instance.moved" if elsewhere else "instance.gone"] if row.settled else [])


@EACH
@given(count=st.integers(1, 200))
def test_a_crowd_of_strangers_is_told_shortly_and_a_newcomer_is_noticed(count: int) -> None:
    host = HostWanted("id", "h0", 1, 8, 8)
    names = tuple(f"instance {number:03d}" for number in range(count))
    (found,) = compare(Estate([], hosts=[host]), [], [HostSeen("h0", True, 8, 8, unmanaged=names)]).findings
    assert found.observed["count"] == count
    assert len(found.observed["unmanaged"]) <= 50
    other = (*names[:-1], "instance zzz")
    (later,) = compare(Estate([], hosts=[host]), [], [HostSeen("h0", True, 8, 8, unmanaged=other)]).findings
    assert later.observed != found.observed


def network(**facts: Any) -> Wanted:
    return Wanted("network", "n", "active", 3, "", None, True, facts={"mode": "nat", "cidr": "10.0.0.0/24", **facts})


def test_what_a_cloud_lists_on_every_host_is_one_thing() -> None:
    seen = [Seen("network", "n", "one", host, None, {"mode": "nat", "cidr": "10.9.0.0/24"}) for host in HOSTS]
    estate = Estate([], {("network", "n"): network()}, {("network", "n"): frozenset(HOSTS)})
    (found,) = compare(estate, seen, answers(*HOSTS)).findings
    assert (found.code, found.place) == ("network.cidr", "h0")


def test_an_image_in_a_shared_pool_is_there_for_every_host_of_the_pool() -> None:
    image = Wanted("image", "i", "active", 1, "", None, True, facts={"sha256": "0"})
    seen = [Seen("image", "i", "x", "h0", None, {"pool": "nfs", "sha256": "0"})]
    needed = {("image", "i"): frozenset({"h0/nfs", "h1/nfs"})}
    alone = Estate([], {("image", "i"): image}, needed)
    assert [one.place for one in compare(alone, seen, answers(*HOSTS)).findings] == ["h1/nfs"]
    shared = Estate([], {("image", "i"): image}, needed, frozenset({"h0/nfs", "h1/nfs"}))
    assert compare(shared, seen, answers(*HOSTS)).findings == []


@EACH
@given(
    direction=st.sampled_from(("ingress", "egress")),
    protocol=st.sampled_from(("tcp", "udp", "icmp", "any")),
    ports=st.none() | st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
)
def test_a_rule_is_read_back_as_it_was_written(direction: str, protocol: str, ports: tuple[int, int] | None) -> None:
    low, high = ports or (None, None)
    parts = rule_parts(rule_text(direction, protocol, low, high, "10.0.0.0/8"))
    assert parts == {
        "direction": direction,
        "protocol": protocol,
        "port_min": low,
        "port_max": high,
        "cidr": "10.0.0.0/8",
    }
