"""The libvirt driver: each method of the contract as one piece of work on one host's lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from egovcloud.domain.errors import NotFound, Problem, Transient, Unsupported
from egovcloud.drivers.adoption import Found
from egovcloud.drivers.base import (
    Allowance,
    Capability,
    HostFacts,
    ImageSpec,
    InstanceFacts,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Owned,
    OwnedKind,
    PoolFacts,
    Ref,
    Screen,
    SecurityGroupSpec,
    SnapshotFacts,
    TenantSpec,
    Unmanaged,
    VolumeFacts,
    VolumeSpec,
    WipeRecord,
)
from egovcloud.drivers.floating import FloatingFacts, FloatingSpec
from egovcloud.drivers.libvirt import (
    adoption,
    capabilities,
    copies,
    domains,
    filters,
    images,
    instances,
    inventory,
    migration,
    networks,
    ownership,
    power,
    snapshots,
    storage,
    volumes,
)
from egovcloud.drivers.libvirt.config import HostConfig
from egovcloud.drivers.libvirt.host import Host, Session
from egovcloud.drivers.libvirt.lanes import Deadline, Late, WideLane
from egovcloud.drivers.libvirt.naming import Naming
from egovcloud.drivers.survey import Survey
from egovcloud.drivers.volume_copies import VolumeSnapshotFacts, VolumeSnapshotSpec

T = TypeVar("T")


def _facts(host: Host, limit: Deadline) -> HostFacts:
    return host.call(inventory.facts, limit.left())


def _no_floating() -> Unsupported:
    return Unsupported("driver.unsupported", capability=Capability.FLOATING_ADDRESS.value)


class LibvirtDriver:
    """Hypervisors reached through libvirt, each by its own URI; ``installation`` names whose objects are ours.

    ``on_step`` is called with the name of each point between two effects; whatever it raises stops the call there.
    """

    kind = "libvirt"

    def __init__(
        self,
        installation: str,
        hosts: Mapping[str, HostConfig],
        *,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        self.installation = installation
        self.capabilities = capabilities.declared(hosts.values())
        names = Naming(installation)
        self._hosts = {name: Host(name, config, names, on_step) for name, config in hosts.items()}
        self._last_seen: dict[str, HostFacts] = {}

    def _host(self, name: str) -> Host:
        try:
            return self._hosts[name]
        except KeyError:
            raise NotFound("host.absent", host=name, field="host") from None

    def _ask(self, host: str, work: Callable[[Session], T], within: float) -> T:
        """A short call, in order with the host's other short calls."""
        return self._host(host).call(work, within)

    def _do(self, host: str, alone: str, work: Callable[[Session], T], within: float) -> T:
        """A call that may take long; those that change the same object, named by ``alone``, take turns."""
        return self._host(host).call(work, within, long=True, alone=alone)

    # -- inventory -----------------------------------------------------------------------------------------------
    def hosts(self, *, within: float) -> Sequence[HostFacts]:
        """All hosts are asked at once, each on a thread of its own; those that do not answer are as last seen."""
        lane = WideLane("libvirt-hosts")
        asked = {name: lane.submit(partial(_facts, host), Deadline(within)) for name, host in self._hosts.items()}
        found = []
        for name, job in asked.items():
            try:
                self._last_seen[name] = job.result()
                found.append(self._last_seen[name])
            except Late:
                late = Transient("driver.timeout", host=name, limit=within)
                found.append(inventory.unreachable(name, self._last_seen.get(name), late))
            except Problem as problem:
                found.append(inventory.unreachable(name, self._last_seen.get(name), problem))
        return found

    def pools(self, host: str, *, within: float) -> Sequence[PoolFacts]:
        return self._ask(host, storage.facts, within)

    def allowances(self, *, tenant: str | None = None, within: float) -> Sequence[Allowance]:
        return ()  # whoever may speak to libvirt may use all of its host

    def ensure_tenant(self, tenant: TenantSpec, *, within: float) -> str:
        raise Unsupported("driver.unsupported", capability=Capability.TENANCY.value)

    def survey(self, host: str, *, within: float) -> Survey:
        elsewhere = ownership.Elsewhere(self._hosts, host)
        return self._do(host, "", lambda s: ownership.survey(s, elsewhere), within)

    def list_owned(self, host: str, *, within: float) -> Sequence[Owned]:
        return self.survey(host, within=within).owned

    def list_unmanaged(self, host: str, *, within: float) -> Sequence[Unmanaged]:
        return self._do(host, "", ownership.list_unmanaged, within)

    def delete_owned(self, owned: Owned, *, within: float) -> None:
        elsewhere = ownership.Elsewhere(self._hosts, owned.host)
        self._do(owned.host, owned.id, lambda s: ownership.delete_owned(s, owned, elsewhere), within)

    # -- images, networks, security groups -------------------------------------------------------------------------
    def ensure_image(self, host: str, pool: str, image: ImageSpec, *, within: float) -> Ref:
        return self._do(host, image.id, lambda s: images.ensure(s, pool, image), within)

    def delete_image(self, host: str, pool: str, image_id: str, *, within: float) -> None:
        self._do(host, image_id, lambda s: images.delete(s, pool, image_id), within)

    def ensure_network(self, host: str, network: NetworkSpec, *, within: float) -> Ref:
        return self._do(host, network.id, lambda s: networks.ensure(s, network), within)

    def delete_network(self, host: str, network_id: str, *, within: float) -> None:
        self._do(host, network_id, lambda s: networks.delete(s, network_id), within)

    def ensure_security_group(self, host: str, group: SecurityGroupSpec, *, within: float) -> Ref:
        return self._do(host, group.id, lambda s: filters.ensure_group(s, group), within)

    def delete_security_group(self, host: str, group_id: str, *, within: float) -> None:
        self._do(host, group_id, lambda s: filters.delete_group(s, group_id), within)

    def apply_security_groups(self, host: str, instance_id: str, nics: Sequence[NicSpec], *, within: float) -> None:
        self._do(host, instance_id, lambda s: filters.apply(s, instance_id, nics), within)

    # -- instances -------------------------------------------------------------------------------------------------
    def create_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        return self._do(spec.host, spec.id, lambda s: instances.create(s, spec), within)

    def observe_instance(self, host: str, instance_id: str, *, within: float) -> InstanceFacts | None:
        return self._ask(host, lambda s: domains.observe(s, instance_id), within)

    def start_instance(self, host: str, instance_id: str, *, within: float) -> None:
        self._do(host, instance_id, lambda s: power.start(s, instance_id), within)

    def stop_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        self._do(host, instance_id, lambda s: power.stop(s, instance_id, force=force), within)

    def reboot_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        self._do(host, instance_id, lambda s: power.reboot(s, instance_id, force=force), within)

    def resize_instance(self, host: str, instance_id: str, vcpus: int, memory_mib: int, *, within: float) -> None:
        self._do(host, instance_id, lambda s: power.resize(s, instance_id, vcpus, memory_mib), within)

    def rebuild_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        return self._do(spec.host, spec.id, lambda s: instances.rebuild(s, spec), within)

    def wipe_instance(self, host: str, instance_id: str, *, within: float) -> WipeRecord | None:
        return self._do(host, instance_id, lambda s: instances.overwrite(s, instance_id), within)

    def delete_instance(self, host: str, instance_id: str, *, within: float) -> None:
        self._do(host, instance_id, lambda s: instances.delete(s, instance_id), within)

    def live_migrate(self, instance_id: str, source: str, target: str, *, shared: bool, within: float) -> Ref:
        """Runs on the source's wide lane; the target is asked on its own, so that neither waits unbounded."""
        ends = migration.Ends(self._host(source), self._host(target))
        return migration.migrate(ends, instance_id, shared=shared, within=within)

    def shelve_instance(self, host: str, instance_id: str, *, within: float) -> None:
        """A machine that is off takes no memory; its disk has no other place than its host."""
        raise Unsupported("driver.unsupported", capability=Capability.SHELVE.value)

    def unshelve_instance(self, host: str, instance_id: str, *, within: float) -> Ref:
        raise Unsupported("driver.unsupported", capability=Capability.SHELVE.value)

    def screen(self, host: str, instance_id: str, *, within: float) -> Screen:
        return self._ask(host, lambda s: power.screen(s, instance_id), within)

    def serial_log(self, host: str, instance_id: str, *, limit: int, within: float) -> bytes:
        return self._ask(host, lambda s: power.serial_log(s, instance_id, limit), within)

    # -- volumes ---------------------------------------------------------------------------------------------------
    def create_volume(self, spec: VolumeSpec, *, within: float) -> Ref:
        return self._do(spec.host, spec.id, lambda s: copies.create(s, spec), within)

    def observe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> VolumeFacts | None:
        return self._ask(host, lambda s: volumes.observe(s, pool, volume_id), within)

    def attach_volume(self, host: str, instance_id: str, pool: str, volume_id: str, *, within: float) -> str:
        return self._do(host, instance_id, lambda s: volumes.attach(s, instance_id, pool, volume_id), within)

    def detach_volume(self, host: str, instance_id: str, volume_id: str, *, within: float) -> bool:
        return self._do(host, instance_id, lambda s: volumes.detach(s, instance_id, volume_id), within)

    def grow_volume(self, host: str, pool: str, volume_id: str, size_gib: int, *, within: float) -> None:
        self._do(host, volume_id, lambda s: volumes.grow(s, pool, volume_id, size_gib), within)

    def wipe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> WipeRecord | None:
        return self._do(host, volume_id, lambda s: volumes.overwrite(s, pool, volume_id), within)

    def delete_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        self._do(host, volume_id, lambda s: volumes.delete(s, pool, volume_id), within)

    # -- snapshots of volumes: a volume is copied whole, or not at all -----------------------------------------------
    def create_volume_snapshot(self, spec: VolumeSnapshotSpec, *, within: float) -> VolumeSnapshotFacts:
        raise Unsupported("driver.unsupported", capability=Capability.VOLUME_SNAPSHOT.value)

    def observe_volume_snapshot(
        self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float
    ) -> VolumeSnapshotFacts | None:
        raise Unsupported("driver.unsupported", capability=Capability.VOLUME_SNAPSHOT.value)

    def delete_volume_snapshot(self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float) -> None:
        raise Unsupported("driver.unsupported", capability=Capability.VOLUME_SNAPSHOT.value)

    # -- floating addresses: a host's own NAT has no addresses to give -------------------------------------------------
    def create_floating_address(self, host: str, spec: FloatingSpec, *, within: float) -> FloatingFacts:
        raise _no_floating()

    def observe_floating_address(self, host: str, floating_id: str, *, within: float) -> FloatingFacts | None:
        raise _no_floating()

    def associate_floating_address(
        self, host: str, floating_id: str, instance_id: str, mac: str, *, within: float
    ) -> FloatingFacts:
        raise _no_floating()

    def disassociate_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        raise _no_floating()

    def delete_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        raise _no_floating()

    # -- adoption ----------------------------------------------------------------------------------------------------
    def inspect_unmanaged(self, host: str, kind: OwnedKind, external_id: str, *, within: float) -> Found | None:
        look = adoption.inspect_instance if kind is OwnedKind.INSTANCE else adoption.inspect_volume
        return self._do(host, "", lambda s: look(s, external_id), within)

    def adopt_instance(self, host: str, external_id: str, instance_id: str, *, within: float) -> Ref:
        return self._do(host, instance_id, lambda s: adoption.adopt_instance(s, external_id, instance_id), within)

    def adopt_volume(self, host: str, pool: str, external_id: str, volume_id: str, *, within: float) -> Ref:
        return self._do(host, external_id, lambda s: adoption.adopt_volume(s, pool, external_id, volume_id), within)

    def release_instance(self, host: str, instance_id: str, *, within: float) -> None:
        self._do(host, instance_id, lambda s: adoption.release_instance(s, instance_id), within)

    def release_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        self._do(host, volume_id, lambda s: adoption.release_volume(s, pool, volume_id), within)

    # -- snapshots ---------------------------------------------------------------------------------------------------
    def create_snapshot(
        self, host: str, instance_id: str, snapshot_id: str, *, external: bool, quiesce: bool, within: float
    ) -> SnapshotFacts:
        return self._do(
            host,
            instance_id,
            lambda s: snapshots.create(s, instance_id, snapshot_id, external=external, quiesce=quiesce),
            within,
        )

    def observe_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> SnapshotFacts | None:
        return self._ask(host, lambda s: snapshots.observe(s, instance_id, snapshot_id), within)

    def revert_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        self._do(host, instance_id, lambda s: snapshots.revert(s, instance_id, snapshot_id), within)

    def delete_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        self._do(host, instance_id, lambda s: snapshots.delete(s, instance_id, snapshot_id), within)
