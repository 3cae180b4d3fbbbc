"""Snapshots of both forms: taken once, seen, gone back to, dropped."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, Power
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves, requires

FORMS = [
    pytest.param(False, id="internal", marks=[proves(Capability.SNAPSHOT_INTERNAL)]),
    pytest.param(True, id="external", marks=[proves(Capability.SNAPSHOT_EXTERNAL)]),
]


@pytest.mark.parametrize("external", FORMS)
def test_creation_is_idempotent_and_seen(cloud: Cloud, external: bool) -> None:
    spec, snapshot = cloud.instance(), new_id()
    facts = cloud.driver.create_snapshot(
        cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience
    )
    assert (facts.id, facts.instance_id, facts.quiesced) == (snapshot, spec.id, False)
    again = cloud.driver.create_snapshot(
        cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience
    )
    assert again == facts
    assert cloud.driver.observe_snapshot(cloud.host, spec.id, snapshot, within=cloud.limit) == facts
    assert len(cloud.owned(OwnedKind.SNAPSHOT, snapshot)) == 1
    assert cloud.facts(spec).power is Power.RUNNING


@pytest.mark.parametrize("external", FORMS)
def test_deletion_is_idempotent(cloud: Cloud, external: bool) -> None:
    spec, first, second = cloud.instance(), new_id(), new_id()
    for snapshot in (first, second):
        cloud.driver.create_snapshot(
            cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience
        )
    for _ in range(2):
        cloud.driver.delete_snapshot(cloud.host, spec.id, first, within=cloud.patience)
    assert cloud.driver.observe_snapshot(cloud.host, spec.id, first, within=cloud.limit) is None
    assert cloud.driver.observe_snapshot(cloud.host, spec.id, second, within=cloud.limit) is not None
    assert cloud.owned(OwnedKind.SNAPSHOT, first) == []
    assert cloud.facts(spec).power is Power.RUNNING


@pytest.mark.parametrize("external", FORMS)
def test_revert_needs_a_stopped_instance_and_a_snapshot(cloud: Cloud, external: bool) -> None:
    spec, snapshot = cloud.instance(), new_id()
    cloud.driver.create_snapshot(cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience)
    with pytest.raises(Conflict) as busy:
        cloud.driver.revert_snapshot(cloud.host, spec.id, snapshot, within=cloud.limit)
    assert busy.value.code == "instance.running"
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    with pytest.raises(NotFound) as absent:
        cloud.driver.revert_snapshot(cloud.host, spec.id, new_id(), within=cloud.limit)
    assert absent.value.code == "snapshot.absent"
    for _ in range(2):
        cloud.driver.revert_snapshot(cloud.host, spec.id, snapshot, within=cloud.patience)
        assert cloud.facts(spec).power is Power.STOPPED
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.wait_booted(spec)


@needs("guest_disk")
@pytest.mark.parametrize("external", FORMS)
def test_revert_brings_back_what_was_written(cloud: Cloud, external: bool) -> None:
    spec, snapshot = cloud.booted_instance(), new_id()
    cloud.write(cloud.host, spec.id, "before")
    cloud.driver.create_snapshot(cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience)
    cloud.write(cloud.host, spec.id, "after")
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    cloud.driver.revert_snapshot(cloud.host, spec.id, snapshot, within=cloud.patience)
    cloud.driver.start_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.wait_booted(spec)
    assert cloud.read(cloud.host, spec.id) == "before"


@needs("guest_disk")
@pytest.mark.parametrize("external", FORMS)
def test_deletion_of_a_snapshot_keeps_what_was_written_since(cloud: Cloud, external: bool) -> None:
    spec, snapshot = cloud.booted_instance(), new_id()
    cloud.driver.create_snapshot(cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience)
    cloud.write(cloud.host, spec.id, "since")
    cloud.driver.delete_snapshot(cloud.host, spec.id, snapshot, within=cloud.patience)
    assert cloud.read(cloud.host, spec.id) == "since"


@proves(Capability.GUEST_FREEZE)
@requires(Capability.SNAPSHOT_EXTERNAL)
def test_guest_is_frozen_when_its_agent_answers(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    cloud.wait("the agent answers", lambda: cloud.facts(spec).agent)
    facts = cloud.driver.create_snapshot(
        cloud.host, spec.id, new_id(), external=True, quiesce=True, within=cloud.patience
    )
    assert facts.quiesced is True


@proves(Capability.GUEST_FREEZE)
@requires(Capability.SNAPSHOT_EXTERNAL)
@needs("agent_switch")
def test_snapshot_without_an_agent_says_that_it_is_not_frozen(cloud: Cloud) -> None:
    spec = cloud.booted_instance()
    with cloud.agent_silent(spec.id):
        cloud.wait("the agent is silent", lambda: not cloud.facts(spec).agent)
        facts = cloud.driver.create_snapshot(
            cloud.host, spec.id, new_id(), external=True, quiesce=True, within=cloud.patience
        )
    assert facts.quiesced is False


@proves(Capability.SNAPSHOT_INTERNAL)
def test_absent_snapshot(cloud: Cloud) -> None:
    spec, absent = cloud.instance(), new_id()
    assert cloud.driver.observe_snapshot(cloud.host, spec.id, absent, within=cloud.limit) is None
    assert cloud.driver.observe_snapshot(cloud.host, new_id(), absent, within=cloud.limit) is None
    cloud.driver.delete_snapshot(cloud.host, spec.id, absent, within=cloud.limit)
    cloud.driver.delete_snapshot(cloud.host, new_id(), absent, within=cloud.limit)
    assert cloud.owned(OwnedKind.SNAPSHOT, absent) == []


@pytest.mark.parametrize("external", FORMS)
def test_snapshots_go_with_their_instance(cloud: Cloud, external: bool) -> None:
    spec, snapshot = cloud.instance(), new_id()
    cloud.driver.create_snapshot(cloud.host, spec.id, snapshot, external=external, quiesce=False, within=cloud.patience)
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    assert cloud.owned(OwnedKind.SNAPSHOT, snapshot) == []
    assert cloud.driver.observe_snapshot(cloud.host, spec.id, snapshot, within=cloud.limit) is None
