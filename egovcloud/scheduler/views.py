"""What placement sees and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StorageView:
    """A storage pool; ``free_gib`` counts what is promised, times the overcommit ratio, not what is written."""

    id: str
    name: str
    capacity_gib: float
    allocated_gib: int
    ratio: float = 1.0

    @property
    def free_gib(self) -> float:
        return self.capacity_gib * self.ratio - self.allocated_gib


@dataclass(frozen=True)
class HostView:
    """A host as the database knew it at one moment. Memory in MiB."""

    id: str
    name: str
    zone_id: str
    state: str
    health: str
    vcpus: int
    memory_mib: int
    vcpus_allocated: int
    memory_allocated_mib: int
    generation: int
    vcpu_ratio: float = 1.0
    memory_ratio: float = 1.0
    reserved_memory_mib: int = 0
    storage: tuple[StorageView, ...] = ()
    capabilities: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()  # anti-affinity groups that already have a member here

    @property
    def vcpu_capacity(self) -> int:
        return int(self.vcpus * self.vcpu_ratio)

    @property
    def memory_capacity_mib(self) -> int:
        return int((self.memory_mib - self.reserved_memory_mib) * self.memory_ratio)


@dataclass(frozen=True)
class Ask:
    """What has to go somewhere. ``key`` breaks ties between equal hosts, so that equal asks spread."""

    key: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    zone_id: str | None = None
    anti_affinity: str | None = None
    needs: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    only: str | None = None


@dataclass(frozen=True)
class Reason:
    """One test or weight: ``code`` names its sentence in the message catalogue."""

    name: str
    ok: bool
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Why this host, or why not. ``score`` is 0 to 1, higher is better, and meaningless when not accepted."""

    host_id: str
    host_name: str
    accepted: bool
    score: float
    reasons: tuple[Reason, ...]
    storage_pool_id: str | None
    generation: int
