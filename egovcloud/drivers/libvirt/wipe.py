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


def discard(session: Session, pool: libvirt.virStoragePool, name: str, *, do_wipe: bool) -> WipeRecord:
    """Overwrite and delete one volume; absent succeeds with nothing wiped."""
    volume = storage.find(pool, name)
    if volume is None:
        return WipeRecord(METHOD, 0)
    method, count, path = METHOD, 0, str(volume.path())
    if do_wipe and not session.config.simulated:
        method, count = overwrite(session, volume)
    session.step("discard.wiped")
    storage.remove(pool, name)
    return WipeRecord(method, count, (path,))


def add(one: WipeRecord, other: WipeRecord) -> WipeRecord:
    """Both together; the weaker method counts."""
    method = one.method if one.method == other.method else METHOD_SPARSE
    return WipeRecord(method, one.bytes_wiped + other.bytes_wiped, one.disks + other.disks)


def _sizes(volume: libvirt.virStorageVol) -> tuple[int, int]:
    """Length of the file and bytes of the medium that it holds."""
    document = parse(volume.XMLDesc(0))
    length = int(document.findtext("physical") or document.findtext("capacity") or 0)
    return length, int(document.findtext("allocation") or 0)
