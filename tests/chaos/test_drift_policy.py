"""What is done unasked, what is refused, and who may ask: drift acts only when it is sure, and through our doors."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from egovcloud.domain.errors import Conflict, Forbidden, Invalid, NotFound, QuotaExceeded
from egovcloud.drivers.simulator import Faults
from egovcloud.engine.drifts import confirm
from egovcloud.services import drift, drift_policy, drift_view, instance
from egovcloud.services.listing import ListQuery
from egovcloud.store.models import Drift, Instance, Quota, Volume
from tests.chaos.conftest import Bench
from tests.chaos.laws import broken
from tests.chaos.meddling import MEDDLING, Scene
from tests.world import Inside


@pytest.fixture
def scene(bench: Bench) -> Scene:
    inside = bench.fresh()
    inside.reconcile(times=2)
    return Scene(inside)


def choose(inside: Inside, kind: str, policy: str) -> None:
    drift_policy.put(inside.house, inside.world.operator, kind, policy)


def only(inside: Inside, kind: str) -> Drift:
    (found,) = inside.rows(Drift, Drift.kind == kind, Drift.state != "closed")
    row: Drift = found
    return row


def limit(inside: Inside, resource: str, value: int) -> None:
    with inside.database.unit() as session:
        session.execute(update(Quota).where(Quota.resource == resource).values(limit=value))


def test_an_accepting_policy_waits_for_the_second_look(scene: Scene) -> None:
    inside = scene.inside
    choose(inside, "volume.grown", "accept")
    scene.cloud.resize_volume(scene.id("data"), 9)
    inside.reconcile()
    assert inside.row(Volume, scene.id("data")).size_gib == 1
    assert only(inside, "volume.grown").state == "open"
    inside.reconcile()
    assert inside.row(Volume, scene.id("data")).size_gib == 9
    inside.reconcile()
    assert inside.rows(Drift, Drift.state != "closed") == []
    assert broken(inside) == []


def test_a_value_that_changes_is_seen_once_again(scene: Scene) -> None:
    inside = scene.inside
    choose(inside, "volume.grown", "accept")
    for size in (9, 11, 13):
        scene.cloud.resize_volume(scene.id("data"), size)
        inside.reconcile()
    assert inside.row(Volume, scene.id("data")).size_gib == 1
    inside.reconcile()
    assert inside.row(Volume, scene.id("data")).size_gib == 13


def test_a_repairing_policy_repairs_once_and_leaves_what_comes_back_to_people(scene: Scene) -> None:
    inside = scene.inside
    choose(inside, "instance.vcpus", "repair")
    for _ in range(2):
        scene.cloud.resize(scene.id("web"), 3, scene.machine().memory_mib)
        inside.reconcile(times=4)
    (first, second) = sorted(inside.rows(Drift, Drift.kind == "instance.vcpus"), key=lambda row: row.id)
    assert (first.state, first.outcome) == ("closed", "repaired")
    assert (second.state, (second.error or {})["code"]) == ("open", "drift.relapse")
    drift.repair(inside.house, inside.world.operator, second.id)
    inside.settle()
    inside.reconcile()
    assert broken(inside) == []


def test_what_the_quota_does_not_allow_is_refused_and_changes_nothing(scene: Scene) -> None:
    inside = scene.inside
    choose(inside, "volume.grown", "accept")
    limit(inside, "volume_gib", 12)
    scene.cloud.resize_volume(scene.id("data"), 500)
    inside.reconcile(times=3)
    found = only(inside, "volume.grown")
    assert (found.error or {})["code"] == "quota.exceeded"
    with pytest.raises(QuotaExceeded):
        drift.accept(inside.house, inside.world.operator, found.id)
    assert inside.row(Volume, scene.id("data")).size_gib == 1
    limit(inside, "volume_gib", 5000)
    drift.accept(inside.house, inside.world.operator, found.id)
    inside.reconcile()
    assert broken(inside) == []


def test_what_the_host_has_no_room_for_is_refused(scene: Scene) -> None:
    inside = scene.inside
    scene.cloud.resize(scene.id("web"), 1, 400_000)
    inside.reconcile(times=2)
    found = only(inside, "instance.memory")
    with pytest.raises(Exception, match="MiB free"):
        drift.accept(inside.house, inside.world.operator, found.id)
    assert only(inside, "instance.memory").state == "open"


def test_what_an_operation_has_in_hand_is_not_compared_and_not_accepted(scene: Scene) -> None:
    inside = scene.inside
    scene.cloud.resize_volume(scene.id("data"), 9)
    inside.reconcile(times=2)
    found = only(inside, "volume.grown")
    instance.stop(inside.house, inside.world.operator, scene.id("web"))
    scene.cloud.resize(scene.id("web"), 5, scene.machine().memory_mib)
    with pytest.raises(Conflict, match="volume"):
        drift.repair(inside.house, inside.world.operator, found.id)
    before = {row.id for row in inside.rows(Drift)}
    inside.settle()
    inside.reconcile()
    after = {row.kind for row in inside.rows(Drift) if row.id not in before}
    assert after == {"instance.vcpus"}


def test_a_host_that_is_silent_neither_opens_nor_closes(scene: Scene) -> None:
    inside = scene.inside
    scene.cloud.resize(scene.id("web"), 3, scene.machine().memory_mib)
    inside.reconcile()
    found = only(inside, "instance.vcpus")
    faults = Faults(inside.world.cloud)
    faults.unreachable(scene.host().name)
    scene.cloud.resize(scene.id("web"), 1, scene.machine().memory_mib)
    inside.reconcile(times=2)
    assert inside.row(Drift, found.id).state == "open"
    faults.reachable(scene.host().name)
    inside.reconcile()
    ended = inside.row(Drift, found.id)
    assert (ended.state, ended.outcome) == ("closed", "vanished")


def test_power_is_left_alone_where_the_policy_says_report(scene: Scene) -> None:
    inside = scene.inside
    choose(inside, "instance.stopped", "report")
    scene.cloud.stop(scene.id("web"))
    inside.reconcile(times=3)
    assert inside.row(Instance, scene.id("web")).state == "active"
    choose(inside, "instance.stopped", "accept")
    inside.reconcile()
    assert inside.row(Instance, scene.id("web")).state == "stopped"


def test_where_so_many_changed_that_nobody_asks_for_each_the_second_look_decides(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirm, "QUESTIONS", 0)
    scene.cloud.stop(scene.id("web"))
    scene.inside.reconcile()
    assert scene.inside.row(Instance, scene.id("web")).state == "active"
    scene.inside.reconcile()
    assert scene.inside.row(Instance, scene.id("web")).state == "stopped"


def test_who_may_do_what(scene: Scene) -> None:
    inside, world = scene.inside, scene.inside.world
    scene.cloud.resize_volume(scene.id("data"), 9)
    scene.cloud.add_instance(scene.host().name, "theirs")
    inside.reconcile(times=2)
    found = only(inside, "volume.grown")
    page = drift_view.page(inside.house, world.requester, ListQuery(filters={"state": ["open"]}))
    assert {item["kind"] for item in page.items} == {"volume.grown"}
    assert page.items[0]["host"] is None
    with pytest.raises(Forbidden):
        drift.accept(inside.house, world.requester, found.id)
    with pytest.raises(Forbidden):
        drift_policy.put(inside.house, world.requester, "volume.grown", "accept")
    with pytest.raises(NotFound):
        drift.accept(inside.house, world.requester, only(inside, "host.unmanaged").id)


def test_what_a_kind_does_not_offer_is_refused_with_what_it_does(scene: Scene) -> None:
    inside, operator = scene.inside, scene.inside.world.operator
    with pytest.raises(Invalid, match="report, accept"):
        drift_policy.put(inside.house, operator, "volume.grown", "repair")
    with pytest.raises(NotFound):
        drift_policy.put(inside.house, operator, "volume.painted", "report")
    MEDDLING["instance.nic_added"][0](scene)
    inside.reconcile(times=2)
    found = only(inside, "instance.nic_added")
    for remedy in (drift.accept, drift.repair):
        with pytest.raises(Conflict, match="on offer: report"):
            remedy(inside.house, operator, found.id)


def test_somebody_else_s_words_do_no_harm(scene: Scene) -> None:
    """Names that no database keeps as they are, of ours that were renamed and of strangers."""
    inside = scene.inside
    scene.cloud.rename(scene.id("web"), "a\0b'; DROP TABLE drifts; --")
    scene.cloud.add_instance(scene.host().name, "\0<script>")
    inside.reconcile(times=2)
    assert only(inside, "instance.renamed").observed == {"name": "a\ufffdb'; DROP TABLE drifts; --"}
    assert only(inside, "host.unmanaged").observed["unmanaged"] == ["instance \ufffd<script>"]
