"""What is done about each kind of drift without asking anyone: report, accept or repair."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.drift import KINDS
from egovcloud.domain.errors import Invalid, NotFound
from egovcloud.domain.messages import render
from egovcloud.engine.drifts.journal import policies
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.reading import allow
from egovcloud.services.refs import View
from egovcloud.store.journal import emit
from egovcloud.store.models import DriftPolicy


def listed(house: House, actor: Actor) -> list[View]:
    """Every kind with its policy, in the order of the table."""
    with house.read() as session:
        allow(session, actor, "drift:read")
        return _views(session, actor)


def put(house: House, actor: Actor, kind: str, policy: str) -> View:
    """From the next look on; drifts that were left open since are acted upon then."""
    with house.write(actor, "drift_policy.set", "drift_policy") as unit:
        unit.about("drift_policy", None, kind)
        unit.require("drift:set", None)
        if kind not in KINDS:
            raise NotFound("thing.absent", noun="drift_policies", id=kind)
        if policy not in KINDS[kind].policies:
            allowed = ", ".join(KINDS[kind].policies)
            raise Invalid("drift.no_policy", field="policy", policy=policy, kind=kind, allowed=allowed)
        session = unit.session
        unit.data.update(before=policies(session)[kind], after=policy)
        row = session.get(DriftPolicy, kind)
        if row is None:
            row = DriftPolicy(kind=kind)
            session.add(row)
        row.policy, row.updated_at, row.updated_by = policy, unit.now, actor.user_id
        session.flush()
        data = {"kind": kind, "policy": policy}
        emit(session, unit.now, "drift_policy.set", "drift_policy", kind, department_id=None, data=data)
        return next(view for view in _views(session, actor) if view["kind"] == kind)


def _views(session: Session, actor: Actor) -> list[View]:
    chosen = policies(session)
    return [
        {
            "kind": code,
            "title": render(f"drift.kind.{code}", {}, actor.language),
            "noun": kind.noun,
            "compares": list(kind.compares),
            "policy": chosen[code],
            "default": kind.default,
            "allowed": list(kind.policies),
        }
        for code, kind in KINDS.items()
    ]
