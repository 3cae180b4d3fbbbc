"""Overwriting before space is given back (GB/T 22239-2019, residual information protection).

libvirt's own wipe only truncates a file that has holes, which leaves its old blocks on the disk. So a file with
holes is filled with zeros first; the wipe that follows then truly overwrites it and syncs it to the disk.
"""

from __future__ import annotations

import libvirt

from egovcloud.drivers.base import WipeRecord
from egovcloud.drivers.libvirt import storage
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import parse

METHOD = "zero-overwrite"
METHOD_SPARSE = "zero-overwrite-compressed"
_ZEROS = bytes(storage.CHUNK)


def overwrite(session: Session, volume: libvirt.virStorageVol) -> tuple[str, int]:
    """Overwrite every byte of the volume on its medium; returns the method and the bytes that it held there.

    ``zero-overwrite-compressed`` says that the file system kept no blocks for the zeros, so that nobody can tell
    where the old ones are.
    """
    kind = volume.info()[0]
    if kind != libvirt.VIR_STORAGE_VOL_FILE:
        volume.wipe(0)
        return METHOD, int(volume.info()[1])
    method = METHOD
    physical, allocated = _sizes(volume)
    if allocated < physical:
        storage.upload(session, volume, physical, lambda count: _ZEROS[:count])
        physical, allocated = _sizes(volume)
        if allocated < physical:
            method = METHOD_SPARSE
    session.step("wipe.filled")
    volume.wipe(0)
    return method, max(physical, allocated)


def overwritten(session: Session, pool: libvirt.virStoragePool, name: str) -> WipeRecord | None:
    """Overwrite one volume, which stays; ``None`` when it is absent. Simulated disks hold nothing to overwrite."""
    volume = storage.find(pool, name)
    if volume is None:
        return None
    method, count = (METHOD, 0) if session.config.simulated else overwrite(session, volume)
    return WipeRecord(method, count, (str(volume.path()),))


def discard(session: Session, pool: libvirt.virStoragePool, name: str) -> None:
    """Overwrite and delete one volume of which no record is kept; absent succeeds."""
    overwritten(session, pool, name)
    session.step("discard.wiped")
    storage.remove(pool, name)


def add(one: WipeRecord | None, other: WipeRecord | None) -> WipeRecord | None:
    """Both together; the weaker method counts."""
    if one is None or other is None:
        return one or other
    method = one.method if one.method == other.method else METHOD_SPARSE
    return WipeRecord(method, one.bytes_wiped + other.bytes_wiped, one.disks + other.disks)


def _sizes(volume: libvirt.virStorageVol) -> tuple[int, int]:
    """Length of the file and bytes of the medium that it holds."""
    document = parse(volume.XMLDesc(0))
    length = int(document.findtext("physical") or document.findtext("capacity") or 0)
    return length, int(document.findtext("allocation") or 0)
