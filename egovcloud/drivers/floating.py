"""Floating addresses: addresses of the cloud's outer network that a port of an instance can be reached by.

As OpenStack has them: an address is taken from the outer network behind a ``nat`` network's router, belongs to the
cloud as a whole, is listed on every host of it, and is handed from one instance to another without either being told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from egovcloud.drivers.base import NetworkSpec, Ref


@dataclass(frozen=True)
class FloatingSpec:
    """``network`` is the ``nat`` network, ensured before, whose router leads to the outer network.

    ``tenant`` is our id of the project that it is taken in, where the cloud keeps projects apart.
    """

    id: str
    network: NetworkSpec
    tenant: str | None = None


@dataclass(frozen=True)
class FloatingFacts:
    """``address`` is IPv4 text; ``instance`` our id of the one that has it, ``survey.FOREIGN`` for another's."""

    id: str
    ref: Ref
    address: str
    instance: str | None = None


@dataclass(frozen=True)
class FloatingLook:
    """What a list tells of one; ``instance`` is empty when nobody has it."""

    address: str | None = None
    instance: str | None = None


class Floating(Protocol):
    """A part of the driver contract; ``host`` is any host of the cloud, for an instance the one that it is on."""

    def create_floating_address(self, host: str, spec: FloatingSpec, *, within: float) -> FloatingFacts:
        """Take an address; ``QuotaExceeded("floating_address.exhausted")`` when the outer network has none left.

        ``Conflict("floating_address.no_router")`` for a network that no router connects to the outside,
        ``NotFound("tenant.absent")`` for a project that was not ensured.
        """
        ...

    def observe_floating_address(self, host: str, floating_id: str, *, within: float) -> FloatingFacts | None: ...

    def associate_floating_address(
        self, host: str, floating_id: str, instance_id: str, mac: str, *, within: float
    ) -> FloatingFacts:
        """Let the instance's port of this MAC be reached by it, whoever had it before.

        ``NotFound`` for an address, an instance or a port that is not there; ``Conflict("floating_address.no_router")``
        for a port whose network is not connected to the outer network, ``Conflict("floating_address.taken")`` for one
        that has another floating address.
        """
        ...

    def disassociate_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        """Take it from whoever has it; it stays ours. Absent succeeds."""
        ...

    def delete_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        """Give it back to the cloud, associated or not."""
        ...
