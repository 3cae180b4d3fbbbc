"""Snapshots of all of an instance's disks: internal ones through libvirt, external ones as layers of our own.

An external snapshot *is* the layer that has taken the disk's writes since: its name carries instance, snapshot and
device, and as long as that layer is in the disk's chain the snapshot exists. Nothing else has to agree with it, so
that work can be interrupted anywhere. libvirt 9.0 can neither revert to external snapshots nor delete them; both are
done here, always with base and top named: a commit without them would merge into the image below.
"""

from __future__ import annotations

from collections.abc import Iterator

import libvirt

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import Owned, OwnedKind, Ref, SnapshotFacts
from egovcloud.drivers.libvirt import domains, internal_snapshots, layers, running
from egovcloud.drivers.libvirt.errors import is_absent
from egovcloud.drivers.libvirt.host import Session


def create(session: Session, instance_id: str, snapshot_id: str, *, external: bool, quiesce: bool) -> SnapshotFacts:
    """All disks at one moment. The two kinds do not mix on one instance: ``Conflict("snapshot.mixed")``."""
    known = observe(session, instance_id, snapshot_id)
    if known is not None:
        return known
    domain = domains.get(session, instance_id)
    running.end_work(session, domain)
    if internal_snapshots.names(session, domain) if external else layers.snapshots(session, domain):
        raise Conflict("snapshot.mixed", id=snapshot_id, instance=instance_id)
    if external:
        layers.create(session, domain, snapshot_id, quiesce=quiesce)
    else:
        internal_snapshots.create(session, domain, snapshot_id, quiesce=quiesce)
    made = observe(session, instance_id, snapshot_id)
    if made is None:
        raise NotFound("snapshot.absent", id=snapshot_id, instance=instance_id)
    return made


def observe(session: Session, instance_id: str, snapshot_id: str) -> SnapshotFacts | None:
    domain = domains.find(session, instance_id)
    if domain is None:
        return None
    inside = internal_snapshots.names(session, domain)
    if snapshot_id in inside:
        ref = Ref(f"internal/{instance_id}/{snapshot_id}", session.host)
        return SnapshotFacts(snapshot_id, ref, instance_id, inside[snapshot_id])
    above = layers.snapshots(session, domain)
    if snapshot_id in above:
        ref = Ref(f"external/{instance_id}/{snapshot_id}", session.host)
        return SnapshotFacts(snapshot_id, ref, instance_id, above[snapshot_id])
    return None


def revert(session: Session, instance_id: str, snapshot_id: str) -> None:
    """Of a stopped instance, which stays stopped. To an older external one only once the newer are deleted."""
    domain = domains.get(session, instance_id)
    running.end_work(session, domain)
    if domains.is_active(domain):
        raise Conflict("instance.running", id=instance_id, host=session.host)
    if snapshot_id in internal_snapshots.names(session, domain):
        internal_snapshots.revert(session, domain, snapshot_id)
    elif snapshot_id in layers.snapshots(session, domain):
        layers.revert(session, domain, snapshot_id)
    else:
        raise NotFound("snapshot.absent", id=snapshot_id, instance=instance_id)


def delete(session: Session, instance_id: str, snapshot_id: str) -> None:
    """Keep the present content, forget the snapshot; absent succeeds."""
    domain = domains.find(session, instance_id)
    if domain is None:
        return
    running.end_work(session, domain)
    if snapshot_id in internal_snapshots.names(session, domain):
        internal_snapshots.delete(domain, session, snapshot_id)
    layers.delete(session, domain, snapshot_id)


def list_owned(session: Session) -> Iterator[Owned]:
    """Snapshots of all of our instances on the host."""
    for domain in session.conn.listAllDomains(0):
        try:
            instance_id = domain.UUIDString()
            if not domains.is_ours(session, domains.marker_of(domain), instance_id):
                continue
            found = [("internal", one) for one in internal_snapshots.names(session, domain)]
            found += [("external", one) for one in layers.snapshots(session, domain)]
        except libvirt.libvirtError as error:
            if is_absent(error):
                continue
            raise
        for kind, snapshot_id in found:
            external_id = f"{kind}/{instance_id}/{snapshot_id}"
            yield Owned(OwnedKind.SNAPSHOT, snapshot_id, external_id, session.host, external_id)


def delete_owned(session: Session, owned: Owned) -> None:
    """By the id that ``list_owned`` gave."""
    _kind, _, rest = owned.external_id.partition("/")
    instance_id, _, snapshot_id = rest.partition("/")
    if snapshot_id == owned.id:
        delete(session, instance_id, snapshot_id)
