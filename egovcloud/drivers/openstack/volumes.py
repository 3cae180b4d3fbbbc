"""Volumes in Cinder, each of the type that its pool stands for.

https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes
"""

from __future__ import annotations

from collections.abc import Callable

from egovcloud.domain.errors import Conflict, NotFound, Permanent, QuotaExceeded, Unsupported
from egovcloud.drivers.base import Capability, Power, Ref, VolumeFacts, VolumeSpec
from egovcloud.drivers.openstack import servers, tenants
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import NOTE, display
from egovcloud.drivers.openstack.service import Json

KIND = "volume"
PASSING = frozenset(
    {"creating", "attaching", "detaching", "extending", "downloading", "uploading", "retyping", "reserved", "deleting"}
)


def search(call: Call, volume_id: str) -> list[Json]:
    """Volumes that bear our mark; the oldest comes first. Cinder takes the filter as a Python dictionary."""
    wanted = call.marker.properties(KIND, volume_id)
    listed = call.storage.list("/volumes/detail", "volumes", metadata=str({"egov_id": volume_id}), **call.wide)
    mine = [one for one in listed if call.marker.of_properties(KIND, one["metadata"]) == wanted["egov_id"]]
    return sorted(mine, key=lambda one: (str(one["created_at"]), str(one["id"])))


def require(call: Call, pool: str, volume_id: str) -> Json:
    """``NotFound("volume.absent")`` when there is none."""
    call.pool(pool)
    found = search(call, volume_id)
    if not found:
        raise NotFound("volume.absent", id=volume_id, host=call.host, pool=pool)
    return found[0]


def is_adopted(volume: Json) -> bool:
    """Whether others made it, so that it is never deleted."""
    return bool(volume["metadata"].get(NOTE) == "yes")


def get(call: Call, cinder_id: str) -> Json | None:
    found = call.storage.find(f"/volumes/{cinder_id}")
    return None if found is None else found["volume"]


def create(call: Call, spec: VolumeSpec, make_of: Callable[[Call, VolumeSpec], Json]) -> Ref:
    """Make it and wait until it is there; ``QuotaExceeded("cloud.no_room")`` when no back end takes it.

    ``make_of`` tells what else to ask for when it is made, which is what it is a copy of.
    """
    volume_type = call.pool(spec.pool).volume_type
    if volume_type is None:
        raise Unsupported("driver.unsupported", capability=Capability.VOLUME.value)
    with call.alone(spec.id):
        body: Json = {
            "size": spec.size_gib,
            "name": display(spec.name, spec.id),
            "volume_type": volume_type,
            "metadata": call.marker.properties(KIND, spec.id),
        }
        volume = call.make(
            f"{KIND}/{spec.id}",
            lambda: _existing(call, spec.id),
            lambda: _post(call, spec, {**body, **make_of(call, spec)}),
        )
        settled = at_rest(call, spec.pool, spec.id, str(volume["id"]))
        if settled["status"] == "error":
            call.storage.delete(f"/volumes/{volume['id']}")
            if spec.source is not None:
                raise Permanent("volume.not_copied", id=spec.source.id, pool=spec.pool, size_gib=spec.size_gib)
            detail = f"volume of {spec.size_gib} GiB in {spec.pool}"
            raise QuotaExceeded("cloud.no_room", host=call.host, detail=detail)
        return Ref(str(volume["id"]), call.host)


def _post(call: Call, spec: VolumeSpec, body: Json) -> Json:
    made: Json = call.service("block-storage", tenants.home(call, spec.tenant)).post("/volumes", {"volume": body})
    return made["volume"]  # type: ignore[no-any-return]


def _existing(call: Call, volume_id: str) -> Json | None:
    """The volume, unless it is one that was never built."""
    return next((one for one in search(call, volume_id) if one["status"] != "error"), None)


def at_rest(call: Call, pool: str, volume_id: str, cinder_id: str) -> Json:
    """The volume once nothing is under way on it."""

    def look() -> Json | None:
        volume = get(call, cinder_id)
        if volume is None:
            raise NotFound("volume.absent", id=volume_id, host=call.host, pool=pool)
        refuse_shelved(call, volume_id, volume)
        return None if volume["status"] in PASSING else volume

    return call.until(look)


def observe(call: Call, pool: str, volume_id: str) -> VolumeFacts | None:
    """Cinder does not say how much of a volume is written: what is provisioned is what counts."""
    call.pool(pool)
    found = search(call, volume_id)
    if not found:
        return None
    size = int(found[0]["size"])
    return VolumeFacts(volume_id, Ref(str(found[0]["id"]), call.host), size)


def grow(call: Call, pool: str, volume_id: str, size_gib: int) -> None:
    """While it is in use too (microversion 3.42); a size that it has already succeeds."""
    with call.alone(volume_id):
        cinder_id = str(require(call, pool, volume_id)["id"])
        volume = at_rest(call, pool, volume_id, cinder_id)
        if is_adopted(volume):
            raise Conflict("adoption.kept", id=volume_id)
        if int(volume["size"]) >= size_gib:
            return
        call.storage.post(f"/volumes/{cinder_id}/action", {"os-extend": {"new_size": size_gib}})
        volume = at_rest(call, pool, volume_id, cinder_id)
        if int(volume["size"]) < size_gib:
            detail = f"volume {volume_id} stays at {volume['size']} GiB: {volume['status']}"
            raise Permanent("driver.failed", host=call.host, detail=detail)


def delete(call: Call, pool: str, volume_id: str) -> None:
    """Every copy; ``Conflict("volume.in_use")`` while one is attached."""
    call.pool(pool)
    with call.alone(volume_id):
        for one in call.all_of(f"{KIND}/{volume_id}", lambda: search(call, volume_id)):
            if is_adopted(one):
                raise Conflict("adoption.kept", id=volume_id)
            remove(call, volume_id, str(one["id"]))


def remove(call: Call, volume_id: str, cinder_id: str) -> None:
    """This one, waiting until Nova has let go of it."""

    def look() -> Json | None:
        volume = get(call, cinder_id)
        refuse_shelved(call, volume_id, volume)
        return None if volume and volume["status"] in PASSING - {"deleting"} else (volume or {})

    volume = call.until(look)
    if not volume:
        return
    refuse_attached(call, volume_id, volume)
    if volume["status"] != "deleting":
        try:
            call.storage.delete(f"/volumes/{cinder_id}")
        except Refused:
            count = len(call.storage.list("/snapshots", "snapshots", volume_id=cinder_id, **call.wide))
            if count:
                raise Conflict("volume.snapshots_left", id=volume_id, count=count) from None
            raise
    call.until(lambda: get(call, cinder_id) is None or None)


def refuse_attached(call: Call, volume_id: str, volume: Json) -> None:
    """``Conflict("volume.in_use")`` that names the instance which has it."""
    holder = holder_of(call, volume)
    if holder is not None:
        raise Conflict("volume.in_use", id=volume_id, instance=holder)


def holder_of(call: Call, volume: Json) -> str | None:
    """Our id of the instance that has it, or Nova's of a server that is not ours; ``None`` when it is free."""
    holder = next((str(one["server_id"]) for one in volume.get("attachments") or ()), None)
    if holder is None:
        return None
    server = servers.get(call, holder)
    instance = None if server is None else call.marker.of_tags(server.get("tags") or ())
    return instance or holder


def refuse_shelved(call: Call, volume_id: str, volume: Json | None) -> None:
    """``Conflict("volume.in_use")`` for what a shelved server holds, which Cinder calls reserved all the while.

    https://docs.openstack.org/api-ref/block-storage/v3/#attachments-attachments
    """
    if volume is None or volume["status"] != "reserved":
        return
    for one in call.storage.list("/attachments/detail", "attachments", volume_id=volume["id"], **call.wide):
        server = servers.get(call, str(one.get("instance")))
        if server is not None and servers.power_of(server) is Power.SHELVED:
            instance = call.marker.of_tags(server.get("tags") or ()) or str(server["id"])
            raise Conflict("volume.in_use", id=volume_id, instance=instance)
