"""Compute hosts and pools as the cloud states them.

https://docs.openstack.org/api-ref/compute/#hypervisors-os-hypervisors and
https://docs.openstack.org/api-ref/block-storage/v3/#back-end-storage-pools. Both need the administrator's role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from egovcloud.domain.errors import NotFound
from egovcloud.drivers.base import HostFacts, PoolFacts
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import CloudError, Unanswered

# The last version in which a hypervisor states its size; later ones leave that to Placement, one request a host.
SIZED = "2.87"
UNBOUNDED = 1_000_000.0  # GiB, for a back end that says "infinite"


def require(call: Call, host: str) -> None:
    """``NotFound("host.absent")`` for a host that the cloud does not have; a new one is noticed when asked for."""
    if host in call.cloud.hosts.get(lambda: _names(call)):
        return
    call.cloud.hosts.forget()
    if host not in call.cloud.hosts.get(lambda: _names(call)):
        raise NotFound("host.absent", host=host, field="host")


def _names(call: Call) -> frozenset[str]:
    return frozenset(_name(one) for one in _hypervisors(call))


def _hypervisors(call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call.compute.get("/os-hypervisors/detail", microversion=SIZED)["hypervisors"]
    return found


def _name(hypervisor: dict[str, Any]) -> str:
    """The compute service's name, by which Nova takes a chosen host."""
    return str(hypervisor["service"]["host"])


def every(call: Call) -> Sequence[HostFacts]:
    """All compute hosts; when the cloud does not answer, as they were last seen and out of reach."""
    try:
        listed = _hypervisors(call)
    except Unanswered as error:
        return _unreachable(call, error)
    found: dict[str, HostFacts] = {}
    for one in listed:
        facts = _facts(one)
        known = found.get(facts.name)  # bare metal: one service with many nodes
        found[facts.name] = facts if known is None else _sum(known, facts)
    call.cloud.last_seen = found
    return list(found.values())


def _unreachable(call: Call, error: CloudError) -> Sequence[HostFacts]:
    if not call.cloud.last_seen:
        raise error
    detail = error.problem.text("en")
    return [replace(facts, reachable=False, detail=detail) for facts in call.cloud.last_seen.values()]


def _facts(one: dict[str, Any]) -> HostFacts:
    info = one.get("cpu_info")
    state = "" if one.get("state") == "up" else f"nova-compute on {_name(one)} is {one.get('state')}"
    if one.get("status") == "disabled" and not state:
        state = str(one["service"].get("disabled_reason") or "the compute service is disabled")
    return HostFacts(
        _name(one),
        int(one.get("vcpus") or 0),
        int(one.get("memory_mb") or 0),
        one.get("state") == "up",
        str(one.get("hypervisor_type") or ""),
        str(info.get("model") or "") if isinstance(info, dict) else "",
        str(one.get("hypervisor_version") or ""),
        state,
    )


def _sum(one: HostFacts, other: HostFacts) -> HostFacts:
    return replace(one, vcpus=one.vcpus + other.vcpus, memory_mib=one.memory_mib + other.memory_mib)


def pools(call: Call) -> Sequence[PoolFacts]:
    """The configured pools. They are shared: every host of the cloud sees the same volumes."""
    if not call.config.pools:
        return []
    back_ends = call.storage.get("/scheduler-stats/get_pools", detail="true")["pools"]
    types = {one["name"]: one.get("extra_specs") or {} for one in call.storage.list("/types", "volume_types")}
    found = []
    for name, config in call.config.pools.items():
        if config.volume_type is None:
            found.append(_local(call, name))
            continue
        wanted = types.get(config.volume_type, {}).get("volume_backend_name")
        each = [one["capabilities"] for one in back_ends]
        mine = [one for one in each if wanted in (None, one.get("volume_backend_name"))]
        capacity = sum(_gib(one.get("total_capacity_gb")) for one in mine)
        free = sum(_gib(one.get("free_capacity_gb")) for one in mine)
        found.append(PoolFacts(name, call.host, "cinder", capacity, max(0.0, capacity - free), True))
    return found


def _local(call: Call, name: str) -> PoolFacts:
    """Room on the compute host itself, for root disks alone."""
    mine = [one for one in _hypervisors(call) if _name(one) == call.host]
    capacity = sum(float(one.get("local_gb") or 0) for one in mine)
    used = sum(float(one.get("local_gb_used") or 0) for one in mine)
    return PoolFacts(name, call.host, "nova", capacity, min(capacity, used), False)


def _gib(value: object) -> float:
    """A back end may say ``infinite`` or ``unknown``."""
    try:
        return min(UNBOUNDED, float(str(value)))
    except ValueError:
        return UNBOUNDED if value == "infinite" else 0.0
