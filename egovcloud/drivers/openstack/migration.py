"""Live migration to a chosen host.

https://docs.openstack.org/api-ref/compute/#live-migrate-server-os-migratelive-action. Nova finds out itself whether
the disk has to be copied.
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, NotFound, Permanent, Problem, Transient
from egovcloud.drivers.base import Power, Ref
from egovcloud.drivers.openstack import servers
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.service import Json

_FAILED = frozenset({"error", "failed", "cancelled"})


def migrate(call: Call, instance_id: str, source: str, target: str) -> Ref:
    """Idempotent: what already runs on ``target`` is the answer, and what is on its way there is awaited."""
    with call.alone(instance_id):
        found = {servers.host_of(one): one for one in reversed(servers.search(call, instance_id))}
        server = found.get(source) or found.get(target)
        if server is None:
            raise NotFound("instance.absent", id=instance_id, host=source)
        if servers.host_of(server) == target and not servers.busy(server):
            return servers.ref_of(call, server)
        if server["status"] != "MIGRATING":
            server = servers.settle(call, instance_id, server["id"], lambda one: not servers.busy(one))
            if servers.power_of(server) is not Power.RUNNING:
                raise Conflict("instance.stopped", id=instance_id)
            servers.act(call, server["id"], "os-migrateLive", {"host": target, "block_migration": "auto"})
        arrived = call.watch(lambda: _arrived(call, instance_id, server["id"], target), call.deadline.left())
        if arrived is None:
            raise Transient("migration.unfinished", id=instance_id, host=target)
        call.compute.post(f"/servers/{server['id']}/metadata", {"metadata": {servers.HOST: target}})
        return servers.ref_of(call, arrived)


def _arrived(call: Call, instance_id: str, server_id: str, target: str) -> Json | None:
    server = servers.get(call, server_id)
    if server is None:
        raise NotFound("instance.absent", id=instance_id, host=target)
    if server["status"] == "MIGRATING" or servers.busy(server):
        return None
    if servers.host_of(server) == target:
        return server
    problem = _failure(call, server_id)
    if problem is not None:
        raise problem
    return None


def _failure(call: Call, server_id: str) -> Problem | None:
    """Why the latest migration ended where it began; ``None`` while Nova has not closed its books."""
    listed = call.compute.list("/os-migrations", "migrations", instance_uuid=server_id)
    latest = max(listed, key=lambda one: str(one.get("created_at")), default=None)
    if latest is None or latest["status"] not in _FAILED:
        return None
    detail = f"live migration to {latest.get('dest_compute')}: {latest['status']}"
    return Permanent("driver.failed", host=call.host, detail=detail)
