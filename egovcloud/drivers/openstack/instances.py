"""Creation and deletion of instances.

Nova lets any number of servers have one name, so that what bears the mark is searched for before every creation.
https://docs.openstack.org/api-ref/compute/#create-server
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, Problem
from egovcloud.drivers.base import InstanceSpec, Ref
from egovcloud.drivers.openstack import (
    flavors,
    images,
    key_pairs,
    ports,
    server_groups,
    servers,
    snapshots,
    tenants,
    user_data,
)
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import display, name_metadata
from egovcloud.drivers.openstack.service import Json

HOSTNAME = "2.90"  # the microversion that takes a hostname beside the name
BUILT_AFTER, GONE_AFTER = 1.0, 0.5  # seconds; no server is built, or gone, before
MARGIN = 0.1  # of the limit: an accepted server is answered with before the limit passes


def create(call: Call, spec: InstanceSpec) -> Ref:
    """Make it and wait until it runs, as long as the limit allows: what was accepted is then watched by others.

    What Nova failed to build is removed with its ports before the reason is raised.
    """
    call.pool(spec.pool)
    with call.alone(spec.id):
        server = call.make(f"server/{spec.id}", lambda: _existing(call, spec.id), lambda: _create(call, spec))
        return _started(call, spec.id, str(server["id"]))


def _existing(call: Call, instance_id: str) -> Json | None:
    """The server, unless it is one that was never built."""
    for server in servers.search(call, instance_id):
        if not _stillborn(server):
            return server
        _leave(call, [server])
        _remove(call, instance_id, {str(server["id"])})
    return None


def _stillborn(server: Json) -> bool:
    return server["status"] == "ERROR" and not server.get("OS-SRV-USG:launched_at")


def _create(call: Call, spec: InstanceSpec) -> Json:
    """With its ports, which go again when it is refused."""
    try:
        try:
            return _post(call, spec)
        except Refused as refused:
            # Something that we knew is gone: a flavor, an image, a network. Look again, once.
            if refused.status not in (400, 404):
                raise
            call.cloud.flavors.forget()
            call.cloud.open_group.forget()
            call.cloud.names.forget()
            return _post(call, spec)
    except (Refused, Problem):
        ports.discard(call, spec.id)
        if spec.apart:
            group = server_groups.key_of(spec.apart)
            server_groups.discard(call, tenants.home(call, spec.tenant), group, set())
        if spec.ssh_keys:
            key_pairs.discard(call, key_pairs.name_of(call, spec.ssh_keys[0]) or "", set())
        raise


def _post(call: Call, spec: InstanceSpec) -> Json:
    image = images.require(call, spec.image.id)
    port_ids = ports.ensure(call, spec)
    flavor = flavors.of_size(call, spec.vcpus, spec.memory_mib, spec.disk_gib)
    request: Json = {"server": body(call, spec, image, flavor, port_ids)}
    project = tenants.home(call, spec.tenant)
    nova = call.service("compute", project)
    key = key_pairs.ensure(call, spec.ssh_keys)
    if key is not None:
        request["server"]["key_name"] = key
    group = server_groups.ensure(call, project, spec.apart) if spec.apart else None
    if group is not None:
        try:
            in_group: Json = nova.post("/servers", {**request, "os:scheduler_hints": {"group": group}})["server"]
            return in_group
        except Refused as refused:
            if not server_groups.is_full(refused):
                raise
    made: Json = nova.post("/servers", request)["server"]
    return made


def body(call: Call, spec: InstanceSpec, image: str, flavor: str, port_ids: list[str]) -> Json:
    """The server as Nova takes it, with the mark in it."""
    pool = call.pool(spec.pool)
    server: Json = {
        "name": display(spec.name, spec.hostname),
        "flavorRef": flavor,
        "networks": [{"port": port} for port in port_ids] or "none",
        "host": spec.host,
        "tags": [call.marker.tag, call.marker.server_tag(spec.id)],
        "metadata": {servers.HOST: spec.host, "egov_id": spec.id, **name_metadata(spec.name)},
        "user_data": user_data.of(spec),
        "config_drive": call.config.config_drive,
    }
    if spec.apart:
        server["metadata"][server_groups.METADATA] = server_groups.key_of(spec.apart)
    if call.compute.knows(HOSTNAME):
        server["hostname"] = spec.hostname
    if not pool.boots_from_volume:
        return {**server, "imageRef": image}
    root: Json = {
        "boot_index": 0,
        "uuid": image,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": spec.disk_gib,
        "delete_on_termination": True,
    }
    if pool.volume_type:
        root["volume_type"] = pool.volume_type
    return {**server, "block_device_mapping_v2": [root]}


def _started(call: Call, instance_id: str, server_id: str) -> Ref:
    """Where it is, once it runs or the limit is near; ``QuotaExceeded("cloud.no_room")`` when no host takes it."""

    def look() -> Json | None:
        server = servers.get(call, server_id)
        if server is None or _stillborn(server):
            return server or {}
        return None if server["status"] == "BUILD" else server

    server = call.watch(look, call.deadline.left() - MARGIN * call.deadline.limit, after=BUILT_AFTER, pause=BUILT_AFTER)
    if server is None:
        return Ref(server_id, call.host)
    if not server or _stillborn(server):
        _leave(call, [server] if server else [])
        _remove(call, instance_id, {server_id})
        raise servers.fault(call, server)
    return servers.ref_of(call, server)


def delete(call: Call, instance_id: str) -> None:
    """Every copy on the call's host, with ports and snapshots; volumes are let go and kept."""
    with call.alone(instance_id):
        everywhere = call.all_of(f"server/{instance_id}", lambda: servers.search(call, instance_id))
        for one in everywhere:
            refuse_adopted(call, instance_id, one)
        here = [one for one in everywhere if servers.host_of(one) == call.host]
        mine = {str(one["id"]) for one in here}
        _leave(call, here)
        _remove(call, instance_id, mine)
        if len(mine) == len(everywhere):
            snapshots.forget(call, instance_id)


def refuse_adopted(call: Call, instance_id: str, server: Json) -> None:
    """``Conflict("adoption.kept")`` for what others made."""
    if call.marker.is_adopted(server.get("tags") or ()):
        raise Conflict("adoption.kept", id=instance_id)


def _leave(call: Call, found: list[Json]) -> None:
    """What these servers alone have goes before them, so that a worker which dies in between finds it again."""
    server_groups.leave(call, found)
    key_pairs.leave(call, found)


def _remove(call: Call, instance_id: str, server_ids: set[str]) -> None:
    for server_id in server_ids:
        call.compute.delete(f"/servers/{server_id}")
    for server_id in server_ids:
        _await_end(call, server_id)
    ports.discard(call, instance_id, server_ids)


def _await_end(call: Call, server_id: str) -> None:
    call.until(lambda: servers.get(call, server_id) is None or None, after=GONE_AFTER)


def remove_copy(call: Call, instance_id: str, server_id: str) -> None:
    """One server of the instance; another one of the same mark keeps its ports."""
    with call.alone(instance_id):
        found = servers.search(call, instance_id)
        _leave(call, [one for one in found if str(one["id"]) == server_id])
        if len(found) > 1:
            _remove_second(call, server_id)
            return
        _remove(call, instance_id, {server_id})
        snapshots.forget(call, instance_id)


def _remove_second(call: Call, server_id: str) -> None:
    held = [str(one["id"]) for one in call.network.list("/ports", "ports", device_id=server_id)]
    call.compute.delete(f"/servers/{server_id}")
    _await_end(call, server_id)
    for port_id in held:
        call.network.delete(f"/ports/{port_id}")
