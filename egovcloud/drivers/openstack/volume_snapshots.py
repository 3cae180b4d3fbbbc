"""Snapshots of volumes in Cinder, of volumes that a server has too.

https://docs.openstack.org/api-ref/block-storage/v3/#volume-snapshots-snapshots. From microversion 3.66 on ``force``
is the default, and true is still taken.
"""

from __future__ import annotations

from egovcloud.domain.errors import NotFound, Permanent
from egovcloud.drivers.base import Ref
from egovcloud.drivers.openstack import tenants, volumes
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.marker import display
from egovcloud.drivers.openstack.service import Json
from egovcloud.drivers.volume_copies import VolumeSnapshotFacts, VolumeSnapshotSpec

KIND = "volume_snapshot"
ORIGIN = "egov_volume"
PASSING = frozenset({"creating", "updating", "backing-up", "restoring", "deleting"})


def search(call: Call, snapshot_id: str) -> list[Json]:
    """Snapshots that bear our mark; the oldest comes first. The filter is a Python dictionary, as for volumes."""
    wanted = call.marker.properties(KIND, snapshot_id)
    listed = call.storage.list("/snapshots/detail", "snapshots", metadata=str({"egov_id": snapshot_id}), **call.wide)
    mine = [one for one in listed if call.marker.of_properties(KIND, one["metadata"]) == wanted["egov_id"]]
    return sorted(mine, key=lambda one: (str(one["created_at"]), str(one["id"])))


def require(call: Call, snapshot_id: str) -> Json:
    """At rest; ``NotFound("volume_snapshot.absent")`` when there is none."""
    found = search(call, snapshot_id)
    if not found:
        raise NotFound("volume_snapshot.absent", id=snapshot_id, host=call.host)
    return at_rest(call, snapshot_id, str(found[0]["id"]))


def get(call: Call, cinder_id: str) -> Json | None:
    found = call.storage.find(f"/snapshots/{cinder_id}")
    return None if found is None else found["snapshot"]


def at_rest(call: Call, snapshot_id: str, cinder_id: str) -> Json:
    """The snapshot once nothing is under way on it."""

    def look() -> Json | None:
        snapshot = get(call, cinder_id)
        if snapshot is None:
            raise NotFound("volume_snapshot.absent", id=snapshot_id, host=call.host)
        return None if snapshot["status"] in PASSING else snapshot

    return call.until(look)


def create(call: Call, spec: VolumeSnapshotSpec) -> VolumeSnapshotFacts:
    """Taken once and awaited."""
    with call.alone(spec.volume_id):
        snapshot = call.make(
            f"{KIND}/{spec.id}",
            lambda: next((one for one in search(call, spec.id) if one["status"] != "error"), None),
            lambda: _create(call, spec),
        )
        settled = at_rest(call, spec.id, str(snapshot["id"]))
        if settled["status"] != "available":
            call.storage.delete(f"/snapshots/{snapshot['id']}")
            raise Permanent("volume_snapshot.not_taken", id=spec.volume_id, pool=spec.pool)
        return _facts(call, spec.id, settled)


def _create(call: Call, spec: VolumeSnapshotSpec) -> Json:
    cinder_id = str(volumes.require(call, spec.pool, spec.volume_id)["id"])
    volumes.at_rest(call, spec.pool, spec.volume_id, cinder_id)
    body: Json = {
        "volume_id": cinder_id,
        "name": display(spec.name, spec.id),
        "force": True,
        "metadata": {**call.marker.properties(KIND, spec.id), ORIGIN: spec.volume_id},
    }
    storage = call.service("block-storage", tenants.home(call, spec.tenant))
    made: Json = storage.post("/snapshots", {"snapshot": body})["snapshot"]
    return made


def _facts(call: Call, snapshot_id: str, one: Json) -> VolumeSnapshotFacts:
    return VolumeSnapshotFacts(
        snapshot_id, Ref(str(one["id"]), call.host), str(one["metadata"].get(ORIGIN, "")), int(one["size"])
    )


def observe(call: Call, snapshot_id: str) -> VolumeSnapshotFacts | None:
    found = [one for one in search(call, snapshot_id) if one["status"] == "available"]
    return _facts(call, snapshot_id, found[0]) if found else None


def delete(call: Call, volume_id: str, snapshot_id: str) -> None:
    """Every copy; absent succeeds."""
    with call.alone(volume_id):
        for one in call.all_of(f"{KIND}/{snapshot_id}", lambda: search(call, snapshot_id)):
            remove(call, snapshot_id, str(one["id"]))


def remove(call: Call, snapshot_id: str, cinder_id: str) -> None:
    """This one, awaited; a volume that is being made of it comes first."""

    def look() -> Json | None:
        snapshot = get(call, cinder_id)
        return None if snapshot and snapshot["status"] in PASSING - {"deleting"} else (snapshot or {})

    snapshot = call.until(look)
    if not snapshot:
        return
    if snapshot["status"] != "deleting":
        call.storage.delete(f"/snapshots/{cinder_id}")
    call.until(lambda: _gone(call, snapshot_id, cinder_id))


def _gone(call: Call, snapshot_id: str, cinder_id: str) -> bool | None:
    left = get(call, cinder_id)
    if left is not None and left["status"] == "error_deleting":
        detail = f"the cloud could not delete the snapshot {snapshot_id}"
        raise Permanent("driver.failed", host=call.host, detail=detail)
    return True if left is None else None
