"""The part of the contract that copies volumes: snapshots of them, and what a new one starts as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the contract is made of this part, so that it cannot be imported from here
    from egovcloud.drivers.base import Ref

VOLUME, VOLUME_SNAPSHOT = "volume", "volume_snapshot"


@dataclass(frozen=True)
class VolumeSource:
    """What a volume starts as a copy of: ``kind`` is ``volume`` or ``volume_snapshot``, ``id`` ours.

    ``pool`` is where it lies. A volume is copied while no instance has it, so that nothing writes to it meanwhile.
    """

    kind: str
    id: str
    pool: str


@dataclass(frozen=True)
class VolumeSnapshotSpec:
    """A snapshot of one volume, which lies in ``pool`` of ``host``; ``name`` is the user's text.

    ``tenant`` is our project that it counts for where the cloud keeps projects apart: that of its volume.
    """

    id: str
    name: str
    host: str
    pool: str
    volume_id: str
    tenant: str | None = None


@dataclass(frozen=True)
class VolumeSnapshotFacts:
    """``size_gib`` is the volume's size when it was taken: what is made of it has at least as much."""

    id: str
    ref: Ref
    volume_id: str
    size_gib: int


class VolumeSnapshotting(Protocol):
    """What a driver with ``Capability.VOLUME_SNAPSHOT`` does; others raise ``Unsupported``.

    A volume that has snapshots is not deleted: ``delete_volume`` raises ``Conflict("volume.snapshots_left")``.
    """

    def create_volume_snapshot(self, spec: VolumeSnapshotSpec, *, within: float) -> VolumeSnapshotFacts:
        """Of a volume, whether an instance has it or not; ``NotFound("volume.absent")`` when it is not there.

        A guest that runs goes on writing meanwhile: what is kept is what a loss of power would have left.
        """
        ...

    def observe_volume_snapshot(
        self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float
    ) -> VolumeSnapshotFacts | None: ...

    def delete_volume_snapshot(
        self, host: str, pool: str, volume_id: str, snapshot_id: str, *, within: float
    ) -> None: ...
