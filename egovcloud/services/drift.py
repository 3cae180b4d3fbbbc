"""What people do about drift: take what is observed as desired, or have the cloud made as desired."""

from __future__ import annotations

from egovcloud.engine.drifts import accept as accepting
from egovcloud.engine.drifts import repair as repairing
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.store.models import Drift, Operation


def accept(house: House, actor: Actor, id_: str) -> Drift:
    """The rows become what is observed; ``QuotaExceeded`` names the limit that forbids it, and nothing changed."""
    with house.write(actor, "drift.accept", "drift") as unit:
        drift = _mine(unit, "drift:accept", id_)
        accepting.accept(unit.session, drift, now=unit.now)
        return drift


def repair(house: House, actor: Actor, id_: str) -> Operation:
    """The operation that makes the cloud as desired."""
    with house.write(actor, "drift.repair", "drift") as unit:
        drift = _mine(unit, "drift:repair", id_)
        return repairing.begin(unit.session, drift, now=unit.now, requested_by=actor.user_id)


def _mine(unit: Unit, permission: str, id_: str) -> Drift:
    drift = visible(unit.session, unit.actor, "drift:read", Drift, id_, lock=True)
    unit.about("drift", drift, drift.subject_name, kind=drift.kind, observed=drift.observed, desired=drift.desired)
    unit.require(permission, None)
    return drift
