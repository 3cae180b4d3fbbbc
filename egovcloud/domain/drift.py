"""Every way in which a cloud may differ from what is desired, as data: what is compared, and what may be done about it.

A kind's code is ``noun.what``. ``accept`` writes what is observed into our own rows, ``repair`` makes the cloud as
desired; a kind offers only what can be kept. Names of both are in ``domain/messages/drift.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REPORT, ACCEPT, REPAIR = "report", "accept", "repair"
POLICIES = (REPORT, ACCEPT, REPAIR)


@dataclass(frozen=True)
class DriftKind:
    """One kind. ``compares`` names the facts; ``known`` kinds are accepted by taking note, since no row changes.

    ``sure``: one look settles it, because it was asked for directly; every other kind has to be seen in two looks
    before anything is done about it.
    """

    code: str
    compares: tuple[str, ...]
    accept: bool = False
    repair: bool = False
    default: str = REPORT
    known: bool = False
    sure: bool = False

    @property
    def noun(self) -> str:
        """What the drift is about."""
        return self.code.partition(".")[0]

    @property
    def policies(self) -> tuple[str, ...]:
        """What may be done without asking anyone."""
        return (REPORT, *((ACCEPT,) if self.accept else ()), *((REPAIR,) if self.repair else ()))


_ALL = (
    # -- instances: power -----------------------------------------------------------------------------------------
    DriftKind("instance.stopped", ("power",), accept=True, repair=True, default=ACCEPT, sure=True),
    DriftKind("instance.started", ("power",), accept=True, repair=True, default=ACCEPT, sure=True),
    DriftKind("instance.crashed", ("power",), accept=True, repair=True, default=ACCEPT, sure=True),
    DriftKind("instance.paused", ("power",), repair=True, sure=True),
    DriftKind("instance.shelved", ("power",), accept=True, repair=True),
    DriftKind("instance.unshelved", ("power",), accept=True, repair=True),
    # -- instances: being -----------------------------------------------------------------------------------------
    DriftKind("instance.gone", ("exists",), accept=True, default=ACCEPT, sure=True),
    DriftKind("instance.moved", ("host",), accept=True),
    DriftKind("instance.duplicated", ("copies",)),
    # -- instances: shape -----------------------------------------------------------------------------------------
    DriftKind("instance.vcpus", ("vcpus",), accept=True, repair=True),
    DriftKind("instance.memory", ("memory_mib",), accept=True, repair=True),
    DriftKind("instance.disk", ("disk_gib",), accept=True),
    DriftKind("instance.image", ("image",), accept=True),
    DriftKind("instance.renamed", ("name",), accept=True),
    # -- instances: what is plugged in ----------------------------------------------------------------------------
    DriftKind("instance.nic_missing", ("nics",)),
    DriftKind("instance.nic_added", ("nics",)),
    DriftKind("instance.nic_network", ("nics",)),
    DriftKind("instance.address", ("addresses",), accept=True),
    DriftKind("instance.groups", ("security_groups",), accept=True, repair=True),
    DriftKind("instance.foreign_disk", ("disks",)),
    DriftKind("instance.foreign_snapshot", ("snapshots",)),
    # -- volumes --------------------------------------------------------------------------------------------------
    DriftKind("volume.gone", ("exists",), accept=True, default=ACCEPT, sure=True),
    DriftKind("volume.moved", ("host",), accept=True),
    DriftKind("volume.duplicated", ("copies",)),
    DriftKind("volume.grown", ("size_gib",), accept=True),
    DriftKind("volume.shrunk", ("size_gib",), accept=True, repair=True),
    DriftKind("volume.detached", ("instance",), accept=True, repair=True),
    DriftKind("volume.attached", ("instance",), accept=True, repair=True),
    DriftKind("volume.elsewhere", ("instance",), accept=True, repair=True),
    # -- snapshots ------------------------------------------------------------------------------------------------
    DriftKind("snapshot.gone", ("exists",), accept=True),
    DriftKind("snapshot.duplicated", ("copies",)),
    DriftKind("volume_snapshot.gone", ("exists",), accept=True),
    DriftKind("volume_snapshot.duplicated", ("copies",)),
    # -- networks -------------------------------------------------------------------------------------------------
    DriftKind("network.gone", ("exists",), repair=True),
    DriftKind("network.mode", ("mode",), repair=True),
    DriftKind("network.cidr", ("cidr",), repair=True),
    DriftKind("network.gateway", ("gateway",), repair=True),
    DriftKind("network.bridge", ("bridge",), repair=True),
    # -- floating addresses ---------------------------------------------------------------------------------------
    DriftKind("floating_address.gone", ("exists",), accept=True, default=ACCEPT, sure=True),
    DriftKind("floating_address.disassociated", ("instance",), accept=True, repair=True),
    DriftKind("floating_address.associated", ("instance",), accept=True, repair=True),
    DriftKind("floating_address.elsewhere", ("instance",), accept=True, repair=True),
    # -- security groups ------------------------------------------------------------------------------------------
    DriftKind("security_group.gone", ("exists",), repair=True),
    DriftKind("security_group.rule_added", ("rules",), accept=True, repair=True),
    DriftKind("security_group.rule_missing", ("rules",), accept=True, repair=True),
    # -- images ---------------------------------------------------------------------------------------------------
    DriftKind("image.gone", ("exists",), repair=True),
    DriftKind("image.altered", ("sha256",)),
    # -- hosts and pools ------------------------------------------------------------------------------------------
    DriftKind("host.gone", ("exists",)),
    DriftKind("host.silent", ("answers",)),
    DriftKind("host.size", ("vcpus", "memory_mib"), accept=True, default=ACCEPT, sure=True),
    DriftKind("host.overpromised", ("vcpus", "memory_mib")),
    DriftKind("host.unmanaged", ("unmanaged",), accept=True, known=True),
    DriftKind("storage_pool.gone", ("exists",)),
    DriftKind("storage_pool.overpromised", ("capacity_gib",)),
)

KINDS: Mapping[str, DriftKind] = {kind.code: kind for kind in _ALL}
NOUNS: tuple[str, ...] = tuple(dict.fromkeys(kind.noun for kind in _ALL))


def rule_text(direction: str, protocol: str, port_min: int | None, port_max: int | None, cidr: str) -> str:
    """A security rule as one line, so that two sets of rules can be compared: ``ingress tcp 80-443 0.0.0.0/0``."""
    ports = "*" if port_min is None else f"{port_min}-{port_max}"
    return f"{direction} {protocol} {ports} {cidr}"


def rule_parts(line: str) -> dict[str, str | int | None]:
    """``rule_text`` read back."""
    direction, protocol, ports, cidr = line.split()
    low, _, high = ports.partition("-")
    return {
        "direction": direction,
        "protocol": protocol,
        "port_min": None if ports == "*" else int(low),
        "port_max": None if ports == "*" else int(high),
        "cidr": cidr,
    }
