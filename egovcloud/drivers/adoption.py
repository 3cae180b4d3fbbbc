"""The part of the contract that takes what others made under management, and gives it back.

An adopted thing bears our marker and a note that it was adopted; nothing else of it is changed, so that it runs on, and
taking both off again leaves it as it was found. What makes it different from a thing of ours is who made it: its size
and its disks are not ours to touch. ``resize_instance``, ``rebuild_instance``, ``grow_volume``, ``wipe_*`` and
``delete_*`` raise ``Conflict("adoption.kept")``, and ``delete_owned``, with which the orphan sweep meets it when no row
knows it, takes the marker off and leaves the thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from egovcloud.domain.errors import Problem

if TYPE_CHECKING:  # the contract is made of this part, so that it cannot be imported from here
    from egovcloud.drivers.base import OwnedKind, Power, Ref


@dataclass(frozen=True)
class FoundDisk:
    """A disk of something that is not ours: the guest's device, its size, and the pool of ours that it lies in."""

    target: str
    size_gib: float
    pool: str | None = None


@dataclass(frozen=True)
class FoundNic:
    """``network`` is the cloud's name for it, ``network_id`` ours where it bears our marker."""

    mac: str
    address: str | None
    network: str
    network_id: str | None = None


@dataclass(frozen=True)
class Found:
    """One instance or volume, with all that adopting it needs to know. Sizes are what the guest is given.

    ``id`` is the only id of ours that it can bear (libvirt: its UUID); ``None`` leaves the choice to the caller.
    ``owner`` is ``""`` for nobody's, ``ours``, or ``other`` for another installation's; ``our_id`` is what it bears.
    ``disks`` are the instance's own; ``volumes`` the external ids of those at it that live beside it and come along.
    ``instance`` is the external id of what holds a volume. ``obstacle`` is why this cloud cannot let it be adopted.
    """

    kind: OwnedKind
    external_id: str
    host: str
    name: str
    id: str | None = None
    owner: str = ""
    our_id: str | None = None
    power: Power | None = None
    vcpus: int = 0
    memory_mib: int = 0
    size_gib: float = 0.0
    pool: str | None = None
    disks: tuple[FoundDisk, ...] = ()
    nics: tuple[FoundNic, ...] = ()
    volumes: tuple[str, ...] = ()
    instance: str | None = None
    device: str | None = None
    obstacle: Problem | None = None


class Adopting(Protocol):
    """What every driver can do with an instance or a volume that it did not make."""

    def inspect_unmanaged(self, host: str, kind: OwnedKind, external_id: str, *, within: float) -> Found | None:
        """All of one instance or volume, ours or not; ``None`` when the cloud answers that there is no such thing."""
        ...

    def adopt_instance(self, host: str, external_id: str, instance_id: str, *, within: float) -> Ref:
        """Put our marker on it and change nothing else, running or stopped; again succeeds.

        ``Forbidden("driver.foreign")`` when it bears another installation's marker, ``Conflict("adoption.taken")`` when
        it is ours under another id, ``NotFound("adoption.absent")`` when there is none.
        """
        ...

    def adopt_volume(self, host: str, pool: str, external_id: str, volume_id: str, *, within: float) -> Ref:
        """As ``adopt_instance``."""
        ...

    def release_instance(self, host: str, instance_id: str, *, within: float) -> None:
        """Take our marker off what was adopted and change nothing else; absent or unmarked succeeds.

        ``Conflict("release.own")`` for what we made ourselves, ``Conflict("release.snapshots")`` while snapshots of
        ours lie on it.
        """
        ...

    def release_volume(self, host: str, pool: str, volume_id: str, *, within: float) -> None:
        """As ``release_instance``."""
        ...
