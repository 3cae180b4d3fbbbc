"""A cloud in a file: every capability of the contract, no hypervisor, and faults that can be switched on.

The file is the provider's configuration; it lies outside the control plane's database, is shared by all processes
that name it, and outlives them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from egovcloud.drivers.base import Capability
from egovcloud.drivers.simulator.parts.adoption import AdoptionPart
from egovcloud.drivers.simulator.parts.console import ConsolePart
from egovcloud.drivers.simulator.parts.floating import FloatingPart
from egovcloud.drivers.simulator.parts.images import ImagesPart
from egovcloud.drivers.simulator.parts.instances import InstancesPart
from egovcloud.drivers.simulator.parts.inventory import InventoryPart
from egovcloud.drivers.simulator.parts.migration import MigrationPart
from egovcloud.drivers.simulator.parts.networks import NetworksPart
from egovcloud.drivers.simulator.parts.shelving import ShelvingPart
from egovcloud.drivers.simulator.parts.snapshots import SnapshotsPart
from egovcloud.drivers.simulator.parts.survey import SurveyPart
from egovcloud.drivers.simulator.parts.tenants import TenantsPart
from egovcloud.drivers.simulator.parts.volume_snapshots import VolumeSnapshotsPart
from egovcloud.drivers.simulator.parts.volumes import VolumesPart


class SimulatorDriver(
    InventoryPart,
    SurveyPart,
    ImagesPart,
    NetworksPart,
    ShelvingPart,
    FloatingPart,
    InstancesPart,
    MigrationPart,
    VolumesPart,
    SnapshotsPart,
    VolumeSnapshotsPart,
    ConsolePart,
    AdoptionPart,
    TenantsPart,
):
    """``SimulatorDriver(installation, path)`` on a file made by ``create_cloud``; safe to use from many threads."""

    kind = "simulator"

    def __init__(
        self, installation: str, path: Path | str, *, tenancy: bool = False, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(installation, path, tenancy=tenancy, now=now)
        self.capabilities = frozenset(Capability) - (frozenset() if tenancy else {Capability.TENANCY})
