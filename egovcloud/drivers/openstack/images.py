"""Images in Glance: uploaded once, checked before and after, kept while an instance was made of them.

https://docs.openstack.org/api-ref/image/v2/. An image's id is ours to choose and unique, even after its deletion, so
that two that create the same one at once get one; each new life of an image has the next id in its line.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from egovcloud.domain.errors import Conflict, NotFound, Permanent, Transient
from egovcloud.domain.ids import derived_id
from egovcloud.drivers.base import ImageSpec, Ref
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import Marker, display
from egovcloud.drivers.openstack.service import PAGE, Json

KIND = "image"
SHELVED = "-shelved"  # the end of the name that Nova gives to the image of a shelved server
LIVES = 1000  # how often one image may be uploaded and deleted again
_BLOCK = 1 << 20


def search(call: Call, kind: str, our_id: str, **more: str) -> list[Json]:
    """Images of this kind that bear our mark, oldest first."""
    listed = call.image.list("/images", "images", limit=PAGE, **call.marker.properties(kind, our_id), **more)
    return sorted(
        (
            one
            for one in listed
            if one.get("status") not in ("deleted", "pending_delete") and ours(call.marker, kind, one)
        ),
        key=lambda one: (str(one.get("created_at")), str(one["id"])),
    )


def ours(marker: Marker, kind: str, image: Json) -> str | None:
    """Our id of an image of this kind; ``None`` for somebody else's, whatever marks Nova copied to it.

    An image of a server inherits the properties of the one that the server was made of, and what Nova keeps of a
    shelved server, ``NAME-shelved``, is all that there is of its disk.
    """
    taken = image.get("image_type") == "snapshot"
    if taken and (kind == KIND or str(image.get("name") or "").endswith(SHELVED)):
        return None
    return marker.of_properties(kind, image)


def require(call: Call, image_id: str) -> str:
    """Glance's id of an image that was ensured; ``NotFound("image.absent")`` when it was not."""
    known = call.cloud.names.get(KIND, image_id)
    if known is not None:
        return known
    ready = [one for one in search(call, KIND, image_id) if one["status"] == "active"]
    if not ready:
        raise NotFound("image.absent", id=image_id, pool=KIND, host=call.host)
    return call.cloud.names.put(KIND, image_id, str(ready[0]["id"]))


def ensure(call: Call, image: ImageSpec) -> Ref:
    """The image, uploaded when it is not there. ``Permanent("image.checksum")`` when its file is another one."""
    with call.alone(image.id):
        found = next(iter(search(call, KIND, image.id)), None)
        if found is None or found["status"] != "active":
            sha256, sha512 = _digests(call, image)
            found = found or call.make(image.id, lambda: None, lambda: _create(call, image))
            found = _fill(call, image, found, sha512)
        sha256 = str(found.get("egov_sha256"))
        if sha256 != image.sha256:
            raise Permanent("image.checksum", name=image.name, actual=sha256, expected=image.sha256)
        return Ref(call.cloud.names.put(KIND, image.id, str(found["id"])), call.host)


def _digests(call: Call, image: ImageSpec) -> tuple[str, str]:
    """SHA-256 for us and SHA-512 for Glance's own, in one pass over the file; ``Permanent`` when it is another one."""
    ours, theirs = hashlib.sha256(), hashlib.sha512()
    with Path(image.disk).open("rb") as file:
        while block := file.read(_BLOCK):
            ours.update(block)
            theirs.update(block)
            if call.deadline.passed():
                raise call.late()
    if ours.hexdigest() != image.sha256:
        raise Permanent("image.checksum", name=image.name, actual=ours.hexdigest(), expected=image.sha256)
    return ours.hexdigest(), theirs.hexdigest()


def _create(call: Call, image: ImageSpec) -> Json:
    """The image without its bytes, under the first id in its line that was never used."""
    body: Json = {
        "name": display(image.name, image.id),
        "disk_format": image.format,
        "container_format": "bare",
        "min_disk": image.min_disk_gib,
        "visibility": "private",
        "egov_sha256": image.sha256,
        **({"hw_firmware_type": "uefi"} if image.firmware == "uefi" else {}),
        **call.marker.properties(KIND, image.id),
    }
    for life in range(LIVES):
        glance_id = derived_id("openstack", call.marker.digest, image.id, str(life))
        try:
            return call.image.post("/images", {"id": glance_id, **body})
        except Refused as refused:
            if refused.status != 409:
                raise
            found = call.image.find(f"/images/{glance_id}")
            if found is not None and found.get("status") not in ("deleted", "pending_delete"):
                return found
    raise Permanent("driver.failed", host=call.host, detail=f"image {image.id} was deleted {LIVES} times")


def _fill(call: Call, image: ImageSpec, found: Json, sha512: str) -> Json:
    """Upload the bytes, or wait while somebody else does; what arrived must be what was sent."""
    path = f"/images/{found['id']}"
    if found["status"] == "queued":
        try:
            with Path(image.disk).open("rb") as file:
                call.image.upload(f"{path}/file", file)
        except Refused as refused:
            if refused.status != 409:
                raise
    ready = call.watch(lambda: _settled(call, path), call.deadline.left())
    if ready is None:
        raise Transient("image.copying", name=image.name, host=call.host)
    if ready["status"] == "killed":
        call.image.delete(path)
        raise Transient("image.copying", name=image.name, host=call.host)
    arrived = str(ready.get("os_hash_value"))
    if ready.get("os_hash_algo") == "sha512" and arrived != sha512:
        call.image.delete(path)
        raise Permanent("image.checksum", name=image.name, actual=arrived, expected=sha512)
    return ready


def _settled(call: Call, path: str) -> Json | None:
    one = call.image.get(path)
    return one if one["status"] in ("active", "killed", "deactivated") else None


def delete(call: Call, image_id: str) -> None:
    """Every copy; ``Conflict("image.in_use")`` while an instance that was made of it stands."""
    with call.alone(image_id):
        for one in search(call, KIND, image_id):
            remove(call, image_id, str(one["id"]))


def remove(call: Call, image_id: str, glance_id: str) -> None:
    """This one; Nova itself would let it go and fail at the next migration or rebuild."""
    call.cloud.names.drop(KIND, image_id)
    users = call.compute.list("/servers", "servers", image=glance_id, **call.wide)
    if users:
        raise Conflict("image.in_use", name=image_id, count=len(users))
    call.image.delete(f"/images/{glance_id}")
