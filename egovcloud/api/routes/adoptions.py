"""Adoption (纳管): what others made, counted and managed as it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.domain.errors import Problem
from egovcloud.services import adoption as service
from egovcloud.services import operation_view as operations
from egovcloud.services.adoption_plan import MOST, Line

routes = Routes("adoptions")


class Thing(Body):
    """One machine or volume, by its host and the cloud's id of it; ``name`` takes the place of its own."""

    kind: Literal["instance", "volume"]
    host_id: Id
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    name: Name | None = None


class Adoption(Body):
    """What goes to which project; a machine brings the volumes that it holds."""

    project_id: Id
    application_id: Id | None = None
    items: Annotated[list[Thing], Field(min_length=1, max_length=MOST)]


class PlannedCard(Answer):
    """One network card; ``network`` is ours where the card is in a network of ours, and its address taken there."""

    mac: str
    address: str | None
    network: Ref | None
    network_name: str


class PlannedThing(Answer):
    """What one thing would be here, and why it cannot."""

    kind: str
    external_id: str
    name: str
    host: Ref
    storage_pool: Ref | None
    power: str | None
    vcpus: int
    memory_mib: int
    size_gib: int
    cards: list[PlannedCard]
    volumes: list[PlannedThing]
    obstacles: list[Failure]


class QuotaAfter(Answer):
    """One resource at one department, before and after."""

    department: Ref
    resource: str
    limit: int | None
    used: int
    asked: int
    after: int
    ok: bool


class AdoptionPlan(Answer):
    """What would happen; nothing was written or touched. ``amount`` is counted in the quota's own units."""

    ok: bool
    amount: dict[str, int]
    items: list[PlannedThing]
    quota: list[QuotaAfter]


@routes.post("/adoptions/plan", permission="adoption:create", once=False)
def plan_adoption(call: Call, body: Adoption) -> AdoptionPlan:
    """The dry run: what would be counted where, and everything that stands in the way."""
    plan = service.plan(call.house, call.drivers, call.actor, **_values(body))
    language = reader(call).language
    return AdoptionPlan(
        ok=plan.ok,
        amount=plan.amount.as_dict(),
        items=[_line(line, language) for line in plan.lines],
        quota=[
            QuotaAfter(
                department=Ref(id=check.department_id, name=check.department_name),
                resource=check.resource,
                limit=check.limit,
                used=check.used,
                asked=check.asked,
                after=check.after,
                ok=check.ok,
            )
            for check in plan.quota
        ],
    )


@routes.post("/adoptions", permission="adoption:create", status=202)
def run_adoption(call: Call, body: Adoption) -> OperationView:
    """All of it or nothing: from now on it is counted, and managed without a restart or a change."""
    operation = service.run(call.house, call.drivers, call.actor, **_values(body))
    return OperationView.of(operations.show(call.house, call.actor, operation.id))


def _values(body: Adoption) -> dict[str, Any]:
    return {
        "project_id": body.project_id,
        "application_id": body.application_id,
        "items": [thing.model_dump() for thing in body.items],
    }


def _line(line: Line, language: str) -> PlannedThing:
    found = line.found
    return PlannedThing(
        kind=line.kind,
        external_id=line.external_id,
        name=line.name,
        host=Ref(id=line.host.id, name=line.host.name),
        storage_pool=Ref(id=line.pool.id, name=line.pool.name) if line.pool else None,
        power=found.power.value if found and found.power else None,
        vcpus=found.vcpus if found else 0,
        memory_mib=found.memory_mib if found else 0,
        size_gib=line.size_gib,
        cards=[
            PlannedCard(
                mac=nic.mac,
                address=nic.address,
                network=Ref.of(line.networks[nic.mac]) if nic.mac in line.networks else None,
                network_name=nic.network,
            )
            for nic in (found.nics if found else ())
        ],
        volumes=[_line(volume, language) for volume in line.volumes],
        obstacles=[_failure(problem, language) for problem in line.obstacles],
    )


def _failure(problem: Problem, language: str) -> Failure:
    return Failure(code=problem.code, detail=problem.text(language))
