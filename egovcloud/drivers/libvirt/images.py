"""Images on a host: one verified copy in each pool, below all disks that were made from it."""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import libvirt

from egovcloud.domain.errors import Conflict, Permanent, Transient
from egovcloud.drivers.base import ImageSpec, Ref
from egovcloud.drivers.libvirt import pool_xml, storage
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import parse

QUIET = 10.0
_seen: dict[tuple[str, str], tuple[str, float]] = {}
_copying = threading.Lock()


def home(session: Session, pool: str) -> str:
    """The pool that holds images for ``pool``: itself where it holds files, else the host's state directory."""
    return pool if storage.config_of(session, pool).files else session.names.state_pool


def ensure(session: Session, pool_name: str, image: ImageSpec) -> Ref:
    """Copy the image unless a proven copy is there; the proof, written last, is a file with the checksum."""
    names = session.names
    storage.open_pool(session, pool_name)
    pool = storage.open_pool(session, home(session, pool_name))
    proof = storage.find(pool, names.image_proof(image.id))
    volume = storage.find(pool, names.image(image.id))
    if volume is None or proof is None or not _proven(session, proof, image):
        if volume is not None:
            _await_quiet(session, pool, names.image(image.id))
        with _copying:
            volume = _copy(session, pool, image)
    if image.firmware == "direct":
        _ensure_boot_files(session, image)
    return Ref(volume.path(), session.host)


def delete(session: Session, pool_name: str, image_id: str) -> None:
    """``Conflict`` while any disk of the pool has the image in its chain. Proof first: half an image is none."""
    names = session.names
    pool = storage.open_pool(session, home(session, pool_name))
    volume = storage.find(pool, names.image(image_id))
    if volume is not None and not session.config.simulated:
        users = _users(pool, volume.path())
        if users:
            raise Conflict("image.in_use", name=image_id, count=users)
    storage.remove(pool, names.image_proof(image_id))
    session.step("image.unproven")
    storage.remove(pool, names.image(image_id))
    others = [storage.open_pool(session, other) for other in {home(session, each) for each in session.config.pools}]
    if not any(storage.find(other, names.image(image_id)) for other in others):
        state = storage.open_pool(session, names.state_pool)
        storage.remove(state, names.kernel(image_id))
        storage.remove(state, names.initrd(image_id))


def _users(pool: libvirt.virStoragePool, path: str) -> int:
    storage.refresh(pool)
    documents = [parse(volume.XMLDesc(0)) for volume in pool.listAllVolumes(0)]
    return sum(1 for document in documents if document.findtext("backingStore/path") == path)


def _proven(session: Session, proof: libvirt.virStorageVol, image: ImageSpec) -> bool:
    if session.config.simulated:
        return True
    return b"".join(storage.download(session, proof)).decode("ascii", "replace").strip() == image.sha256.lower()


def _await_quiet(session: Session, pool: libvirt.virStoragePool, name: str) -> None:
    """Leave a copy alone that another worker may still be writing: one that changed in the last ten seconds.

    Judged by what we see change, never by comparing two machines' clocks.
    """
    storage.refresh(pool)
    volume = storage.find(pool, name)
    if volume is None or session.config.simulated:
        return
    document = parse(volume.XMLDesc(0))
    stamp = f"{document.findtext('target/timestamps/mtime')}/{document.findtext('allocation')}"
    key = (session.host, volume.path())
    known, since = _seen.get(key, ("", 0.0))
    if known != stamp:
        _seen[key] = (stamp, time.monotonic())
        raise Transient("image.copying", name=name, host=session.host, retry_after=QUIET + 1)
    if time.monotonic() - since < QUIET:
        raise Transient("image.copying", name=name, host=session.host, retry_after=QUIET)
    _seen.pop(key, None)


def _copy(session: Session, pool: libvirt.virStoragePool, image: ImageSpec) -> libvirt.virStorageVol:
    """Send the file, hash what was sent, read back what arrived, then write the proof."""
    names = session.names
    source = Path(image.disk)
    size = source.stat().st_size
    refuse_references(image)
    with source.open("rb") as file:
        _check(image, _digest_of(file, session))
    storage.remove(pool, names.image_proof(image.id))
    storage.remove(pool, names.image(image.id))
    session.step("image.room")
    name = names.image(image.id)
    if session.config.simulated:
        return storage.make(pool, pool_xml.volume(name, size, image.format)) and _prove(session, pool, image)
    volume = storage.make(pool, pool_xml.volume(name, size, "raw"))
    with source.open("rb") as file:
        storage.upload(session, volume, size, file.read)
    session.step("image.sent")
    digest = hashlib.sha256()
    for data in storage.download(session, volume):
        digest.update(data)
    _check(image, digest.hexdigest())
    return _prove(session, pool, image)


def refuse_references(image: ImageSpec) -> None:
    """``Permanent("image.unsafe")`` for a qcow2 file that names a backing or data file: it would read the host's.

    Offsets of the header: https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt
    """
    with Path(image.disk).open("rb") as file:
        header = file.read(104)
    if header[:4] != b"QFI\xfb":
        if image.format == "qcow2" and header:
            raise Permanent("image.unsafe", name=image.name, detail="no qcow2 header")
        return
    (version,) = struct.unpack_from(">I", header, 4)
    (backing,) = struct.unpack_from(">Q", header, 8)
    incompatible = struct.unpack_from(">Q", header, 72)[0] if version >= 3 and len(header) >= 80 else 0
    if backing or incompatible & 4:
        raise Permanent("image.unsafe", name=image.name, detail="backing file" if backing else "external data file")


def _prove(session: Session, pool: libvirt.virStoragePool, image: ImageSpec) -> libvirt.virStorageVol:
    text = image.sha256.lower().encode()
    put(session, pool, session.names.image_proof(image.id), text)
    storage.refresh(pool)
    return pool.storageVolLookupByName(session.names.image(image.id))


def _check(image: ImageSpec, actual: str) -> None:
    if actual != image.sha256.lower():
        raise Permanent("image.checksum", name=image.name, actual=actual, expected=image.sha256)


def _digest_of(file: BinaryIO, session: Session) -> str:
    digest = hashlib.sha256()
    while data := file.read(1 << 20):
        digest.update(data)
        if session.deadline.passed():
            raise Transient("driver.timeout", host=session.host, limit=session.deadline.limit)
    return digest.hexdigest()


def _ensure_boot_files(session: Session, image: ImageSpec) -> None:
    state = storage.open_pool(session, session.names.state_pool)
    for name, path in ((session.names.kernel(image.id), image.kernel), (session.names.initrd(image.id), image.initrd)):
        if path is None:
            continue
        size = Path(path).stat().st_size
        present = storage.find(state, name)
        if present is not None and int(present.info()[1]) == size:
            continue
        with Path(path).open("rb") as file:
            put_stream(session, state, name, size, file.read)


def put(session: Session, pool: libvirt.virStoragePool, name: str, content: bytes) -> libvirt.virStorageVol:
    """A small file with exactly this content, whatever an interrupted attempt left there."""
    view = memoryview(content)
    sent = 0

    def read(count: int) -> bytes:
        nonlocal sent
        piece = bytes(view[sent : sent + count])
        sent += len(piece)
        return piece

    return put_stream(session, pool, name, len(content), read)


def put_stream(
    session: Session, pool: libvirt.virStoragePool, name: str, size: int, read: Callable[[int], bytes]
) -> libvirt.virStorageVol:
    """Replace the file ``name`` by ``size`` bytes from ``read``."""
    storage.remove(pool, name)
    volume = storage.make(pool, pool_xml.volume(name, size, "raw"))
    if not session.config.simulated and size:
        storage.upload(session, volume, size, read)
    return volume
