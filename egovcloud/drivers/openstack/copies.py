"""What a new volume starts as: the part of Cinder's request that names it.

https://docs.openstack.org/api-ref/block-storage/v3/#create-a-volume
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.drivers.base import VolumeSpec
from egovcloud.drivers.openstack import volume_snapshots, volumes
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.service import Json
from egovcloud.drivers.volume_copies import VOLUME_SNAPSHOT


def source_of(call: Call, spec: VolumeSpec) -> Json:
    """``source_volid`` of a volume that no server has, or ``snapshot_id``; nothing for one that starts empty."""
    if spec.source is None:
        return {}
    if spec.source.kind == VOLUME_SNAPSHOT:
        snapshot = volume_snapshots.require(call, spec.source.id)
        refuse_smaller(spec, int(snapshot["size"]))
        return {"snapshot_id": str(snapshot["id"])}
    cinder_id = str(volumes.require(call, spec.source.pool, spec.source.id)["id"])
    origin = volumes.at_rest(call, spec.source.pool, spec.source.id, cinder_id)
    holder = volumes.holder_of(call, origin)
    if holder is not None:
        raise Conflict("volume.source_in_use", id=spec.source.id, instance=holder)
    refuse_smaller(spec, int(origin["size"]))
    return {"source_volid": cinder_id}


def refuse_smaller(spec: VolumeSpec, needed: int) -> None:
    """``Invalid`` for a copy that its source has no room in."""
    if spec.source is not None and spec.size_gib < needed:
        raise Invalid(
            "volume.source_size", field="size_gib", id=spec.source.id, size_gib=spec.size_gib, source_gib=needed
        )
