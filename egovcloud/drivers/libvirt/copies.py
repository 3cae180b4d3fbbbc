"""A volume that starts as a copy of another one of the host, in the same pool or another.

libvirt makes the copy under its final name, and the host goes on with it, or stops half-way, whatever becomes of us. So
a mark is put beside our state before and taken away after: what is found under the name while the mark lies there is
thrown away and made anew.
"""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Conflict, Invalid, Transient, Unsupported
from egovcloud.drivers.base import Capability, Ref, VolumeSpec
from egovcloud.drivers.libvirt import pool_xml, storage, volumes, wipe
from egovcloud.drivers.libvirt.errors import code
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import render
from egovcloud.drivers.volume_copies import VOLUME, VolumeSource


def create(session: Session, spec: VolumeSpec) -> Ref:
    """An empty volume, or a whole copy of ``spec.source``; there are no snapshots of volumes here to copy."""
    if spec.source is not None and spec.source.kind != VOLUME:
        raise Unsupported("driver.unsupported", capability=Capability.VOLUME_SNAPSHOT.value)
    return volumes.create(session, spec) if spec.source is None else _copy(session, spec, spec.source)


def _copy(session: Session, spec: VolumeSpec, source: VolumeSource) -> Ref:
    config = storage.config_of(session, spec.pool)
    pool = storage.open_pool(session, spec.pool)
    state = storage.open_pool(session, session.names.state_pool)
    name, mark = session.names.volume(spec.id, config.files), session.names.copying(spec.id)
    existing = storage.find(pool, name)
    if existing is not None and storage.find(state, mark) is None:
        return Ref(str(existing.path()), session.host)
    origin = _origin(session, spec, source)
    storage.make(state, pool_xml.volume(mark, 0, "raw"))
    session.step("copy.marked")
    if existing is not None:
        _throw_away(session, pool, name)
    size = spec.size_gib * pool_xml.GIB
    thin = None if config.files else (size if config.kind == "logical" else 0)
    document = pool_xml.volume(name, size, "qcow2" if config.files else "raw", allocation=thin)
    copy = pool.createXMLFrom(render(document), origin, 0)
    session.step("copy.made")
    if int(copy.info()[1]) < size:
        copy.resize(size, 0)
    storage.remove(state, mark)
    return Ref(str(copy.path()), session.host)


def _origin(session: Session, spec: VolumeSpec, source: VolumeSource) -> libvirt.virStorageVol:
    """The source, which no domain has, running or defined: one that starts meanwhile would write to it."""
    origin = volumes.get(session, source.pool, source.id)
    user = volumes.user_of(session, source.id)
    if user is not None:
        raise Conflict("volume.source_in_use", id=source.id, instance=user[0].UUIDString())
    needed = -(-int(origin.info()[1]) // pool_xml.GIB)
    if spec.size_gib < needed:
        raise Invalid("volume.source_size", field="size_gib", id=source.id, size_gib=spec.size_gib, source_gib=needed)
    return origin


def _throw_away(session: Session, pool: libvirt.virStoragePool, name: str) -> None:
    """Half a copy; ``Transient`` while the host is still at work on it for somebody who has gone."""
    try:
        wipe.discard(session, pool, name)
    except libvirt.libvirtError as error:
        if code(error) == libvirt.VIR_ERR_OPERATION_INVALID:
            detail = f"{name} is still being copied"
            raise Transient("driver.busy", retry_after=5.0, host=session.host, detail=detail) from error
        raise
