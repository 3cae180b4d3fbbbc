"""What others made is taken under management and given back, and nothing of it changes but our mark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.drivers.adoption import Found
from egovcloud.drivers.base import Capability, Owned, OwnedKind, Power
from tests.contract.adapter import Cloud, new_id, problem_of
from tests.contract.marks import needs, proves, requires

pytestmark = [needs("outside"), requires(Capability.ADOPTION)]
KINDS = [
    pytest.param(OwnedKind.INSTANCE, id="instance"),
    pytest.param(OwnedKind.VOLUME, id="volume"),
]


def look(cloud: Cloud, kind: OwnedKind, external_id: str) -> Found:
    found = cloud.driver.inspect_unmanaged(cloud.host, kind, external_id, within=cloud.limit)
    assert found is not None
    return found


def adopt(cloud: Cloud, kind: OwnedKind, external_id: str, our_id: str | None = None) -> str:
    """Under the id that it can bear; returns that id."""
    id_ = our_id or look(cloud, kind, external_id).id or new_id()
    if kind is OwnedKind.VOLUME:
        ref = cloud.driver.adopt_volume(cloud.host, cloud.pool, external_id, id_, within=cloud.limit)
    else:
        ref = cloud.driver.adopt_instance(cloud.host, external_id, id_, within=cloud.limit)
    assert (ref.external_id, ref.host) == (external_id, cloud.host)
    return id_


def release(cloud: Cloud, kind: OwnedKind, our_id: str) -> None:
    if kind is OwnedKind.VOLUME:
        cloud.driver.release_volume(cloud.host, cloud.pool, our_id, within=cloud.limit)
    else:
        cloud.driver.release_instance(cloud.host, our_id, within=cloud.limit)


def unmanaged(cloud: Cloud) -> set[str]:
    return {one.external_id for one in cloud.driver.list_unmanaged(cloud.host, within=cloud.limit)}


def seen(cloud: Cloud, kind: OwnedKind, our_id: str) -> str | None:
    """The external id of what the driver observes under our id."""
    if kind is OwnedKind.VOLUME:
        volume = cloud.driver.observe_volume(cloud.host, cloud.pool, our_id, within=cloud.limit)
        return volume.ref.external_id if volume else None
    facts = cloud.driver.observe_instance(cloud.host, our_id, within=cloud.limit)
    return facts.ref.external_id if facts else None


@proves(Capability.ADOPTION)
@pytest.mark.parametrize("kind", KINDS)
def test_adopted_and_released_it_is_as_it_was(cloud: Cloud, kind: OwnedKind) -> None:
    stray = cloud.plant(cloud.host, kind)
    before = look(cloud, kind, stray)
    assert (before.kind, before.external_id, before.host, before.owner) == (kind, stray, cloud.host, "")
    our_id = adopt(cloud, kind, stray)
    assert look(cloud, kind, stray) == replace(before, owner="ours", our_id=our_id)
    assert seen(cloud, kind, our_id) == stray
    assert [(one.external_id, one.host) for one in cloud.owned(kind, our_id)] == [(stray, cloud.host)]
    assert stray not in unmanaged(cloud)
    release(cloud, kind, our_id)
    assert look(cloud, kind, stray) == before
    assert seen(cloud, kind, our_id) is None
    assert cloud.owned(kind, our_id) == []
    assert stray in unmanaged(cloud)


@pytest.mark.parametrize("kind", KINDS)
def test_both_may_be_said_again(cloud: Cloud, kind: OwnedKind) -> None:
    stray = cloud.plant(cloud.host, kind)
    our_id = adopt(cloud, kind, stray)
    adopt(cloud, kind, stray, our_id)
    assert len(cloud.owned(kind, our_id)) == 1
    release(cloud, kind, our_id)
    release(cloud, kind, our_id)
    release(cloud, kind, new_id())
    assert adopt(cloud, kind, stray, our_id) == our_id  # and it may come again under the same id
    release(cloud, kind, our_id)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_id_and_another_installation_are_refused(cloud: Cloud, kind: OwnedKind) -> None:
    stray = cloud.plant(cloud.host, kind)
    our_id = adopt(cloud, kind, stray)
    with pytest.raises(Conflict) as caught:
        adopt(cloud, kind, stray, new_id())
    assert caught.value.code == "adoption.taken"
    release(cloud, kind, our_id)


def test_another_installation_takes_nothing_of_ours(cloud: Cloud) -> None:
    stray = cloud.plant(cloud.host, OwnedKind.INSTANCE)
    our_id = adopt(cloud, OwnedKind.INSTANCE, stray)
    other = cloud.other()
    found = other.inspect_unmanaged(cloud.host, OwnedKind.INSTANCE, stray, within=cloud.limit)
    assert found is not None
    assert (found.owner, found.our_id) == ("other", None)
    with pytest.raises(Forbidden):
        other.adopt_instance(cloud.host, stray, our_id, within=cloud.limit)
    other.release_instance(cloud.host, our_id, within=cloud.limit)
    assert seen(cloud, OwnedKind.INSTANCE, our_id) == stray
    release(cloud, OwnedKind.INSTANCE, our_id)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_said_to_be_absent(cloud: Cloud, kind: OwnedKind) -> None:
    missing = new_id()
    assert cloud.driver.inspect_unmanaged(cloud.host, kind, missing, within=cloud.limit) is None
    with pytest.raises(NotFound) as caught:
        adopt(cloud, kind, missing, missing)
    assert caught.value.code == "adoption.absent"


def test_what_we_made_is_not_released(cloud: Cloud) -> None:
    spec = cloud.instance()
    found = look(cloud, OwnedKind.INSTANCE, cloud.facts(spec).ref.external_id)
    assert (found.owner, found.our_id) == ("ours", spec.id)
    assert (found.vcpus, found.memory_mib, found.pool) == (spec.vcpus, spec.memory_mib, spec.pool)
    assert [nic.mac for nic in found.nics] == [nic.mac for nic in spec.nics]
    assert [nic.network_id for nic in found.nics] == [nic.network.id for nic in spec.nics]
    with pytest.raises(Conflict) as caught:
        release(cloud, OwnedKind.INSTANCE, spec.id)
    assert caught.value.code == "release.own"
    assert cloud.facts(spec).power is Power.RUNNING


def test_an_adopted_instance_is_never_taken_apart(cloud: Cloud) -> None:
    stray = cloud.plant(cloud.host, OwnedKind.INSTANCE)
    our_id = adopt(cloud, OwnedKind.INSTANCE, stray)
    before = look(cloud, OwnedKind.INSTANCE, stray)
    driver, limit = cloud.driver, cloud.limit
    deeds = [lambda: driver.delete_instance(cloud.host, our_id, within=limit)]
    if cloud.has(Capability.WIPE):
        deeds.append(lambda: driver.wipe_instance(cloud.host, our_id, within=limit))
    if cloud.has(Capability.REBUILD):
        deeds.append(lambda: driver.rebuild_instance(cloud.spec(id=our_id), within=limit))
    if cloud.has(Capability.RESIZE):
        more = before.vcpus + 1
        deeds.append(lambda: driver.resize_instance(cloud.host, our_id, more, before.memory_mib, within=limit))
    for deed in deeds:
        problem = problem_of(deed)
        assert problem is not None
        assert problem.code == "adoption.kept"
    assert look(cloud, OwnedKind.INSTANCE, stray) == before
    release(cloud, OwnedKind.INSTANCE, our_id)


def test_an_adopted_volume_is_never_taken_apart(cloud: Cloud) -> None:
    stray = cloud.plant(cloud.host, OwnedKind.VOLUME)
    our_id = adopt(cloud, OwnedKind.VOLUME, stray)
    before = look(cloud, OwnedKind.VOLUME, stray)
    driver, pool, limit = cloud.driver, cloud.pool, cloud.limit
    deeds = [lambda: driver.delete_volume(cloud.host, pool, our_id, within=limit)]
    if cloud.has(Capability.WIPE):
        deeds.append(lambda: driver.wipe_volume(cloud.host, pool, our_id, within=limit))
    if cloud.has(Capability.VOLUME):
        deeds.append(lambda: driver.grow_volume(cloud.host, pool, our_id, 99, within=limit))
    for deed in deeds:
        problem = problem_of(deed)
        assert problem is not None
        assert problem.code == "adoption.kept"
    assert look(cloud, OwnedKind.VOLUME, stray) == before
    release(cloud, OwnedKind.VOLUME, our_id)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sweep_gives_an_adopted_thing_back(cloud: Cloud, kind: OwnedKind) -> None:
    stray = cloud.plant(cloud.host, kind)
    before = look(cloud, kind, stray)
    our_id = adopt(cloud, kind, stray)
    cloud.driver.delete_owned(Owned(kind, our_id, stray, cloud.host), within=cloud.limit)
    assert cloud.exists(cloud.host, kind, stray)
    assert look(cloud, kind, stray) == before


def test_it_starts_and_stops_like_any_other(cloud: Cloud) -> None:
    stray = cloud.plant(cloud.host, OwnedKind.INSTANCE)
    our_id = adopt(cloud, OwnedKind.INSTANCE, stray)
    spec = replace(cloud.spec(), id=our_id)
    cloud.driver.stop_instance(cloud.host, our_id, force=True, within=cloud.limit)
    cloud.wait_power(spec, Power.STOPPED)
    cloud.driver.start_instance(cloud.host, our_id, within=cloud.limit)
    cloud.wait_power(spec, Power.RUNNING)
    assert look(cloud, OwnedKind.INSTANCE, stray).owner == "ours"  # the mark outlives a start
    if cloud.has(Capability.REBOOT):
        cloud.driver.reboot_instance(cloud.host, our_id, force=True, within=cloud.limit)
        cloud.wait_power(spec, Power.RUNNING)
    release(cloud, OwnedKind.INSTANCE, our_id)
    assert look(cloud, OwnedKind.INSTANCE, stray).power is Power.RUNNING


def test_a_running_instance_is_adopted_without_a_change_of_its_power(cloud: Cloud) -> None:
    stray = cloud.plant(cloud.host, OwnedKind.INSTANCE)
    our_id = adopt(cloud, OwnedKind.INSTANCE, stray)
    cloud.driver.start_instance(cloud.host, our_id, within=cloud.limit)
    release(cloud, OwnedKind.INSTANCE, our_id)
    before = look(cloud, OwnedKind.INSTANCE, stray)
    assert before.power is Power.RUNNING
    adopt(cloud, OwnedKind.INSTANCE, stray, our_id)
    assert look(cloud, OwnedKind.INSTANCE, stray) == replace(before, owner="ours", our_id=our_id)
    release(cloud, OwnedKind.INSTANCE, our_id)
    assert look(cloud, OwnedKind.INSTANCE, stray) == before


@requires(Capability.SNAPSHOT_INTERNAL)
def test_snapshots_of_ours_hold_it_until_they_are_gone(cloud: Cloud) -> None:
    stray, snapshot = cloud.plant(cloud.host, OwnedKind.INSTANCE), new_id()
    before = look(cloud, OwnedKind.INSTANCE, stray)
    our_id = adopt(cloud, OwnedKind.INSTANCE, stray)
    driver, limit = cloud.driver, cloud.patience
    driver.create_snapshot(cloud.host, our_id, snapshot, external=False, quiesce=False, within=limit)
    with pytest.raises(Conflict) as caught:
        release(cloud, OwnedKind.INSTANCE, our_id)
    assert caught.value.code == "release.snapshots"
    driver.delete_snapshot(cloud.host, our_id, snapshot, within=limit)
    release(cloud, OwnedKind.INSTANCE, our_id)
    assert look(cloud, OwnedKind.INSTANCE, stray) == before


@requires(Capability.VOLUME)
def test_a_volume_of_ours_is_plugged_into_an_adopted_instance(cloud: Cloud) -> None:
    stray, volume = cloud.plant(cloud.host, OwnedKind.INSTANCE), cloud.volume()
    our_id = adopt(cloud, OwnedKind.INSTANCE, stray)
    device = cloud.driver.attach_volume(cloud.host, our_id, cloud.pool, volume.id, within=cloud.limit)
    facts = cloud.driver.observe_instance(cloud.host, our_id, within=cloud.limit)
    assert facts is not None
    assert facts.volumes == ((volume.id, device),)
    cloud.wait_detached(replace(cloud.spec(), id=our_id), volume.id)
    release(cloud, OwnedKind.INSTANCE, our_id)


@requires(Capability.VOLUME)
def test_an_adopted_volume_is_plugged_into_an_instance_of_ours(cloud: Cloud) -> None:
    stray, spec = cloud.plant(cloud.host, OwnedKind.VOLUME), cloud.booted_instance()
    our_id = adopt(cloud, OwnedKind.VOLUME, stray)
    device = cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, our_id, within=cloud.limit)
    assert cloud.facts(spec).volumes == ((our_id, device),)
    cloud.wait_detached(spec, our_id)
    release(cloud, OwnedKind.VOLUME, our_id)


@needs("quick")
def test_adopting_some_leaves_every_other_as_it_is(cloud: Cloud) -> None:
    planted = [(kind, cloud.plant(cloud.host, kind)) for kind in (OwnedKind.INSTANCE, OwnedKind.VOLUME) * 6]
    before = {external_id: look(cloud, kind, external_id) for kind, external_id in planted}
    chosen = [(kind, external_id, adopt(cloud, kind, external_id)) for kind, external_id in planted[:4]]
    rest = planted[4:]
    assert {external_id: look(cloud, kind, external_id) for kind, external_id in rest} == {
        external_id: before[external_id] for _, external_id in rest
    }
    for kind, _, our_id in chosen:
        release(cloud, kind, our_id)
    assert {external_id: look(cloud, kind, external_id) for kind, external_id in planted} == before
