"""The mark of adopted volumes: a file beside our state whose name tells our id and, as a digest, the volume's path.

A storage volume has nowhere to keep a mark, and renaming it would change what others know it by. That the whole mark
is a name makes it whole or absent, whenever the work is broken off.
"""

from __future__ import annotations

from collections.abc import Iterator

import libvirt

from egovcloud.drivers.libvirt import pool_xml, storage
from egovcloud.drivers.libvirt.host import Session


def marks(session: Session) -> dict[str, str]:
    """Our id → digest of the path, of every adopted volume of the host."""
    pool = storage.open_pool(session, session.names.state_pool)
    parsed = (session.names.parse_adopted(name) for name in storage.names(pool))
    return dict(one for one in parsed if one is not None)


def find(session: Session, pool_name: str, volume_id: str) -> libvirt.virStorageVol | None:
    """The adopted volume of that id; ``None`` when there is none in the pool."""
    digest = marks(session).get(volume_id)
    if digest is None:
        return None
    pool = storage.open_pool(session, pool_name)
    return next((one for one in pool.listAllVolumes(0) if session.names.digest(str(one.path())) == digest), None)


def every(session: Session) -> Iterator[tuple[str, libvirt.virStorageVol]]:
    """Our id and the volume, of those that are still there."""
    known = {digest: volume_id for volume_id, digest in marks(session).items()}
    if not known:
        return
    for pool_name in session.config.pools:
        for volume in storage.open_pool(session, pool_name).listAllVolumes(0):
            volume_id = known.get(session.names.digest(str(volume.path())))
            if volume_id is not None:
                yield volume_id, volume


def put(session: Session, volume_id: str, path: str) -> None:
    pool = storage.open_pool(session, session.names.state_pool)
    storage.make(pool, pool_xml.volume(session.names.adopted(volume_id, path), 0, "raw"))


def remove(session: Session, volume_id: str) -> None:
    """Absent succeeds."""
    pool = storage.open_pool(session, session.names.state_pool)
    for name in storage.names(pool):
        parsed = session.names.parse_adopted(name)
        if parsed is not None and parsed[0] == volume_id:
            storage.remove(pool, name)
