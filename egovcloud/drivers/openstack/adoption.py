"""Servers and volumes that others made: looked at, marked, and given back as they were.

The mark is what objects of ours bear, tags in Nova and metadata in Cinder, and one note more that says adopted. What
makes a thing ours goes on last and comes off first, so that work that is broken off never leaves it ours without the
note. https://docs.openstack.org/api-ref/compute/#server-tags-servers-tags,
https://docs.openstack.org/api-ref/block-storage/v3/#create-metadata-for-volume
"""

from __future__ import annotations

from collections.abc import Mapping

from egovcloud.domain.errors import Conflict, Forbidden, NotFound
from egovcloud.drivers.adoption import Found, FoundDisk, FoundNic
from egovcloud.drivers.base import OwnedKind, Ref
from egovcloud.drivers.openstack import networks, servers, snapshots, volumes
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.marker import ANY, NOTE
from egovcloud.drivers.openstack.service import PAGE, Json


# -- servers -----------------------------------------------------------------------------------------------------------
def inspect_instance(call: Call, external_id: str) -> Found | None:
    """``None`` for one that is gone, or on another host."""
    server = servers.get(call, external_id)
    if server is None or servers.host_of(server) != call.host:
        return None
    tags = server.get("tags") or ()
    our_id = call.marker.of_tags(tags)
    flavor = server["flavor"]
    root, held = _volumes(call, server)
    disk = _root_disk(call, server, root)
    return Found(
        OwnedKind.INSTANCE,
        external_id,
        call.host,
        str(server["name"]),
        owner="ours" if our_id else ("other" if any(ANY.match(tag) for tag in tags) else ""),
        our_id=our_id,
        power=servers.power_of(server),
        vcpus=int(flavor["vcpus"]),
        memory_mib=int(flavor["ram"]),
        size_gib=disk.size_gib,
        pool=disk.pool,
        disks=(disk,),
        nics=_nics(call, external_id),
        volumes=tuple(str(one["id"]) for one in held),
    )


def _volumes(call: Call, server: Json) -> tuple[Json | None, list[Json]]:
    """The volume that it boots from, if any, and the others at it."""
    ids = [str(one["id"]) for one in server.get("os-extended-volumes:volumes_attached") or ()]
    found = [volume for volume in (volumes.get(call, id_) for id_ in ids) if volume is not None]
    device = str(server.get("OS-EXT-SRV-ATTR:root_device_name") or "")
    root = None
    if not server.get("image"):
        root = next((one for one in found if device and _device(one, str(server["id"])) == device), None)
        root = root or next((one for one in found if one.get("bootable") == "true"), None)
    return root, [one for one in found if one is not root]


def _device(volume: Json, server_id: str) -> str:
    held = (one for one in volume.get("attachments") or () if one["server_id"] == server_id)
    return next((str(one.get("device") or "") for one in held), "")


def _root_disk(call: Call, server: Json, root: Json | None) -> FoundDisk:
    if root is not None:
        return FoundDisk("vda", float(root["size"]), _pool_of(call, root))
    local = (name for name, pool in call.config.pools.items() if not pool.boots_from_volume)
    return FoundDisk("vda", float(server["flavor"]["disk"]), next(local, None))


def _pool_of(call: Call, volume: Json) -> str | None:
    """The pool that stands for the volume's type."""
    type_ = volume.get("volume_type")
    return next((name for name, pool in call.config.pools.items() if type_ and pool.volume_type == type_), None)


def _nics(call: Call, server_id: str) -> tuple[FoundNic, ...]:
    found = []
    for port in call.network.list("/ports", "ports", device_id=server_id):
        answer = call.network.find(f"/networks/{port['network_id']}")
        network = answer["network"] if answer else {"name": str(port["network_id"])}
        ours = call.marker.of_description(networks.KIND, network.get("description"))
        addresses = (str(one["ip_address"]) for one in port.get("fixed_ips") or ())
        address = next((one for one in addresses if ":" not in one), None)
        found.append(FoundNic(str(port["mac_address"]).lower(), address, str(network["name"]), ours))
    return tuple(found)


def adopt_instance(call: Call, external_id: str, instance_id: str) -> Ref:
    with call.alone(instance_id):
        server = servers.get(call, external_id)
        if server is None or servers.host_of(server) != call.host:
            raise NotFound("adoption.absent", external_id=external_id, host=call.host)
        tags = server.get("tags") or ()
        known = call.marker.of_tags(tags)
        if known is None and any(ANY.match(tag) and not tag.startswith(call.marker.tag) for tag in tags):
            raise Forbidden("driver.foreign", external_id=external_id, host=call.host)
        if known is not None and known != instance_id:
            raise Conflict("adoption.taken", name=str(server["name"]), id=known)
        if known is None:
            for tag in (call.marker.note, call.marker.tag, call.marker.server_tag(instance_id)):
                call.compute.put(f"/servers/{external_id}/tags/{tag}", None)
        return Ref(external_id, call.host)


def release_instance(call: Call, instance_id: str) -> None:
    """Absent or unmarked succeeds."""
    with call.alone(instance_id):
        for server in servers.here(call, instance_id):
            if not call.marker.is_adopted(server.get("tags") or ()):
                raise Conflict("release.own", id=instance_id)
            taken = _snapshots(call, instance_id)
            if taken:
                raise Conflict("release.snapshots", id=instance_id, count=taken)
            unmark(call, str(server["id"]), instance_id)


def unmark(call: Call, server_id: str, instance_id: str) -> None:
    for tag in (call.marker.server_tag(instance_id), call.marker.tag, call.marker.note):
        call.compute.delete(f"/servers/{server_id}/tags/{tag}")


def _snapshots(call: Call, instance_id: str) -> int:
    mark = {
        "egov_installation": call.marker.digest,
        "egov_kind": snapshots.KIND,
        snapshots.INSTANCE: instance_id,
    }
    return len(call.image.list("/images", "images", limit=PAGE, **mark))


# -- volumes -----------------------------------------------------------------------------------------------------------
def inspect_volume(call: Call, external_id: str) -> Found | None:
    volume = volumes.get(call, external_id)
    if volume is None or volume["status"] == "deleting":
        return None
    owner, our_id = _owner(call, volume["metadata"])
    held: Json = next(iter(volume.get("attachments") or ()), {})
    return Found(
        OwnedKind.VOLUME,
        external_id,
        call.host,
        str(volume.get("name") or external_id),
        owner=owner,
        our_id=our_id,
        size_gib=float(volume["size"]),
        pool=_pool_of(call, volume),
        instance=str(held["server_id"]) if held else None,
        device=str(held.get("device") or "").removeprefix("/dev/") or None if held else None,
    )


def _owner(call: Call, metadata: Mapping[str, object]) -> tuple[str, str | None]:
    our_id = call.marker.of_properties(volumes.KIND, metadata)
    if our_id:
        return "ours", our_id
    bears = metadata.get("egov_installation")
    return ("other" if bears and bears != call.marker.digest else ""), None


def adopt_volume(call: Call, pool: str, external_id: str, volume_id: str) -> Ref:
    call.pool(pool)
    with call.alone(volume_id):
        volume = volumes.get(call, external_id)
        if volume is None or volume["status"] == "deleting":
            raise NotFound("adoption.absent", external_id=external_id, host=call.host)
        owner, known = _owner(call, volume["metadata"])
        if owner == "other":
            raise Forbidden("driver.foreign", external_id=external_id, host=call.host)
        if known is not None and known != volume_id:
            raise Conflict("adoption.taken", name=str(volume.get("name") or external_id), id=known)
        if known is None:  # one request, so that there is no half of it
            mark = {**call.marker.properties(volumes.KIND, volume_id), NOTE: "yes"}
            call.storage.post(f"/volumes/{external_id}/metadata", {"metadata": mark})
        return Ref(external_id, call.host)


def release_volume(call: Call, pool: str, volume_id: str) -> None:
    """Absent or unmarked succeeds."""
    call.pool(pool)
    with call.alone(volume_id):
        for volume in volumes.search(call, volume_id):
            if not volumes.is_adopted(volume):
                raise Conflict("release.own", id=volume_id)
            unmark_volume(call, str(volume["id"]), volume_id)


def unmark_volume(call: Call, cinder_id: str, volume_id: str) -> None:
    first = "egov_id"  # without it, it is nobody's
    rest = [key for key in (*call.marker.properties(volumes.KIND, volume_id), NOTE) if key != first]
    for key in (first, *rest):
        call.storage.delete(f"/volumes/{cinder_id}/metadata/{key}")


def give_back(call: Call, kind: OwnedKind, our_id: str, external_id: str) -> bool:
    """For the sweep: an adopted thing without a row loses our mark and stays; false for anything else."""
    if kind is OwnedKind.INSTANCE:
        server = servers.get(call, external_id)
        if server is None or not call.marker.is_adopted(server.get("tags") or ()):
            return False
        unmark(call, external_id, our_id)
        return True
    volume = volumes.get(call, external_id) if kind is OwnedKind.VOLUME else None
    if volume is None or not volumes.is_adopted(volume):
        return False
    unmark_volume(call, external_id, our_id)
    return True
