"""The OpenStack driver: each method of the contract as one call, with one limit for all its requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from egovcloud.domain.errors import Conflict, Unsupported
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
from egovcloud.drivers.openstack import (
    adoption,
    allowances,
    attachments,
    capabilities,
    copies,
    floating,
    groups,
    hosts,
    images,
    instances,
    migration,
    networks,
    ownership,
    ports,
    power,
    rebuilding,
    screens,
    servers,
    shelving,
    snapshots,
    tenants,
    volume_snapshots,
    volumes,
)
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.cloud import Cloud
from egovcloud.drivers.openstack.config import CloudConfig
from egovcloud.drivers.openstack.deadline import Deadline, holding
from egovcloud.drivers.openstack.errors import CloudError
from egovcloud.drivers.survey import Survey
from egovcloud.drivers.volume_copies import VolumeSnapshotFacts, VolumeSnapshotSpec


class OpenStackDriver:
    """One cloud and region through the names in its ``clouds.yaml``; ``installation`` names whose objects are ours.

    Its hosts are Nova's compute hosts. Images, networks, groups and volumes belong to the cloud as a whole and are
    listed on every host.
    """

    kind = "openstack"

    def __init__(self, installation: str, config: CloudConfig) -> None:
        self.installation = installation
        self.capabilities = capabilities.declared(config)
        self._cloud = Cloud(installation, config)

    @contextmanager
    def _call(self, host: str | None, within: float) -> Iterator[Call]:
        """``host`` is one that the cloud must have, or ``None`` for a call about the whole cloud."""
        deadline = Deadline(within)
        call = Call(self._cloud, host or self._cloud.config.cloud, deadline)
        with holding(deadline):
            try:
                if host is not None:
                    hosts.require(call, host)
                yield call
            except CloudError as error:
                raise error.problem from error

    # -- inventory -----------------------------------------------------------------------------------------------
    def hosts(self, *, within: float) -> Sequence[HostFacts]:
        with self._call(None, within) as call:
            return hosts.every(call)

    def pools(self, host: str, *, within: float) -> Sequence[PoolFacts]:
        with self._call(host, within) as call:
            return hosts.pools(call)

    def allowances(self, *, tenant: str | None = None, within: float) -> Sequence[Allowance]:
        with self._call(None, within) as call:
            return allowances.told(call, tenants.home(call, tenant))

    def ensure_tenant(self, tenant: TenantSpec, *, within: float) -> str:
        if Capability.TENANCY not in self.capabilities:
            raise Unsupported("driver.unsupported", capability=Capability.TENANCY.value)
        with self._call(None, within) as call:
            return tenants.ensure(call, tenant)

    def survey(self, host: str, *, within: float) -> Survey:
        with self._call(host, within) as call:
            return ownership.survey(call)

    def list_owned(self, host: str, *, within: float) -> Sequence[Owned]:
        return self.survey(host, within=within).owned

    def list_unmanaged(self, host: str, *, within: float) -> Sequence[Unmanaged]:
        with self._call(host, within) as call:
            return ownership.list_unmanaged(call)

    def delete_owned(self, owned: Owned, *, within: float) -> None:
        with self._call(owned.host, within) as call:
            ownership.delete_owned(call, owned)

    # -- images, networks, security groups -------------------------------------------------------------------------
    def ensure_image(self, host: str, pool: str, image: ImageSpec, *, within: float) -> Ref:
        with self._call(host, within) as call:
            call.pool(pool)
            return images.ensure(call, image)

    def delete_image(self, host: str, pool: str, image_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            call.pool(pool)
            images.delete(call, image_id)

    def ensure_network(self, host: str, network: NetworkSpec, *, within: float) -> Ref:
        with self._call(host, within) as call:
            return networks.ensure(call, network)

    def delete_network(self, host: str, network_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            networks.delete(call, network_id)

    def ensure_security_group(self, host: str, group: SecurityGroupSpec, *, within: float) -> Ref:
        with self._call(host, within) as call:
            return groups.ensure(call, group)

    def delete_security_group(self, host: str, group_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            groups.delete(call, group_id)

    def apply_security_groups(self, host: str, instance_id: str, nics: Sequence[NicSpec], *, within: float) -> None:
        with self._call(host, within) as call, call.alone(instance_id):
            server = servers.require(call, instance_id)
            if call.marker.is_adopted(server.get("tags") or ()):
                raise Conflict("adoption.guards", id=instance_id)
            ports.apply_groups(call, str(server["id"]), nics)

    # -- instances -------------------------------------------------------------------------------------------------
    def create_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        with self._call(spec.host, within) as call:
            return instances.create(call, spec)

    def observe_instance(self, host: str, instance_id: str, *, within: float) -> InstanceFacts | None:
        with self._call(host, within) as call:
            server = next(iter(servers.here(call, instance_id)), None)
            return None if server is None else servers.facts(call, instance_id, server, attachments.seen(call, server))

    def start_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            power.start(call, instance_id)

    def stop_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        with self._call(host, within) as call:
            power.stop(call, instance_id, force=force)

    def reboot_instance(self, host: str, instance_id: str, *, force: bool, within: float) -> None:
        with self._call(host, within) as call:
            power.reboot(call, instance_id, force=force)

    def resize_instance(self, host: str, instance_id: str, vcpus: int, memory_mib: int, *, within: float) -> None:
        with self._call(host, within) as call:
            power.resize(call, instance_id, vcpus, memory_mib)

    def rebuild_instance(self, spec: InstanceSpec, *, within: float) -> Ref:
        with self._call(spec.host, within) as call:
            return rebuilding.rebuild(call, spec)

    def wipe_instance(self, host: str, instance_id: str, *, within: float) -> WipeRecord | None:
        """How a cloud wipes what is deleted is its own affair, and it gives no proof."""
        raise Unsupported("driver.unsupported", capability=Capability.WIPE.value)

    def delete_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            instances.delete(call, instance_id)

    def live_migrate(self, instance_id: str, source: str, target: str, *, shared: bool, within: float) -> Ref:
        with self._call(source, within) as call:
            hosts.require(call, target)
            return migration.migrate(call, instance_id, source, target)

    def shelve_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            shelving.shelve(call, instance_id)

    def unshelve_instance(self, host: str, instance_id: str, *, within: float) -> Ref:
        with self._call(host, within) as call:
            return shelving.unshelve(call, instance_id)

    def screen(self, host: str, instance_id: str, *, within: float) -> Screen:
        if Capability.SCREEN not in self.capabilities:
            raise Unsupported("driver.unsupported", capability=Capability.SCREEN.value)
        with self._call(host, within) as call:
            return screens.screen(call, instance_id)

    def serial_log(self, host: str, instance_id: str, *, limit: int, within: float) -> bytes:
        with self._call(host, within) as call:
            return power.serial_log(call, instance_id, limit)

    # -- volumes ---------------------------------------------------------------------------------------------------
    def create_volume(self, spec: VolumeSpec, *, within: float) -> Ref:
        with self._call(spec.host, within) as call:
            return volumes.create(call, spec, copies.source_of)

    def observe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> VolumeFacts | None:
        with self._call(host, within) as call:
            return volumes.observe(call, pool, volume_id)

    def attach_volume(self, host: str, instance_id: str, pool: str, volume_id: str, *, within: float) -> str:
        with self._call(host, within) as call:
            return attachments.attach(call, instance_id, pool, volume_id)

    def detach_volume(self, host: str, instance_id: str, volume_id: str, *, within: float) -> bool:
        with self._call(host, within) as call:
            return attachments.detach(call, instance_id, volume_id)

    def grow_volume(self, host: str, pool: str, volume_id: str, size_gib: int, *, within: float) -> None:
        with self._call(host, within) as call:
            volumes.grow(call, pool, volume_id, size_gib)

    def wipe_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> WipeRecord | None:
        raise Unsupported("driver.unsupported", capability=Capability.WIPE.value)

    def delete_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            volumes.delete(call, pool, volume_id)

    def create_volume_snapshot(self, spec: VolumeSnapshotSpec, *, within: float) -> VolumeSnapshotFacts:
        with self._call(spec.host, within) as call:
            return volume_snapshots.create(call, spec)

    def observe_volume_snapshot(
        self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float
    ) -> VolumeSnapshotFacts | None:
        with self._call(host, within) as call:
            return volume_snapshots.observe(call, snapshot_id)

    def delete_volume_snapshot(self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            volume_snapshots.delete(call, volume_id, snapshot_id)

    # -- floating addresses ------------------------------------------------------------------------------------------
    def create_floating_address(self, host: str, spec: FloatingSpec, *, within: float) -> FloatingFacts:
        with self._call(host, within) as call:
            return floating.create(call, spec)

    def observe_floating_address(self, host: str, floating_id: str, *, within: float) -> FloatingFacts | None:
        with self._call(host, within) as call:
            return floating.observe(call, floating_id)

    def associate_floating_address(
        self, host: str, floating_id: str, instance_id: str, mac: str, *, within: float
    ) -> FloatingFacts:
        with self._call(host, within) as call:
            return floating.associate(call, floating_id, instance_id, mac)

    def disassociate_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            floating.disassociate(call, floating_id)

    def delete_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            floating.delete(call, floating_id)

    # -- adoption ----------------------------------------------------------------------------------------------------
    def inspect_unmanaged(self, host: str, kind: OwnedKind, external_id: str, *, within: float) -> Found | None:
        with self._call(host, within) as call:
            if kind is OwnedKind.INSTANCE:
                return adoption.inspect_instance(call, external_id)
            return adoption.inspect_volume(call, external_id)

    def adopt_instance(self, host: str, external_id: str, instance_id: str, *, within: float) -> Ref:
        with self._call(host, within) as call:
            return adoption.adopt_instance(call, external_id, instance_id)

    def adopt_volume(self, host: str, pool: str, external_id: str, volume_id: str, *, within: float) -> Ref:
        with self._call(host, within) as call:
            return adoption.adopt_volume(call, pool, external_id, volume_id)

    def release_instance(self, host: str, instance_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            adoption.release_instance(call, instance_id)

    def release_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            adoption.release_volume(call, pool, volume_id)

    # -- snapshots ---------------------------------------------------------------------------------------------------
    def create_snapshot(
        self, host: str, instance_id: str, snapshot_id: str, *, external: bool, quiesce: bool, within: float
    ) -> SnapshotFacts:
        """An image beside the disk; Nova freezes guests only where the image's properties ask for it."""
        if not external:
            raise Unsupported("driver.unsupported", capability=Capability.SNAPSHOT_INTERNAL.value)
        with self._call(host, within) as call:
            return snapshots.create(call, instance_id, snapshot_id)

    def observe_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> SnapshotFacts | None:
        with self._call(host, within) as call:
            return snapshots.observe(call, instance_id, snapshot_id)

    def revert_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            snapshots.revert(call, instance_id, snapshot_id)

    def delete_snapshot(self, host: str, instance_id: str, snapshot_id: str, *, within: float) -> None:
        with self._call(host, within) as call:
            snapshots.delete(call, instance_id, snapshot_id)
