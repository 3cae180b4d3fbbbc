"""What is accepted of a floating address: that it is gone, and whom it leads to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.engine.drifts.subject import held, idle
from egovcloud.store.journal import transition
from egovcloud.store.models import Drift, FloatingAddress, Instance, Network, Port


def gone(session: Session, drift: Drift, now: datetime) -> None:
    """In error, for people to decide; it leads to nobody any more."""
    row = _row(session, drift)
    error = {"code": "floating_address.gone", "params": {"id": row.address}, "detail": "not found on its cloud"}
    data = {"out_of_band": True, "was": row.state, "seen": "absent", "drift": drift.id}
    transition(session, row, "gone", now=now, data=data, observed_at=now, instance_id=None, error=error)


def disassociated(session: Session, drift: Drift, now: datetime) -> None:
    row = held(session, FloatingAddress, drift.subject_id, "in_use")
    transition(session, row, "seen_disassociated", now=now, observed_at=now, instance_id=None, data=_data(drift))


def associated(session: Session, drift: Drift, now: datetime) -> None:
    """With an instance of the same project, at rest, in the network that it leads through."""
    row = _row(session, drift)
    holder = session.get(Instance, str(drift.observed["instance"]), populate_existing=True, with_for_update=True)
    if holder is None or holder.project_id != row.project_id or holder.state not in ("active", "stopped"):
        raise Conflict("drift.not_ours")
    port = select(Port.id).where(Port.instance_id == holder.id, Port.network_id == row.network_id)
    if session.scalars(port).first() is None:
        network = session.get_one(Network, row.network_id).name
        raise Conflict("floating_address.other_network", instance=holder.name, network=network)
    idle(session, holder.id, holder.name)
    transition(session, row, "seen_associated", now=now, observed_at=now, instance_id=holder.id, data=_data(drift))


def _row(session: Session, drift: Drift) -> FloatingAddress:
    return held(session, FloatingAddress, drift.subject_id, "available", "in_use")


def _data(drift: Drift) -> dict[str, object]:
    return {"out_of_band": True, "drift": drift.id, "seen": drift.observed.get("instance")}
