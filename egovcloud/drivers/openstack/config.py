"""What the driver must be told about a cloud, because its API cannot be asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class PoolConfig:
    """One storage pool of the cloud: a volume type of Cinder as a tier.

    ``volume_type`` names the type of data volumes; ``None`` means that the pool holds no volumes. ``root`` says where
    an instance of this pool has its root disk: ``volume`` boots it from a volume of that type, ``hypervisor`` from a
    disk that Nova keeps on the compute host.
    """

    volume_type: str | None = None
    root: str = "volume"

    @property
    def boots_from_volume(self) -> bool:
        """Whether the root disk is a volume."""
        return self.root == "volume"


@dataclass(frozen=True)
class CloudConfig:
    """One cloud and region; several of them are several providers.

    ``cloud`` is a name in ``clouds.yaml`` (with its secrets in ``secure.yaml``), or ``envvars`` for the ``OS_*``
    variables; no password is ever kept here. ``clouds_file`` and ``secure_file`` replace the usual places of those
    files. ``region`` overrides the file's. ``external_network`` is the name of Neutron's external network through
    which ``nat`` networks reach the outside; without it there is no ``nat``. ``physical_networks`` states that
    ``bridged`` networks may be made on the physical networks that Neutron knows.

    ``visibility`` is for how many seconds a creation whose answer was lost is looked for before another one is sent.
    ``make_flavors`` false makes the driver choose among existing flavors only. ``tenancy`` true keeps our projects
    apart, each in a Keystone project of its own with native quotas: the login must be an administrator's and not an
    application credential, which Keystone binds to one project.
    ``screens`` false says that the cloud has no proxy of screens.
    """

    cloud: str
    region: str | None = None
    clouds_file: str | None = None
    secure_file: str | None = None
    pools: Mapping[str, PoolConfig] = field(default_factory=dict)
    external_network: str | None = None
    physical_networks: bool = True
    visibility: float = 15.0
    make_flavors: bool = True
    config_drive: bool = True
    tenancy: bool = False
    screens: bool = True

    @classmethod
    def of(cls, provider: Mapping[str, Any]) -> CloudConfig:
        """Out of a provider's stored configuration, whose other keys are not the driver's."""
        known = {name: provider[name] for name in (one.name for one in fields(cls)) if name in provider}
        pools = {name: PoolConfig(**about) for name, about in known.pop("pools", {}).items()}
        return cls(**known, pools=pools)
