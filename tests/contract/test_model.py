"""A driver and a model of it go the same random way and must agree at every step."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Capability, InstanceSpec, OwnedKind, Power, VolumeSpec
from tests.contract.adapter import Cloud, new_id, problem_of


@dataclass
class _Instance:
    spec: InstanceSpec
    running: bool = True
    vcpus: int = 1
    memory_mib: int = 0
    snapshots: set[str] = field(default_factory=set)


@dataclass
class _Volume:
    spec: VolumeSpec
    size_gib: int
    holder: str | None = None


class _Machine(RuleBasedStateMachine):
    """The model is two dictionaries; each rule acts on both sides, some of them on things that are gone."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self.cloud = cloud
        self.instances: dict[str, _Instance] = {}
        self.volumes: dict[str, _Volume] = {}

    def has(self, capability: Capability) -> bool:
        return self.cloud.has(capability)

    instance_ids = Bundle("instance_ids")
    volume_ids = Bundle("volume_ids")
    snapshot_ids = Bundle("snapshot_ids")

    @precondition(lambda self: len(self.instances) < 4)
    @rule(target=instance_ids)
    def create_instance(self) -> str:
        spec = self.cloud.instance()
        self.instances[spec.id] = _Instance(spec, True, spec.vcpus, spec.memory_mib)
        return spec.id

    @rule(instance_id=instance_ids)
    def create_again(self, instance_id: str) -> None:
        known = self.instances.get(instance_id)
        if known is not None:
            before = self.cloud.facts(known.spec).ref
            assert self.cloud.driver.create_instance(known.spec, within=self.cloud.patience) == before
            known.running = self.cloud.facts(known.spec).power is Power.RUNNING

    @rule(instance_id=instance_ids)
    def start(self, instance_id: str) -> None:
        problem = problem_of(
            lambda: self.cloud.driver.start_instance(self.cloud.host, instance_id, within=self.cloud.patience)
        )
        if instance_id in self.instances:
            assert problem is None
            self.instances[instance_id].running = True
        else:
            assert isinstance(problem, NotFound)

    @rule(instance_id=instance_ids)
    def cut_power(self, instance_id: str) -> None:
        problem = problem_of(
            lambda: self.cloud.driver.stop_instance(self.cloud.host, instance_id, force=True, within=self.cloud.limit)
        )
        if instance_id in self.instances:
            assert problem is None
            self.instances[instance_id].running = False
        else:
            assert isinstance(problem, NotFound)

    @precondition(lambda self: self.has(Capability.RESIZE))
    @rule(instance_id=instance_ids, vcpus=st.integers(1, 2), more=st.sampled_from([0, 64]))
    def resize(self, instance_id: str, vcpus: int, more: int) -> None:
        memory = self.cloud.memory_mib + more
        known = self.instances.get(instance_id)
        if known is not None and known.running and (known.vcpus, known.memory_mib) == (vcpus, memory):
            return  # whether nothing to do is a conflict is the driver's own affair
        problem = problem_of(
            lambda: self.cloud.driver.resize_instance(
                self.cloud.host, instance_id, vcpus, memory, within=self.cloud.limit
            )
        )
        if known is None:
            assert isinstance(problem, NotFound)
        elif known.running:
            assert isinstance(problem, Conflict)
        else:
            assert problem is None
            known.vcpus, known.memory_mib = vcpus, memory

    @rule(instance_id=instance_ids)
    def delete_instance(self, instance_id: str) -> None:
        self.cloud.driver.delete_instance(self.cloud.host, instance_id, within=self.cloud.patience)
        self.instances.pop(instance_id, None)
        for volume in self.volumes.values():
            if volume.holder == instance_id:
                volume.holder = None

    @precondition(lambda self: self.has(Capability.VOLUME) and len(self.volumes) < 4)
    @rule(target=volume_ids)
    def create_volume(self) -> str:
        spec = self.cloud.volume()
        self.volumes[spec.id] = _Volume(spec, spec.size_gib)
        return spec.id

    @precondition(lambda self: self.has(Capability.VOLUME))
    @rule(instance_id=instance_ids, volume_id=volume_ids)
    def attach(self, instance_id: str, volume_id: str) -> None:
        known, volume = self.instances.get(instance_id), self.volumes.get(volume_id)
        if known is not None and known.running:
            if not self.has(Capability.VOLUME_HOT_PLUG):
                return
            self.cloud.wait_booted(known.spec)
        problem = problem_of(
            lambda: self.cloud.driver.attach_volume(
                self.cloud.host, instance_id, self.cloud.pool, volume_id, within=self.cloud.limit
            )
        )
        if known is None or volume is None:
            assert isinstance(problem, NotFound)
        elif volume.holder not in (None, instance_id):
            assert isinstance(problem, Conflict)
        else:
            assert problem is None
            volume.holder = instance_id

    @precondition(lambda self: self.has(Capability.VOLUME))
    @rule(instance_id=instance_ids, volume_id=volume_ids)
    def detach(self, instance_id: str, volume_id: str) -> None:
        known, volume = self.instances.get(instance_id), self.volumes.get(volume_id)
        if known is None or volume is None or volume.holder != instance_id:
            assert self.cloud.driver.detach_volume(self.cloud.host, instance_id, volume_id, within=self.cloud.limit)
            return
        if known.running:
            if not self.has(Capability.VOLUME_HOT_PLUG):
                return
            self.cloud.wait_booted(known.spec)
        self.cloud.wait_detached(known.spec, volume_id)
        volume.holder = None

    @precondition(lambda self: self.has(Capability.VOLUME))
    @rule(volume_id=volume_ids, size_gib=st.integers(1, 4))
    def grow(self, volume_id: str, size_gib: int) -> None:
        volume = self.volumes.get(volume_id)
        if volume is not None and volume.holder is not None and not self.has(Capability.VOLUME_LIVE_GROW):
            return
        problem = problem_of(
            lambda: self.cloud.driver.grow_volume(
                self.cloud.host, self.cloud.pool, volume_id, size_gib, within=self.cloud.limit
            )
        )
        if volume is None:
            assert isinstance(problem, NotFound)
        else:
            assert problem is None
            volume.size_gib = max(volume.size_gib, size_gib)

    @precondition(lambda self: self.has(Capability.VOLUME))
    @rule(volume_id=volume_ids)
    def delete_volume(self, volume_id: str) -> None:
        problem = problem_of(
            lambda: self.cloud.driver.delete_volume(
                self.cloud.host, self.cloud.pool, volume_id, within=self.cloud.patience
            )
        )
        volume = self.volumes.get(volume_id)
        if volume is not None and volume.holder is not None:
            assert isinstance(problem, Conflict)
        else:
            assert problem is None
            self.volumes.pop(volume_id, None)

    @precondition(lambda self: self.has(Capability.SNAPSHOT_INTERNAL))
    @rule(target=snapshot_ids, instance_id=instance_ids)
    def take_snapshot(self, instance_id: str) -> object:
        known, snapshot_id = self.instances.get(instance_id), new_id()
        if known is not None and len(known.snapshots) >= 3:
            return multiple()
        problem = problem_of(
            lambda: self.cloud.driver.create_snapshot(
                self.cloud.host, instance_id, snapshot_id, external=False, quiesce=False, within=self.cloud.patience
            )
        )
        if known is None:
            assert isinstance(problem, NotFound)
            return multiple()
        assert problem is None
        known.snapshots.add(snapshot_id)
        return (instance_id, snapshot_id)

    @rule(snapshot=snapshot_ids)
    def revert(self, snapshot: tuple[str, str]) -> None:
        instance_id, snapshot_id = snapshot
        known = self.instances.get(instance_id)
        problem = problem_of(
            lambda: self.cloud.driver.revert_snapshot(
                self.cloud.host, instance_id, snapshot_id, within=self.cloud.patience
            )
        )
        if known is None or snapshot_id not in known.snapshots:
            assert isinstance(problem, NotFound)
        elif known.running:
            assert isinstance(problem, Conflict)
        else:
            assert problem is None

    @rule(snapshot=consumes(snapshot_ids))
    def drop_snapshot(self, snapshot: tuple[str, str]) -> None:
        instance_id, snapshot_id = snapshot
        self.cloud.driver.delete_snapshot(self.cloud.host, instance_id, snapshot_id, within=self.cloud.patience)
        if instance_id in self.instances:
            self.instances[instance_id].snapshots.discard(snapshot_id)

    @invariant()
    def agree(self) -> None:
        owned = self.cloud.driver.list_owned(self.cloud.host, within=self.cloud.limit)
        listed = sorted((one.kind, one.id) for one in owned if one.kind in _KINDS)
        snapshots = {snapshot for known in self.instances.values() for snapshot in known.snapshots}
        assert listed == sorted(
            [(OwnedKind.INSTANCE, one) for one in self.instances]
            + [(OwnedKind.VOLUME, one) for one in self.volumes]
            + [(OwnedKind.SNAPSHOT, one) for one in snapshots]
        )
        for instance_id, known in self.instances.items():
            facts = self.cloud.facts(known.spec)
            assert (facts.power is Power.RUNNING) == known.running
            assert (facts.vcpus, facts.memory_mib) == (known.vcpus, known.memory_mib)
            held = {volume_id for volume_id, volume in self.volumes.items() if volume.holder == instance_id}
            assert {one[0] for one in facts.volumes} == held
        for volume_id, volume in self.volumes.items():
            seen = self.cloud.driver.observe_volume(
                self.cloud.host, self.cloud.pool, volume_id, within=self.cloud.limit
            )
            assert seen is not None
            assert seen.size_gib == volume.size_gib

    def teardown(self) -> None:
        self.cloud.clean()


_KINDS = (OwnedKind.INSTANCE, OwnedKind.VOLUME, OwnedKind.SNAPSHOT)


def test_driver_and_model_agree(cloud: Cloud) -> None:
    class Machine(_Machine):
        def __init__(self) -> None:
            super().__init__(cloud)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=cloud.examples,
            stateful_step_count=cloud.steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
