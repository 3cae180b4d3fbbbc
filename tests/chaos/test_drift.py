"""Every kind of drift is found in one look, ends by its remedies, and closes by itself when it is gone."""

from __future__ import annotations

import pytest

from egovcloud.domain.drift import KINDS
from egovcloud.services import drift as service
from egovcloud.services import drift_policy
from egovcloud.store.models import Drift, Operation, StoragePool
from tests.chaos.conftest import Bench
from tests.chaos.laws import broken
from tests.chaos.meddling import MEDDLING, Scene
from tests.world import Inside

CODES = list(KINDS)
REPAIRED = [code for code, kind in KINDS.items() if kind.repair]
ACCEPTED = [code for code, kind in KINDS.items() if kind.accept and kind.default != "accept" and not kind.known]


@pytest.fixture
def scene(bench: Bench) -> Scene:
    """The estate, swept clean."""
    inside = bench.fresh()
    inside.reconcile(times=2)
    return Scene(inside)


def live(inside: Inside, *kinds: str) -> list[Drift]:
    return [d for d in inside.rows(Drift, Drift.state != "closed") if not kinds or d.kind in kinds]


def report_everything(inside: Inside) -> None:
    for code in KINDS:
        drift_policy.put(inside.house, inside.world.operator, code, "report")


def subject(scene: Scene, name: str) -> str:
    if name == "host":
        return scene.host().id
    if name == "other host":
        return scene.other_host().id
    if name == "pool":
        return scene.pool().id
    if name == "other pool":
        pools = scene.inside.rows(StoragePool, StoragePool.host_id == scene.other_host().id)
        return str(pools[0].id)
    return scene.id(name)


def test_every_kind_has_its_meddling() -> None:
    assert set(MEDDLING) == set(KINDS)
    assert len(KINDS) >= 30


def test_an_estate_at_rest_has_no_drift(scene: Scene) -> None:
    assert [(d.kind, d.subject_name, d.observed) for d in live(scene.inside)] == []


@pytest.mark.parametrize("code", CODES)
def test_found_in_one_look_and_closed_when_it_is_gone(scene: Scene, code: str) -> None:
    inside, (meddle, name) = scene.inside, MEDDLING[code]
    report_everything(inside)
    if code == "host.silent":
        inside.clock.advance(120)
    wanted = subject(scene, name)
    meddle(scene)
    before = inside.clock()
    inside.reconcile(sweep_age=3600)
    found = live(inside, code)
    if code == "host.overpromised":  # what it has is believed first
        (size,) = live(inside, "host.size")
        service.accept(inside.house, inside.world.operator, size.id)
        inside.reconcile(sweep_age=3600)
        found = live(inside, code)
    (drift,) = found
    assert drift.subject_id == wanted
    assert drift.state == "open"
    assert drift.desired != drift.observed
    assert set(drift.desired) <= set(drift.observed) | set(KINDS[code].compares) | {"promised_gib"}
    assert drift.since >= before
    # Nothing was done about it, and it is still the same one at the next look.
    inside.reconcile(sweep_age=3600)
    (again,) = live(inside, code)
    assert (again.id, again.looks, again.since) == (drift.id, 2, drift.since)


@pytest.mark.parametrize("code", REPAIRED)
def test_repaired(scene: Scene, code: str) -> None:
    """The cloud is as desired again, the books are as they were, and nothing is left over."""
    inside, (meddle, _) = scene.inside, MEDDLING[code]
    report_everything(inside)
    meddle(scene)
    inside.reconcile(times=2, sweep_age=3600)
    for drift in live(inside, code):
        service.repair(inside.house, inside.world.operator, drift.id)
        inside.settle()
    inside.reconcile(times=2)
    assert [(d.kind, d.state, d.desired, d.observed, d.error) for d in live(inside)] == []
    assert {d.outcome for d in inside.rows(Drift, Drift.kind == code)} == {"repaired"}
    assert {o.state for o in inside.rows(Operation)} == {"succeeded"}
    assert broken(inside) == []


@pytest.mark.parametrize("code", ACCEPTED)
def test_accepted(scene: Scene, code: str) -> None:
    """The books are as the cloud is: quota, host and pool too."""
    inside, (meddle, _) = scene.inside, MEDDLING[code]
    report_everything(inside)
    meddle(scene)
    inside.reconcile(times=2, sweep_age=3600)
    for drift in live(inside):
        if (KINDS[drift.kind].accept and drift.kind.partition(".")[0] != "security_group") or drift.kind == code:
            service.accept(inside.house, inside.world.operator, drift.id)
            inside.settle()
    inside.reconcile(times=2)
    assert [(d.kind, d.state, d.desired, d.observed) for d in live(inside, code)] == []
    assert {d.outcome for d in inside.rows(Drift, Drift.kind == code)} == {"accepted"}
    assert broken(inside) == []
