"""To repair a drift: the cloud is made as desired by operations that know how, under one that tells how it went.

The repair and all of its parts are written in one transaction before anything is called. What has no operation of its
own, a network or an image on a host, is ensured by the repair itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.drift import KINDS, REPAIR
from egovcloud.domain.errors import Conflict
from egovcloud.engine.drifts import accept_instance, accept_volume
from egovcloud.engine.drifts.subject import held, idle, ready
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Drift, FloatingAddress, Instance, Operation, SecurityGroup, Volume


@dataclass(frozen=True)
class Job:
    """A repair that is being written: ``part`` adds an operation to it."""

    session: Session
    drift: Drift
    parent: Operation
    now: datetime

    def part(self, kind: str, id_: str, department_id: str, needs: str | None = None, **params: Any) -> Operation:
        # Here, because the registry of operations knows this module.
        from egovcloud.engine.enqueue import enqueue

        return enqueue(
            self.session,
            kind,
            id_,
            now=self.now,
            department_id=department_id,
            params=params,
            requested_by=self.parent.requested_by,
            parent_id=self.parent.id,
            needs=[needs] if needs else [],
        )


def begin(session: Session, drift: Drift, *, now: datetime, requested_by: str | None = None) -> Operation:
    """The operation that repairs it; ``Conflict`` says why not, and the caller takes it all back."""
    from egovcloud.engine.enqueue import enqueue

    kind = KINDS[drift.kind]
    if not kind.repair:
        raise Conflict("drift.no_remedy", kind=drift.kind, remedy=REPAIR, allowed=", ".join(kind.policies))
    ready(session, drift)
    _made_here(session, drift)
    parent = enqueue(
        session,
        "drift.repair",
        drift.id,
        now=now,
        department_id=drift.department_id,
        params={"kind": drift.kind},
        requested_by=requested_by,
    )
    data = {"kind": drift.kind}
    transition(session, drift, "repair", now=now, operation_id=parent.id, error=None, data=data)
    touch(session, drift, now=now, operation_id=parent.id)
    if drift.kind in WAYS:
        WAYS[drift.kind](Job(session, drift, parent, now))
    return parent


def _made_here(session: Session, drift: Drift) -> None:
    """``Conflict`` for what was adopted: others may change it, and what they made of it is not ours to undo."""
    row: Instance | Volume | None = None
    if KINDS[drift.kind].noun == "instance":
        row = session.get(Instance, drift.subject_id)
    elif KINDS[drift.kind].noun == "volume":
        row = session.get(Volume, drift.subject_id)
    if row is not None and row.origin is not None:
        raise Conflict("adoption.unrepaired", name=row.name)


def _instance(job: Job) -> Instance:
    return held(job.session, Instance, job.drift.subject_id, "active", "stopped")


def _power(job: Job) -> None:
    row = _instance(job)
    if row.state == "stopped":
        # Only what runs can be stopped, so that the row first says that it runs.
        transition(job.session, row, "seen_running", now=job.now, observed_at=job.now, data={"drift": job.drift.id})
        part = job.part("instance.stop", row.id, row.department_id, force=False, limit_seconds=60)
        transition(job.session, row, "stop", now=job.now, operation_id=part.id, desired_power="stopped")
    else:
        part = job.part("instance.start", row.id, row.department_id)
        transition(job.session, row, "start", now=job.now, operation_id=part.id, desired_power="running")


def _shelf(job: Job) -> None:
    """Shelved again, or brought back, by the operations that people ask for."""
    if job.drift.kind == "instance.unshelved":
        row = held(job.session, Instance, job.drift.subject_id, "shelved")
        accept_instance.unshelved(job.session, job.drift, job.now)
        part = job.part("instance.shelve", row.id, row.department_id)
        transition(job.session, row, "shelve", now=job.now, operation_id=part.id, desired_power="stopped")
        return
    row = _instance(job)
    accept_instance.shelved(job.session, job.drift, job.now)
    part = job.part("instance.unshelve", row.id, row.department_id)
    transition(job.session, row, "unshelve", now=job.now, operation_id=part.id, desired_power="running")


def _shape(job: Job) -> None:
    """A resize to the size that it has in our books; it takes a restart of what runs."""
    row = _instance(job)
    size = {"vcpus": row.vcpus, "memory_mib": row.memory_mib, "flavor_id": row.flavor_id}
    running = row.state == "active"
    params: dict[str, Any] = {"from": size, "to": size, "was_running": running}
    part = job.part("instance.resize", row.id, row.department_id, **params)
    transition(job.session, row, "resize", now=job.now, operation_id=part.id)


def _groups(job: Job) -> None:
    row = _instance(job)
    job.part("instance.guard", row.id, row.department_id)


def _rules(job: Job) -> None:
    row = held(job.session, SecurityGroup, job.drift.subject_id, "active")
    part = job.part("security_group.apply", row.id, row.department_id)
    transition(job.session, row, "change", now=job.now, operation_id=part.id)


def _grow(job: Job) -> None:
    row = held(job.session, Volume, job.drift.subject_id, "available", "in_use")
    part = job.part("volume.grow", row.id, row.department_id, to_gib=row.size_gib)
    transition(job.session, row, "grow", now=job.now, operation_id=part.id)


def _attach(job: Job) -> None:
    """Where it belongs, from where it is: nowhere, or at another instance."""
    row = held(job.session, Volume, job.drift.subject_id, "in_use")
    home = held(job.session, Instance, str(row.instance_id), "active", "stopped")
    idle(job.session, home.id, home.name)
    if job.drift.kind == "volume.elsewhere":
        first = _detach(job)
        job.part("volume.attach", row.id, row.department_id, needs=first.id, instance_id=home.id)
        return
    accept_volume.detached(job.session, job.drift, job.now)
    part = job.part("volume.attach", row.id, row.department_id, instance_id=home.id)
    transition(job.session, row, "attach", now=job.now, operation_id=part.id, instance_id=home.id)


def _detach(job: Job) -> Operation:
    """From the instance that was seen to hold it."""
    row = held(job.session, Volume, job.drift.subject_id, "available", "in_use")
    accept_volume.attached(job.session, job.drift, job.now)
    part = job.part("volume.detach", row.id, row.department_id, instance_id=row.instance_id)
    transition(job.session, row, "detach", now=job.now, operation_id=part.id)
    return part


def _detach_only(job: Job) -> None:
    _detach(job)


def _associate(job: Job) -> None:
    """With the instance that is meant to have it, whoever has it now."""
    row = held(job.session, FloatingAddress, job.drift.subject_id, "in_use")
    home = held(job.session, Instance, str(row.instance_id), "active", "stopped")
    idle(job.session, home.id, home.name)
    data = {"out_of_band": True, "drift": job.drift.id, "seen": job.drift.observed.get("instance")}
    transition(job.session, row, "seen_disassociated", now=job.now, instance_id=None, data=data)
    part = job.part("floating_address.associate", row.id, row.department_id, instance_id=home.id)
    transition(job.session, row, "associate", now=job.now, operation_id=part.id, instance_id=home.id)


def _disassociate(job: Job) -> None:
    """From whoever was seen to have it, ours or not."""
    row = held(job.session, FloatingAddress, job.drift.subject_id, "available")
    holder = job.session.get(Instance, str(job.drift.observed["instance"]))
    known = holder.id if holder is not None else None
    data = {"out_of_band": True, "drift": job.drift.id, "seen": job.drift.observed.get("instance")}
    transition(job.session, row, "seen_associated", now=job.now, instance_id=known, data=data)
    part = job.part("floating_address.disassociate", row.id, row.department_id, instance_id=known)
    transition(job.session, row, "disassociate", now=job.now, operation_id=part.id)


WAYS: dict[str, Callable[[Job], None]] = {
    "instance.stopped": _power,
    "instance.started": _power,
    "instance.crashed": _power,
    "instance.paused": _power,
    "instance.shelved": _shelf,
    "instance.unshelved": _shelf,
    "instance.vcpus": _shape,
    "instance.memory": _shape,
    "instance.groups": _groups,
    "volume.shrunk": _grow,
    "volume.detached": _attach,
    "volume.attached": _detach_only,
    "volume.elsewhere": _attach,
    "floating_address.disassociated": _associate,
    "floating_address.elsewhere": _associate,
    "floating_address.associated": _disassociate,
    "security_group.gone": _rules,
    "security_group.rule_added": _rules,
    "security_group.rule_missing": _rules,
}
# Ensured by the repair's own step: engine/operations/drift.py.
DIRECT = frozenset({"network.gone", "network.mode", "network.cidr", "network.gateway", "network.bridge", "image.gone"})
