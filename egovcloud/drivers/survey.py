"""What one look at a host tells of everything of ours there. A fact that the cloud does not tell is ``None``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from egovcloud.drivers.base import Owned, RuleSpec
from egovcloud.drivers.floating import FloatingLook

FOREIGN = "?"  # in place of our id, for a thing that is there and is not ours


@dataclass(frozen=True)
class NicLook:
    """One port as it is plugged. ``network`` and ``groups`` hold our ids, ``FOREIGN`` for what is not ours."""

    mac: str
    address: str | None = None
    network: str | None = None
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True)
class InstanceLook:
    """``name`` is what the cloud shows, ``given_name`` what our mark says that we called it; memory in MiB.

    ``disk_gib`` is the root disk's size. ``foreign_disks`` and ``foreign_snapshots`` are the cloud's names of what
    hangs on it and is not ours.
    """

    vcpus: int | None = None
    memory_mib: int | None = None
    disk_gib: int | None = None
    image: str | None = None
    name: str | None = None
    given_name: str | None = None
    nics: tuple[NicLook, ...] | None = None
    foreign_disks: tuple[str, ...] | None = None
    foreign_snapshots: tuple[str, ...] | None = None


@dataclass(frozen=True)
class VolumeLook:
    """``instance`` is our id of the instance that holds it, ``FOREIGN`` for another's, empty when it is free."""

    size_gib: int | None = None
    instance: str | None = None


@dataclass(frozen=True)
class SnapshotLook:
    instance: str | None = None


@dataclass(frozen=True)
class VolumeSnapshotLook:
    """``volume`` is our id of what it was taken of."""

    volume: str | None = None
    size_gib: int | None = None


@dataclass(frozen=True)
class NetworkLook:
    """``bridge`` is empty where there is none."""

    mode: str | None = None
    cidr: str | None = None
    gateway: str | None = None
    bridge: str | None = None


@dataclass(frozen=True)
class GroupLook:
    rules: tuple[RuleSpec, ...] | None = None


@dataclass(frozen=True)
class ImageLook:
    """A copy of an image in ``pool``; ``sha256`` is what the cloud says of it now."""

    pool: str | None = None
    sha256: str | None = None


Look = (
    InstanceLook | VolumeLook | SnapshotLook | VolumeSnapshotLook | NetworkLook | GroupLook | ImageLook | FloatingLook
)


@dataclass(frozen=True)
class Thing:
    """One object with our mark. Without a look, it is a remainder of something that is gone."""

    owned: Owned
    look: Look | None = None


@dataclass(frozen=True)
class Survey:
    """Everything of ours on one host, duplicates included."""

    host: str
    things: tuple[Thing, ...]

    @property
    def owned(self) -> Sequence[Owned]:
        """What is there, without its facts."""
        return [thing.owned for thing in self.things]
