"""What the reconcile finds: only in what is at rest, on hosts that answered, and never against a thing's own row."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.planner.reconcile import POWER_EVENTS, Finding, Seen, Wanted, differences, disowned, orphans

HOSTS = ("h0", "h1")
EACH = settings(max_examples=300, deadline=None)
IDS = st.sampled_from(("a", "b", "c"))
EXTERNAL = st.sampled_from(("x", "y", "z"))


@st.composite
def rows(draw: st.DrawFn) -> list[Wanted]:
    found = {}
    for kind in ("instance", "volume"):
        for id_ in draw(st.sets(IDS)):
            state = draw(st.sampled_from(LIFECYCLES[kind].states))
            settled = state not in LIFECYCLES[kind].transitional
            external = draw(st.none() | EXTERNAL)
            shared = kind == "volume" and draw(st.booleans())
            host = draw(st.sampled_from(HOSTS))
            found[kind, id_] = Wanted(kind, id_, state, draw(st.integers(1, 5)), host, external, settled, shared)
    return list(found.values())


SEEN = st.lists(
    st.builds(
        Seen,
        kind=st.sampled_from(("instance", "volume", "network")),
        id=IDS,
        external_id=EXTERNAL,
        host=st.sampled_from(HOSTS),
        power=st.sampled_from((None, "running", "stopped", "paused", "crashed")),
    ),
    max_size=8,
)


@EACH
@given(wanted=rows(), seen=SEEN, answered=st.frozensets(st.sampled_from(HOSTS)))
def test_findings_are_of_settled_rows_on_hosts_that_answered_and_their_lifecycle_knows_them(
    wanted: list[Wanted], seen: list[Seen], answered: frozenset[str]
) -> None:
    by_id = {(row.kind, row.id): row for row in wanted}
    for finding in differences(wanted, seen, answered):
        row = by_id[finding.kind, finding.id]
        assert row.settled
        assert row.host in answered
        assert finding.generation == row.generation
        if finding.event == "gone":
            mine = [
                s
                for s in seen
                if (s.kind, s.id, s.host, s.external_id) == (row.kind, row.id, row.host, row.external_id)
            ]
            assert mine == []
            assert row.external_id is not None
            assert row.state != "error"
        else:
            assert finding.event in set(POWER_EVENTS.values())


@EACH
@given(wanted=rows(), seen=SEEN)
def test_an_orphan_is_never_what_a_row_stands_for_and_never_in_an_operation_s_hands(
    wanted: list[Wanted], seen: list[Seen]
) -> None:
    by_id = {(row.kind, row.id): row for row in wanted}
    found = orphans(seen, by_id)
    for one in found:
        row = by_id.get((one.kind, one.id))
        assert disowned(one, row)
        if row is not None and row.state != "deleted":
            assert row.settled
            assert (one.host, one.external_id) != (row.host, row.external_id)
            assert not (row.shared and one.external_id == row.external_id)
    for one in seen:
        if (one.kind, one.id) not in by_id:
            assert one in found


def test_of_two_with_one_mark_the_other_is_the_orphan_and_alone_neither_is() -> None:
    row = Wanted("instance", "a", "active", 1, "h0", "x", True)
    mine, twin = Seen("instance", "a", "x", "h0", "running"), Seen("instance", "a", "y", "h0", "stopped")
    rows_ = {("instance", "a"): row}
    assert orphans([mine, twin], rows_) == [twin]
    assert orphans([twin], rows_) == []  # it may be all that there is
    assert differences([row], [mine, twin], frozenset({"h0"})) == []  # and the twin's power is not the machine's


def test_what_is_left_of_a_failed_creation_is_an_orphan() -> None:
    row = Wanted("instance", "a", "error", 4, "", None, True)
    one = Seen("instance", "a", "x", "h1", "running")
    assert orphans([one], {("instance", "a"): row}) == [one]


def test_a_volume_in_shared_storage_is_one_volume_on_every_host() -> None:
    row = Wanted("volume", "v", "in_use", 2, "h0", "x", True, shared=True)
    here, there = Seen("volume", "v", "x", "h0"), Seen("volume", "v", "x", "h1")
    assert orphans([here, there], {("volume", "v"): row}) == []
    local = Wanted("volume", "v", "in_use", 2, "h0", "x", True)
    assert orphans([here, there], {("volume", "v"): local}) == [there]


def test_a_machine_that_stopped_by_itself_is_found_with_what_it_was() -> None:
    row = Wanted("instance", "a", "active", 7, "h0", "x", True)
    seen = [Seen("instance", "a", "x", "h0", "crashed")]
    expected = Finding("instance", "a", "seen_stopped", 7, "active", "crashed")
    assert differences([row], seen, frozenset({"h0"})) == [expected]
    assert differences([row], seen, frozenset()) == []
