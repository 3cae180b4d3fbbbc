"""Shelving: Nova keeps the root disk as an image, or the volume that it is, and gives everything else of the host back.

https://docs.openstack.org/api-ref/compute/#shelve-server-shelve-action. A server that is shelved for good has no host
in Nova; the metadata name the one that it was meant for last, and it is listed there.
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, NotFound, Permanent, QuotaExceeded
from egovcloud.drivers.base import Ref
from egovcloud.drivers.openstack import servers
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.instances import refuse_adopted
from egovcloud.drivers.openstack.service import Json

NAMED = "2.91"  # the microversion that takes a host for an unshelve; before it, Nova's scheduler alone chooses
OFF_HOST = "SHELVED_OFFLOADED"
SHELVED = frozenset({"SHELVED", OFF_HOST})


def shelve(call: Call, instance_id: str) -> None:
    """Nova asks the guest to power off first, as for a stop."""
    with call.alone(instance_id):
        server = _at_rest(call, instance_id)
        refuse_adopted(call, instance_id, server)
        if server["status"] not in SHELVED:
            _mean(call, server, call.host)  # Nova changes no metadata of what is shelved
            server = _do(call, instance_id, server, "shelve")
        if server["status"] not in SHELVED:
            raise Permanent("driver.failed", host=call.host, detail=f"shelving ended as {server['status']}")
        _off_host(call, instance_id, server)


def unshelve(call: Call, instance_id: str) -> Ref:
    """On the call's host, as far as this Nova lets us name it."""
    with call.alone(instance_id):
        server = _at_rest(call, instance_id)
        if server["status"] == "ACTIVE":
            _mean(call, server, servers.host_of(server))
            return servers.ref_of(call, server)
        if server["status"] not in SHELVED:
            raise Conflict("instance.not_shelved", id=instance_id)
        server = _off_host(call, instance_id, server)
        named = call.compute.knows(NAMED)
        server = _do(call, instance_id, server, "unshelve", {"host": call.host} if named else None)
        if server["status"] in SHELVED:
            detail = "no valid host was found to bring the server back"
            raise QuotaExceeded("cloud.no_room", host=call.host, detail=detail)
        _mean(call, server, servers.host_of(server))
        return servers.ref_of(call, server)


def _at_rest(call: Call, instance_id: str) -> Json:
    """The server, on the call's host or another one, once nothing is under way on it."""
    found = servers.search(call, instance_id)
    here = [one for one in found if call.host in (servers.host_of(one), servers.meant_host(one))]
    if not found:
        raise NotFound("instance.absent", id=instance_id, host=call.host)
    server = (here or found)[0]
    return _quiet(call, instance_id, server) if servers.busy(server) else server


def _quiet(call: Call, instance_id: str, server: Json) -> Json:
    return servers.settle(call, instance_id, str(server["id"]), lambda one: not servers.busy(one))


def _do(call: Call, instance_id: str, server: Json, action: str, argument: Json | None = None) -> Json:
    """Nova marks the server as busy before it answers, so that its next rest is the end of the action."""
    servers.act(call, str(server["id"]), action, argument)
    return _quiet(call, instance_id, server)


def _off_host(call: Call, instance_id: str, server: Json) -> Json:
    """Clouds may keep a shelved server on its host for a while (``shelved_offload_time``)."""
    if server["status"] == OFF_HOST:
        return server
    try:
        server = _do(call, instance_id, server, "shelveOffload")
    except Refused as refused:
        if refused.status != 409:  # its own clock was first
            raise
        server = _quiet(call, instance_id, server)
    if server["status"] != OFF_HOST:
        raise Permanent("driver.failed", host=call.host, detail=f"shelving ended as {server['status']}")
    return server


def _mean(call: Call, server: Json, host: str) -> None:
    """Where it is listed while it has no host."""
    if servers.meant_host(server) != host:
        call.compute.post(f"/servers/{server['id']}/metadata", {"metadata": {servers.HOST: host}})
