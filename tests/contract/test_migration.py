"""Live migration with and without shared storage."""

from __future__ import annotations

import pytest

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, OwnedKind, Power
from egovcloud.drivers.volume_copies import VolumeSnapshotSpec
from tests.contract.adapter import Cloud, new_id
from tests.contract.marks import needs, proves, requires

FORMS = [
    pytest.param(True, id="shared", marks=[proves(Capability.LIVE_MIGRATION_SHARED), needs("shared_pool")]),
    pytest.param(False, id="copy", marks=[proves(Capability.LIVE_MIGRATION_COPY)]),
]
pytestmark = [needs("second_host")]


def _pool(cloud: Cloud, shared: bool) -> str:
    pool = cloud.shared_pool if shared else cloud.pool
    assert pool
    return pool


@pytest.mark.parametrize("shared", FORMS)
def test_running_instance_moves_once(cloud: Cloud, shared: bool) -> None:
    assert cloud.second
    spec = cloud.booted_instance(pool=_pool(cloud, shared))
    cloud.prepare(spec, cloud.second)
    ref = cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience)
    assert ref.host == cloud.second
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    facts = cloud.facts(spec, cloud.second)
    assert (facts.ref, facts.power) == (ref, Power.RUNNING)
    assert cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience) == ref
    assert cloud.owned(OwnedKind.INSTANCE, spec.id, cloud.host) == []
    assert len(cloud.owned(OwnedKind.INSTANCE, spec.id, cloud.second)) == 1
    cloud.driver.stop_instance(cloud.second, spec.id, force=True, within=cloud.limit)
    cloud.driver.start_instance(cloud.second, spec.id, within=cloud.patience)
    cloud.wait_booted(spec, cloud.second)


@needs("guest_disk")
@pytest.mark.parametrize("shared", FORMS)
def test_disk_moves_with_what_was_written(cloud: Cloud, shared: bool) -> None:
    assert cloud.second
    spec = cloud.booted_instance(pool=_pool(cloud, shared))
    cloud.write(cloud.host, spec.id, "carried along")
    cloud.prepare(spec, cloud.second)
    cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience)
    assert cloud.read(cloud.second, spec.id) == "carried along"


@requires(Capability.VOLUME)
@pytest.mark.parametrize("shared", FORMS)
def test_volumes_move_along(cloud: Cloud, shared: bool) -> None:
    assert cloud.second
    pool = _pool(cloud, shared)
    spec, volume = cloud.booted_instance(pool=pool), cloud.volume(pool=pool)
    target = cloud.driver.attach_volume(cloud.host, spec.id, pool, volume.id, within=cloud.limit)
    cloud.prepare(spec, cloud.second)
    cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience)
    assert cloud.facts(spec, cloud.second).volumes == ((volume.id, target),)
    facts = cloud.driver.observe_volume(cloud.second, pool, volume.id, within=cloud.limit)
    assert facts is not None


@requires(Capability.VOLUME_SNAPSHOT)
@pytest.mark.parametrize("shared", FORMS)
def test_snapshots_go_where_their_volume_goes(cloud: Cloud, shared: bool) -> None:
    assert cloud.second
    pool = _pool(cloud, shared)
    spec, volume = cloud.booted_instance(pool=pool), cloud.volume(pool=pool)
    past = VolumeSnapshotSpec(new_id(), "contract", volume.host, pool, volume.id, volume.tenant)
    taken = cloud.driver.create_volume_snapshot(past, within=cloud.patience)
    cloud.driver.attach_volume(cloud.host, spec.id, pool, volume.id, within=cloud.limit)
    cloud.prepare(spec, cloud.second)
    cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience)
    (owned,) = cloud.owned(OwnedKind.VOLUME_SNAPSHOT, past.id, cloud.second)
    assert owned.external_id == taken.ref.external_id
    facts = cloud.driver.observe_volume_snapshot(cloud.second, pool, volume.id, past.id, within=cloud.limit)
    assert facts is not None
    assert facts.ref.external_id == taken.ref.external_id


@pytest.mark.parametrize("shared", FORMS)
def test_stopped_and_absent_instances_do_not_move(cloud: Cloud, shared: bool) -> None:
    assert cloud.second
    spec = cloud.stopped_instance(pool=_pool(cloud, shared))
    cloud.prepare(spec, cloud.second)
    with pytest.raises(Conflict) as stopped:
        cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.limit)
    assert stopped.value.code == "instance.stopped"
    assert cloud.facts(spec).power is Power.STOPPED
    with pytest.raises(NotFound) as absent:
        cloud.driver.live_migrate(new_id(), cloud.host, cloud.second, shared=shared, within=cloud.limit)
    assert absent.value.code == "instance.absent"
