"""Many threads at once make one thing of one id, and all things of many."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from egovcloud.drivers.base import Capability, OwnedKind, Power
from tests.contract.adapter import Cloud
from tests.contract.marks import proves

T = TypeVar("T")
THREADS = 8


def _together(call: Callable[[int], T]) -> list[T]:
    """The answers of eight calls that set out at the same moment."""
    barrier = Barrier(THREADS)

    def run(number: int) -> T:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_id_makes_one_instance(cloud: Cloud) -> None:
    spec = cloud.spec()
    refs = _together(lambda _: cloud.driver.create_instance(spec, within=cloud.patience))
    assert len(set(refs)) == 1
    assert len(cloud.owned(OwnedKind.INSTANCE, spec.id)) == 1
    assert cloud.facts(spec).power is Power.RUNNING


def test_deletion_by_many_ends_once(cloud: Cloud) -> None:
    spec, bystander = cloud.instance(), cloud.instance()
    _together(lambda _: cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience))
    assert cloud.owned(OwnedKind.INSTANCE, spec.id) == []
    assert cloud.facts(bystander).power is Power.RUNNING


@proves(Capability.VOLUME)
def test_one_id_makes_one_volume(cloud: Cloud) -> None:
    spec = cloud.volume_spec()
    refs = _together(lambda _: cloud.driver.create_volume(spec, within=cloud.patience))
    assert len(set(refs)) == 1
    assert len(cloud.owned(OwnedKind.VOLUME, spec.id)) == 1


@proves(Capability.VOLUME)
def test_many_ids_make_as_many_volumes(cloud: Cloud) -> None:
    specs = [cloud.volume_spec() for _ in range(THREADS)]
    refs = _together(lambda number: cloud.driver.create_volume(specs[number], within=cloud.patience))
    assert len({ref.external_id for ref in refs}) == THREADS
    for spec in specs:
        assert len(cloud.owned(OwnedKind.VOLUME, spec.id)) == 1


@proves(Capability.VOLUME)
def test_attachment_by_many_is_one(cloud: Cloud) -> None:
    spec, volume = cloud.stopped_instance(), cloud.volume()
    targets = _together(
        lambda _: cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.patience)
    )
    assert len(set(targets)) == 1
    assert cloud.facts(spec).volumes == ((volume.id, targets[0]),)


def test_networks_ensured_by_many_are_one(cloud: Cloud) -> None:
    network = cloud.network()
    refs = _together(lambda _: cloud.driver.ensure_network(cloud.host, network, within=cloud.patience))
    assert len(set(refs)) == 1
    assert len(cloud.owned(OwnedKind.NETWORK, network.id)) == 1
