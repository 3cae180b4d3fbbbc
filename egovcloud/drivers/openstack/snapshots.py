"""Snapshots of an instance's root disk: images that Nova makes of it and rebuilds it from.

https://docs.openstack.org/api-ref/compute/#create-image-createimage-action. They are copies, so that none depends on
another, and they go with their instance.
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, NotFound, Permanent
from egovcloud.drivers.base import Ref, SnapshotFacts
from egovcloud.drivers.openstack import images, rebuilding, servers
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.marker import NAME_LIMIT, display
from egovcloud.drivers.openstack.service import PAGE, Json

KIND = "snapshot"
INSTANCE = "egov_instance"


def search(call: Call, instance_id: str, snapshot_id: str) -> list[Json]:
    return images.search(call, KIND, snapshot_id, **{INSTANCE: instance_id})


def create(call: Call, instance_id: str, snapshot_id: str) -> SnapshotFacts:
    """Taken once and awaited; ``Conflict`` for an instance whose disks Nova cannot copy to an image."""
    with call.alone(instance_id):
        server = servers.require(call, instance_id)
        image = call.make(
            f"{KIND}/{snapshot_id}",
            lambda: next(iter(search(call, instance_id, snapshot_id)), None),
            lambda: _create(call, instance_id, snapshot_id, server),
        )
        image_id = str(image["id"])

        def look() -> Json | None:
            one = call.image.find(f"/images/{image_id}")
            if one is None or one["status"] in ("killed", "deleted"):
                raise Permanent("driver.failed", host=call.host, detail=f"snapshot {snapshot_id} was not taken")
            return one if one["status"] == "active" else None

        call.until(look)
        servers.settle(call, instance_id, str(server["id"]), lambda one: not servers.busy(one))
        return SnapshotFacts(snapshot_id, Ref(image_id, call.host), instance_id)


def _create(call: Call, instance_id: str, snapshot_id: str, server: Json) -> Json:
    held = server.get("os-extended-volumes:volumes_attached") or ()
    if not server.get("image"):
        raise Conflict("snapshot.pool", pool="", host=call.host)
    if held:
        raise Conflict("snapshot.volumes", id=instance_id, count=len(held))
    server = servers.settle(call, instance_id, str(server["id"]), lambda one: not servers.busy(one))
    name = display(str(server["name"]), snapshot_id)
    argument = {
        "name": name if not name.endswith(images.SHELVED) else f"{name} copy"[-NAME_LIMIT:],
        "metadata": {**call.marker.properties(KIND, snapshot_id), INSTANCE: instance_id},
    }
    return {"id": servers.act(call, str(server["id"]), "createImage", argument)["image_id"]}


def observe(call: Call, instance_id: str, snapshot_id: str) -> SnapshotFacts | None:
    found = [one for one in search(call, instance_id, snapshot_id) if one["status"] == "active"]
    return SnapshotFacts(snapshot_id, Ref(str(found[0]["id"]), call.host), instance_id) if found else None


def revert(call: Call, instance_id: str, snapshot_id: str) -> None:
    """A rebuild from the snapshot's image, of a stopped instance."""
    with call.alone(instance_id):
        server = servers.require(call, instance_id)
        found = [one for one in search(call, instance_id, snapshot_id) if one["status"] == "active"]
        if not found:
            raise NotFound("snapshot.absent", id=snapshot_id, instance=instance_id)
        rebuilding.renew(call, instance_id, server, {"imageRef": found[0]["id"]})


def delete(call: Call, instance_id: str, snapshot_id: str) -> None:
    with call.alone(instance_id):
        for one in call.all_of(f"{KIND}/{snapshot_id}", lambda: search(call, instance_id, snapshot_id)):
            call.image.delete(f"/images/{one['id']}")


def forget(call: Call, instance_id: str) -> None:
    """All of an instance that is no more."""
    mark = {"egov_installation": call.marker.digest, "egov_kind": KIND, INSTANCE: instance_id}
    for one in call.image.list("/images", "images", limit=PAGE, **mark):
        if images.ours(call.marker, KIND, one):
            call.image.delete(f"/images/{one['id']}")
