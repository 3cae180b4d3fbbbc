"""Drift (漂移): where a cloud differs from what is desired, and what is done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Ref
from egovcloud.api.views.operation import OperationView, Subject
from egovcloud.services import drift as service
from egovcloud.services import drift_policy as policies
from egovcloud.services import drift_view as shown
from egovcloud.services import operation_view as operations

routes = Routes("drifts")


class Fact(Answer):
    """One fact that was compared, as text."""

    name: str
    value: str


class DriftView(Answer):
    """A difference; ``remedies`` are what may be asked for as it stands, ``host`` is for those who may read hosts.

    `state` is `open`, `repairing`, `accepted` or `closed`; `outcome` of a closed one `vanished`, `accepted` or
    `repaired`.
    """

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    kind: str
    title: str
    state: str
    subject: Subject
    department: Ref | None
    provider: Ref | None
    host: str | None
    place: str
    desired: list[Fact]
    observed: list[Fact]
    since: datetime
    last_seen_at: datetime
    looks: int
    ended_at: datetime | None
    outcome: str | None
    operation_id: str | None
    policy: str
    remedies: list[str]
    error: Failure | None


class PolicyView(Answer):
    """A kind of drift with what is done about it unasked."""

    kind: str
    title: str
    noun: str
    compares: list[str]
    policy: str
    default: str
    allowed: list[str]


class PolicySet(Body):
    policy: Literal["report", "accept", "repair"]


@routes.get("/drifts", permission="drift:read", listing=shown.LISTING)
def list_drifts(call: Call, query: ListParams) -> Page[DriftView]:
    """Drifts of my subtree, in every state."""
    return Page[DriftView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/drifts/<drift_id>", permission="drift:read")
def show_drift(call: Call, drift_id: str) -> DriftView:
    """One drift."""
    return DriftView.of(shown.get(call.house, reader(call), drift_id))


@routes.post("/drifts/<drift_id>/accept", permission="drift:accept")
def accept_drift(call: Call, drift_id: str) -> DriftView:
    """Let what is observed be what is desired, within the quota."""
    service.accept(call.house, call.actor, drift_id)
    return DriftView.of(shown.get(call.house, reader(call), drift_id))


@routes.post("/drifts/<drift_id>/repair", permission="drift:repair", status=202)
def repair_drift(call: Call, drift_id: str) -> OperationView:
    """Make the cloud as desired; what runs may be restarted for it."""
    operation = service.repair(call.house, call.actor, drift_id)
    return OperationView.of(operations.show(call.house, reader(call), operation.id))


@routes.get("/drift-policies", permission="drift:read")
def list_drift_policies(call: Call) -> list[PolicyView]:
    """Every kind of drift, with what is done about it without asking."""
    return [PolicyView.of(view) for view in policies.listed(call.house, reader(call))]


@routes.put("/drift-policies/<kind>", permission="drift:set", paths={"kind": r"[a-z_]{1,20}\.[a-z_]{1,20}"})
def set_drift_policy(call: Call, kind: str, body: PolicySet) -> PolicyView:
    """Another policy for a kind, from the next look on."""
    return PolicyView.of(policies.put(call.house, reader(call), kind, body.policy))
