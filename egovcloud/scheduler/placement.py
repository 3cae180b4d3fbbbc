"""Filters refuse, weighers rank; both say why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from egovcloud.scheduler.views import Ask, HostView, Reason, StorageView, Verdict

Filter = Callable[[Ask, HostView], Reason]
Weigher = tuple[str, float, Callable[[Ask, HostView], float]]

# Scores nearer than this are equal, and equal hosts are told apart by a hash of the ask: many asks at the same
# moment then spread over the hosts instead of all racing for the emptiest one.
GRAIN = 0.05


def _state(ask: Ask, host: HostView) -> Reason:
    ok = host.state == "enabled" and host.health == "up"
    return Reason("state", ok, "placement.state", {"state": host.state, "health": host.health})


def _asked_for(ask: Ask, host: HostView) -> Reason:
    ok = host.id not in ask.avoid and ask.only in (None, host.id)
    return Reason("choice", ok, "placement.choice")


def _zone(ask: Ask, host: HostView) -> Reason:
    return Reason("zone", ask.zone_id in (None, host.zone_id), "placement.zone")


def _capabilities(ask: Ask, host: HostView) -> Reason:
    missing = sorted(ask.needs - host.capabilities)
    return Reason("capability", not missing, "placement.capability", {"missing": ", ".join(missing) or "-"})


def _vcpus(ask: Ask, host: HostView) -> Reason:
    free = host.vcpu_capacity - host.vcpus_allocated
    params = {"free": free, "asked": ask.vcpus, "capacity": host.vcpu_capacity}
    return Reason("vcpus", ask.vcpus <= free, "placement.vcpus", params)


def _memory(ask: Ask, host: HostView) -> Reason:
    free = host.memory_capacity_mib - host.memory_allocated_mib
    params = {"free": free, "asked": ask.memory_mib, "capacity": host.memory_capacity_mib}
    return Reason("memory", ask.memory_mib <= free, "placement.memory", params)


def _storage(ask: Ask, host: HostView) -> Reason:
    pool = roomiest(host)
    free = int(pool.free_gib) if pool else 0
    params = {"free": free, "asked": ask.disk_gib, "pool": pool.name if pool else "-"}
    return Reason("storage", pool is not None and ask.disk_gib <= free, "placement.storage", params)


def _anti_affinity(ask: Ask, host: HostView) -> Reason:
    ok = ask.anti_affinity is None or ask.anti_affinity not in host.groups
    return Reason("anti_affinity", ok, "placement.anti_affinity", {"group": ask.anti_affinity or "-"})


FILTERS: tuple[Filter, ...] = (_state, _asked_for, _zone, _capabilities, _vcpus, _memory, _storage, _anti_affinity)


def _free_memory(ask: Ask, host: HostView) -> float:
    capacity = host.memory_capacity_mib
    return (capacity - host.memory_allocated_mib - ask.memory_mib) / capacity if capacity else 0.0


def _free_vcpus(ask: Ask, host: HostView) -> float:
    capacity = host.vcpu_capacity
    return (capacity - host.vcpus_allocated - ask.vcpus) / capacity if capacity else 0.0


def _free_storage(ask: Ask, host: HostView) -> float:
    pool = roomiest(host)
    return (pool.free_gib - ask.disk_gib) / (pool.capacity_gib * pool.ratio) if pool and pool.capacity_gib else 0.0


WEIGHERS: tuple[Weigher, ...] = (
    ("memory", 0.5, _free_memory),
    ("vcpus", 0.3, _free_vcpus),
    ("storage", 0.2, _free_storage),
)


def roomiest(host: HostView) -> StorageView | None:
    """The storage pool with most room; ties by name, so that the answer is always the same."""
    return max(host.storage, key=lambda pool: (pool.free_gib, pool.name), default=None)


def judge(ask: Ask, host: HostView) -> Verdict:
    """One host's verdict with every reason, the passed ones too."""
    reasons = [test(ask, host) for test in FILTERS]
    accepted = all(reason.ok for reason in reasons)
    score = 0.0
    if accepted:
        for name, weight, weigh in WEIGHERS:
            part = max(0.0, min(1.0, weigh(ask, host)))
            score += weight * part
            params: dict[str, object] = {"percent": round(100 * part), "weight": weight}
            reasons.append(Reason(f"weigh_{name}", True, f"placement.weigh_{name}", params))
    pool = roomiest(host)
    return Verdict(
        host.id, host.name, accepted, round(score, 4), tuple(reasons), pool.id if pool else None, host.generation
    )


def place(ask: Ask, hosts: Sequence[HostView]) -> list[Verdict]:
    """Verdicts for all hosts, the best first; none accepted means that it fits nowhere."""
    verdicts = [judge(ask, host) for host in hosts]
    return sorted(verdicts, key=lambda verdict: (not verdict.accepted, -int(verdict.score / GRAIN), _tie(ask, verdict)))


def _tie(ask: Ask, verdict: Verdict) -> bytes:
    return hashlib.blake2b(f"{ask.key}/{verdict.host_id}".encode(), digest_size=8).digest()
