"""Servers in Nova: found by their mark, seen as facts, awaited.

https://docs.openstack.org/api-ref/compute/#servers-servers
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from egovcloud.domain.errors import NotFound, Permanent, Problem, QuotaExceeded
from egovcloud.drivers.base import InstanceFacts, Power, Ref
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.service import Json

HOST = "egov_host"  # metadata: where it was sent, for Nova names no host before it is scheduled, nor after a failure
_POWER = {
    "ACTIVE": Power.RUNNING,
    "PASSWORD": Power.RUNNING,
    "REBOOT": Power.RUNNING,
    "HARD_REBOOT": Power.RUNNING,
    "RESCUE": Power.RUNNING,
    "MIGRATING": Power.RUNNING,
    "PAUSED": Power.PAUSED,
    "SUSPENDED": Power.PAUSED,
    "ERROR": Power.CRASHED,
    "SHELVED": Power.SHELVED,
    "SHELVED_OFFLOADED": Power.SHELVED,
}
# https://docs.openstack.org/api-guide/compute/server_concepts.html: power states of OS-EXT-STS
_STATES = {1: Power.RUNNING, 3: Power.PAUSED, 4: Power.STOPPED, 6: Power.CRASHED, 7: Power.PAUSED}
GONE = frozenset({"DELETED", "SOFT_DELETED"})


def host_of(server: Json) -> str:
    """The compute host that has it, or shall have it."""
    return str(server.get("OS-EXT-SRV-ATTR:host") or meant_host(server))


def meant_host(server: Json) -> str:
    """The compute host that we chose for it."""
    return str(server.get("metadata", {}).get(HOST) or "")


def power_of(server: Json) -> Power:
    """As Nova states it; between two sizes, the hypervisor's own word counts."""
    status = str(server["status"])
    if status in ("RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE"):
        return _STATES.get(int(server.get("OS-EXT-STS:power_state") or 0), Power.STOPPED)
    return _POWER.get(status, Power.STOPPED)


def search(call: Call, instance_id: str) -> list[Json]:
    """Servers that bear the mark of this instance, on whatever host; the oldest comes first."""
    listed = call.compute.list("/servers/detail", "servers", tags=call.marker.server_tag(instance_id), **call.wide)
    alive = [one for one in listed if one["status"] not in GONE]
    return sorted(alive, key=lambda one: (str(one["created"]), str(one["id"])))


def here(call: Call, instance_id: str) -> list[Json]:
    """Those of them on the call's host."""
    return [one for one in search(call, instance_id) if host_of(one) == call.host]


def require(call: Call, instance_id: str) -> Json:
    """The server on the call's host; ``NotFound("instance.absent")`` when there is none."""
    found = here(call, instance_id)
    if not found:
        raise NotFound("instance.absent", id=instance_id, host=call.host)
    return found[0]


def meant_here(call: Call, instance_id: str) -> Json:
    """As ``require``, also when Nova put the server elsewhere for a while."""
    found = [one for one in search(call, instance_id) if call.host in (host_of(one), meant_host(one))]
    if not found:
        raise NotFound("instance.absent", id=instance_id, host=call.host)
    return found[0]


def ref_of(call: Call, server: Json) -> Ref:
    return Ref(str(server["id"]), host_of(server) or call.host)


def addresses_of(server: Json) -> tuple[str, ...]:
    return tuple(
        str(one["addr"])
        for ports in (server.get("addresses") or {}).values()
        for one in ports
        if one.get("OS-EXT-IPS:type") != "floating"
    )


def facts(call: Call, instance_id: str, server: Json, volumes: tuple[tuple[str, str], ...]) -> InstanceFacts:
    flavor = server["flavor"]
    return InstanceFacts(
        instance_id,
        ref_of(call, server),
        power_of(server),
        int(flavor["vcpus"]),
        int(flavor["ram"]),
        addresses_of(server),
        volumes,
    )


def get(call: Call, server_id: str) -> Json | None:
    """As it is now; ``None`` when it is gone."""
    found = call.compute.find(f"/servers/{server_id}")
    return None if found is None or found["server"]["status"] in GONE else found["server"]


def act(call: Call, server_id: str, action: str, argument: Any = None) -> Json:
    """https://docs.openstack.org/api-ref/compute/#servers-run-an-action-servers-action"""
    return call.compute.post(f"/servers/{server_id}/action", {action: argument})


def settle(call: Call, instance_id: str, server_id: str, done: Callable[[Json], bool]) -> Json:
    """Wait until ``done``; an error of the server ends it, and so does its disappearance."""

    def look() -> Json | None:
        server = get(call, server_id)
        if server is None:
            raise NotFound("instance.absent", id=instance_id, host=call.host)
        if server["status"] == "ERROR" and not busy(server):
            raise fault(call, server)
        return server if done(server) else None

    return call.until(look)


def busy(server: Json) -> bool:
    """Whether Nova is at work on it."""
    return bool(server.get("OS-EXT-STS:task_state"))


def rests(*statuses: str) -> Callable[[Json], bool]:
    """Whether a server is in one of these states and nothing is under way."""
    return lambda server: server["status"] in statuses and not busy(server)


def fault(call: Call, server: Json) -> Problem:
    """Why the server is in error, in our kinds."""
    detail = str((server.get("fault") or {}).get("message") or "the server is in error")[:300]
    if "No valid host" in detail or "Exceeded maximum number of retries" in detail:
        return QuotaExceeded("cloud.no_room", host=call.host, detail=detail)
    return Permanent("driver.failed", host=call.host, detail=detail)
