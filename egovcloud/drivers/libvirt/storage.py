"""Pools and their volumes through libvirt alone, so that a host far away is served like the one we run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libvirt

from egovcloud.domain.errors import NotFound, Transient
from egovcloud.drivers.base import PoolFacts
from egovcloud.drivers.libvirt import pool_xml
from egovcloud.drivers.libvirt.config import PoolConfig
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element, parse, render

CHUNK = 1 << 18


@dataclass(frozen=True)
class Layer:
    """One file of a disk's chain, top first; ``backing`` is the path below it."""

    name: str
    path: str
    format: str
    capacity: int
    backing: str = ""


def config_of(session: Session, pool: str) -> PoolConfig:
    """``NotFound("pool.absent")`` for a pool that the host's configuration does not name."""
    if pool == session.names.state_pool:
        return PoolConfig("dir", session.config.state_dir)
    try:
        return session.config.pools[pool]
    except KeyError:
        raise NotFound("pool.absent", host=session.host, pool=pool, field="pool") from None


def open_pool(session: Session, name: str) -> libvirt.virStoragePool:
    """The running pool, defined and started first where it is not."""
    config = config_of(session, name)
    pool = _known(session, name) or _define(session, name, config)
    mark = f"pool/{name}"
    if mark in session.ready:
        return pool
    if not pool.isActive():
        try:
            if config.files:
                pool.build(0)
            pool.create(0)
        except libvirt.libvirtError as error:
            if code(error) != libvirt.VIR_ERR_OPERATION_INVALID:  # somebody else started it meanwhile
                raise
    pool.setAutostart(1)
    session.ready.add(mark)
    return pool


def _known(session: Session, name: str) -> libvirt.virStoragePool | None:
    try:
        return session.conn.storagePoolLookupByName(name)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise


def _define(session: Session, name: str, config: PoolConfig) -> libvirt.virStoragePool:
    """A new pool, or that of whoever defined it at the same moment."""
    known = _same_place(session, config)
    if known is not None:
        return known
    try:
        return session.conn.storagePoolDefineXML(render(pool_xml.pool(name, config)), 0)
    except libvirt.libvirtError:
        known = _known(session, name)
        if known is None:
            raise
        return known


def _same_place(session: Session, config: PoolConfig) -> libvirt.virStoragePool | None:
    """The pool that somebody defined for the same directory under another name; libvirt allows only one."""
    if not config.target:
        return None
    for pool in session.conn.listAllStoragePools(0):
        if parse(pool.XMLDesc(0)).findtext("target/path") == config.target.rstrip("/"):
            return pool
    return None


def name_of(session: Session, volume: libvirt.virStorageVol) -> str:
    """The configured name of the pool that holds the volume."""
    pool = volume.storagePoolLookupByVolume()
    name = str(pool.name())
    if name in session.config.pools:
        return name
    target = parse(pool.XMLDesc(0)).findtext("target/path")
    places = [key for key, config in session.config.pools.items() if config.target.rstrip("/") == target]
    return places[0] if places else name


def refresh(pool: libvirt.virStoragePool) -> None:
    """Make libvirt look again; where a running upload forbids that, what it knows has to do."""
    try:
        pool.refresh(0)
    except libvirt.libvirtError as error:
        if code(error) not in {libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_OPERATION_INVALID}:
            raise


def find(pool: libvirt.virStoragePool, name: str, *, again: bool = True) -> libvirt.virStorageVol | None:
    """The volume of that name; ``again`` looks at the disk itself before saying no."""
    for attempt in range(2 if again else 1):
        if attempt:
            refresh(pool)
        try:
            return pool.storageVolLookupByName(name)
        except libvirt.libvirtError as error:
            if not is_absent(error):
                raise
    return None


def make(pool: libvirt.virStoragePool, document: Element) -> libvirt.virStorageVol:
    """Create the volume, or give the one that has this name already."""
    name = document.findtext("name") or ""
    existing = find(pool, name)
    if existing is not None:
        return existing
    try:
        return pool.createXML(render(document), 0)
    except libvirt.libvirtError as error:
        existing = find(pool, name)
        if existing is None:
            raise error
        return existing


def remove(pool: libvirt.virStoragePool, name: str) -> None:
    """Delete the volume; absent succeeds."""
    volume = find(pool, name)
    if volume is None:
        return
    try:
        volume.delete(0)
    except libvirt.libvirtError as error:
        if not is_absent(error) and find(pool, name) is not None:
            raise


def names(pool: libvirt.virStoragePool) -> list[str]:
    """Names of all volumes as they are on the disk now."""
    refresh(pool)
    return list(pool.listVolumes())


def upload(session: Session, volume: libvirt.virStorageVol, size: int, read: Callable[[int], bytes]) -> None:
    """Send ``size`` bytes that ``read(count)`` gives into the volume, stopping when the caller has gone."""
    stream = session.conn.newStream(0)
    volume.upload(stream, 0, size, 0)
    try:
        left = size
        while left:
            if session.deadline.passed():
                raise Transient("driver.timeout", host=session.host, limit=session.deadline.limit)
            data = read(min(CHUNK, left))
            if not data:
                break
            _send_all(stream, data)
            left -= len(data)
        stream.finish()
    except BaseException:
        stream.abort()
        raise


def _send_all(stream: libvirt.virStream, data: bytes) -> None:
    view = memoryview(data)
    while view:
        sent = stream.send(bytes(view))
        view = view[sent:]


def download(session: Session, volume: libvirt.virStorageVol, *, offset: int = 0, length: int = 0) -> Iterator[bytes]:
    """The volume's raw bytes from ``offset``; ``length`` 0 means to the end."""
    stream = session.conn.newStream(0)
    volume.download(stream, offset, length, 0)
    finished = False
    try:
        while data := stream.recv(CHUNK):
            if session.deadline.passed():
                raise Transient("driver.timeout", host=session.host, limit=session.deadline.limit)
            yield data
        stream.finish()
        finished = True
    finally:
        if not finished:
            stream.abort()


def layer(session: Session, path: str) -> Layer | None:
    """What libvirt knows about the file at ``path``; ``None`` when no pool holds it."""
    try:
        volume = session.conn.storageVolLookupByPath(path)
        document = parse(volume.XMLDesc(0))
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise
    format_ = document.find("target/format")
    return Layer(
        document.findtext("name") or "",
        document.findtext("target/path") or path,
        "raw" if format_ is None else format_.get("type", "raw"),
        int(document.findtext("capacity") or 0),
        document.findtext("backingStore/path") or "",
    )


def chain(session: Session, path: str) -> list[Layer]:
    """All layers of the disk at ``path``, top first, as far as the host's pools hold them."""
    layers: list[Layer] = []
    while path and len(layers) < 64:
        found = layer(session, path)
        if found is None:
            break
        layers.append(found)
        path = found.backing
    return layers


def facts(session: Session) -> list[PoolFacts]:
    """Every configured pool of the host. A pool that cannot be opened is stated with no room, not left out."""
    found = []
    for name, config in session.config.pools.items():
        try:
            info = open_pool(session, name).info()
            capacity, used = info[1] / pool_xml.GIB, info[2] / pool_xml.GIB
        except libvirt.libvirtError:
            if not session.conn.isAlive():
                raise
            capacity = used = 0.0
        found.append(PoolFacts(name, session.host, config.kind, capacity, used, config.seen_elsewhere))
    return found
