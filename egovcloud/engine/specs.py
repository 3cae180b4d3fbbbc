"""From rows to what a driver is told: pure reading, in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.drivers.base import ImageSpec, InstanceSpec, NetworkSpec, NicSpec, RuleSpec, SecurityGroupSpec
from egovcloud.store.models import (
    Host,
    Image,
    Instance,
    InstanceSecurityGroup,
    Network,
    Port,
    SecurityGroup,
    SecurityRule,
    StoragePool,
)
from egovcloud.store.secrets import Cipher

USER_DATA = "instance.user_data"


def image_spec(image: Image) -> ImageSpec:
    return ImageSpec(
        id=image.id,
        name=image.name,
        disk=image.disk,
        sha256=image.sha256,
        format=image.format,
        firmware=image.firmware,
        kernel=image.kernel,
        initrd=image.initrd,
        cmdline=image.cmdline,
        min_disk_gib=image.min_disk_gib,
    )


def network_spec(network: Network) -> NetworkSpec:
    return NetworkSpec(
        id=network.id,
        name=network.name,
        mode=network.mode,
        cidr=network.cidr,
        gateway=network.gateway,
        bridge=network.bridge,
    )


def security_group_spec(session: Session, group: SecurityGroup) -> SecurityGroupSpec:
    rules = session.scalars(
        select(SecurityRule).where(SecurityRule.security_group_id == group.id).order_by(SecurityRule.id)
    )
    return SecurityGroupSpec(
        id=group.id,
        name=group.name,
        rules=tuple(RuleSpec(r.direction, r.protocol, r.port_min, r.port_max, r.cidr) for r in rules),
    )


def nic_specs(session: Session, instance_id: str) -> tuple[NicSpec, ...]:
    """The instance's ports in order, each guarded by all of its security groups."""
    groups = session.scalars(
        select(SecurityGroup)
        .join(InstanceSecurityGroup, InstanceSecurityGroup.security_group_id == SecurityGroup.id)
        .where(InstanceSecurityGroup.instance_id == instance_id)
        .order_by(SecurityGroup.id)
    ).all()
    guards: Sequence[SecurityGroupSpec] = [security_group_spec(session, group) for group in groups]
    ports = session.execute(
        select(Port, Network)
        .join(Network, Network.id == Port.network_id)
        .where(Port.instance_id == instance_id)
        .order_by(Port.position)
    )
    return tuple(
        NicSpec(network=network_spec(network), mac=port.mac, address=port.address or "", security_groups=tuple(guards))
        for port, network in ports
    )


def instance_spec(
    session: Session,
    cipher: Cipher,
    instance: Instance,
    *,
    host_id: str | None = None,
    pool_id: str | None = None,
    image_id: str | None = None,
) -> InstanceSpec:
    """The whole instance as it shall be on its host, or on another one for a move."""
    host, pool, image = session.execute(
        select(Host.name, StoragePool.name, Image)
        .select_from(Host)
        .join(StoragePool, StoragePool.id == (pool_id or instance.storage_pool_id))
        .join(Image, Image.id == (image_id or instance.image_id))
        .where(Host.id == (host_id or instance.host_id))
    ).one()
    return InstanceSpec(
        id=instance.id,
        name=instance.name,
        hostname=instance.hostname,
        host=host,
        pool=pool,
        vcpus=instance.vcpus,
        memory_mib=instance.memory_mib,
        disk_gib=instance.disk_gib,
        image=image_spec(image),
        nics=nic_specs(session, instance.id),
        ssh_keys=tuple(instance.ssh_keys),
        user_data=cipher.open(instance.user_data, USER_DATA) if instance.user_data else None,
        tenant=instance.project_id,
        apart=instance.anti_affinity,
    )
