"""What is accepted of everything else: that a thing is gone, other rules, a host's other size."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from egovcloud.domain.drift import rule_parts
from egovcloud.domain.errors import Conflict
from egovcloud.domain.ids import new_id
from egovcloud.engine.drifts.subject import held
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Drift, Host, Instance, SecurityGroup, SecurityRule, Snapshot, Volume


def gone(session: Session, drift: Drift, now: datetime) -> None:
    """An instance or a volume that is not there any more is in error, for people to decide what becomes of it."""
    noun = drift.subject_type
    row: Instance | Volume
    if noun == "instance":
        row = held(session, Instance, drift.subject_id, "active", "stopped", "shelved")
    else:
        row = held(session, Volume, drift.subject_id, "available", "in_use")
    changes: dict[str, Any] = {"observed_power": None} if noun == "instance" else {}
    error = {"code": f"{noun}.gone", "params": {"id": row.id}, "detail": "not found on its host"}
    data = {"out_of_band": True, "was": row.state, "seen": "absent", "drift": drift.id}
    transition(session, row, "gone", now=now, data=data, observed_at=now, error=error, **changes)


def snapshot_gone(session: Session, drift: Drift, now: datetime) -> None:
    row = held(session, Snapshot, drift.subject_id, "available")
    transition(session, row, "delete", now=now, data={"out_of_band": True, "drift": drift.id})
    transition(session, row, "deleted", now=now, deleted_at=now)


def rules(session: Session, drift: Drift, now: datetime) -> None:
    """The rules that were seen on one host become the group's, and an operation brings them to all others."""
    # Here, because the registry of operations knows this module.
    from egovcloud.engine.enqueue import enqueue

    row = held(session, SecurityGroup, drift.subject_id, "active")
    session.execute(delete(SecurityRule).where(SecurityRule.security_group_id == row.id))
    for line in drift.observed["rules"]:
        parts = rule_parts(line)
        if parts["direction"] not in ("ingress", "egress") or parts["protocol"] not in ("tcp", "udp", "icmp", "any"):
            raise Conflict("drift.bad_rule", rule=line)
        session.add(SecurityRule(id=new_id(), security_group_id=row.id, **parts))
    session.flush()
    follow = enqueue(session, "security_group.apply", row.id, now=now, department_id=row.department_id)
    transition(session, row, "change", now=now, operation_id=follow.id, data={"drift": drift.id})


def host_size(session: Session, drift: Drift, now: datetime) -> None:
    row = held(session, Host, drift.subject_id)
    seen = drift.observed
    touch(session, row, now=now, vcpus=int(seen["vcpus"]), memory_mib=int(seen["memory_mib"]))


def noted(session: Session, drift: Drift, now: datetime) -> None:
    """Nothing of ours changes: somebody has taken note, and is told again when there is more of it."""
