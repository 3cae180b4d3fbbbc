"""Our projects on clouds that keep projects apart: made before what they hold, held to our quotas, and counted.

The cloud's own quota is a second wall behind ours: whoever gets past us there runs into it. What others make in one of
our projects counts for its department as ours does, until it is adopted or gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.domain.quota import Amount, instance_amount, volume_amount
from egovcloud.drivers.base import Capability, Driver, OwnedKind, TenantSpec, Unmanaged
from egovcloud.engine.kinds import Run
from egovcloud.store import ledger
from egovcloud.store.models import Project, Provider, Quota

log = structlog.get_logger()

WALLED = ("instances", "vcpus", "memory_mib", "volume_gib", "addresses")  # what a cloud can hold a project to
Strays = Mapping[str, tuple[str, Mapping[str, int]]]  # external id → (our project, what it takes)


def spec_of(session: Session, project_id: str) -> TenantSpec:
    """A project with the tightest limits of its department and all above it."""
    project = session.get_one(Project, project_id)
    nodes = [node.id for node in ledger.lineage(session, project.department_id)]
    limits: dict[str, int] = {}
    for quota in session.scalars(select(Quota).where(Quota.department_id.in_(nodes), Quota.limit.is_not(None))):
        if quota.resource in WALLED and quota.limit is not None:
            limits[quota.resource] = min(quota.limit, limits.get(quota.resource, quota.limit))
    return TenantSpec(project.id, project.name, tuple(sorted(limits.items())))


def ensure(run: Run, driver: Driver, project_id: str | None, within: float) -> None:
    """Before anything is made in it; a cloud that does not keep projects apart has nothing to do."""
    if project_id is None or Capability.TENANCY not in driver.capabilities:
        return
    with run.database.read() as session:
        spec = spec_of(session, project_id)
    driver.ensure_tenant(spec, within=within)


def align(run: Run, driver: Driver, project_ids: Iterable[str], within: float) -> None:
    """The quotas of those that are there, as ours are now; what a cloud refuses stays as it was until the next look."""
    with run.database.read() as session:
        known = select(Project.id).where(Project.id.in_(set(project_ids)), Project.deleted_at.is_(None))
        specs = [spec_of(session, id_) for id_ in session.scalars(known.order_by(Project.id))]
    for spec in specs:
        try:
            driver.ensure_tenant(spec, within=within)
        except Problem as problem:
            log.warning("quota of the cloud not set", project=spec.id, error=problem.text("en"))


def strays_of(unmanaged: Iterable[Unmanaged]) -> dict[str, tuple[str, dict[str, int]]]:
    """What others made in projects of ours, each thing once, however many hosts list it."""
    found: dict[str, tuple[str, dict[str, int]]] = {}
    for one in unmanaged:
        amount = _amount(one)
        if one.tenant is not None and amount is not None:
            found[one.external_id] = (one.tenant, dict(amount.items()))
    return found


def _amount(one: Unmanaged) -> Amount | None:
    if one.kind is OwnedKind.INSTANCE:
        return instance_amount(one.vcpus, one.memory_mib, int(one.size_gib), 0)
    return volume_amount(int(one.size_gib)) if one.kind is OwnedKind.VOLUME else None


def count(session: Session, provider: Provider, strays: Strays) -> None:
    """Let the departments' quotas say what is there now in place of what was seen before."""
    projects = select(Project.id, Project.department_id).where(Project.id.in_({strays[id_][0] for id_ in strays}))
    department_of = {row[0]: row[1] for row in session.execute(projects)}
    now = {
        id_: {"department_id": department_of[tenant], "amount": dict(amount)}
        for id_, (tenant, amount) in strays.items()
        if tenant in department_of
    }
    before = provider.strays
    for id_ in sorted(before.keys() | now.keys()):
        if before.get(id_) != now.get(id_):
            _recount(session, before.get(id_), -1)
            _recount(session, now.get(id_), 1)
    if before != now:
        provider.strays = now


def counted(provider: Provider, external_id: str) -> list[tuple[str, Amount]]:
    """(department, amount) for which a thing of others counts now, if it does."""
    known = provider.strays.get(external_id)
    return [] if known is None else [(known["department_id"], Amount.of(known["amount"]))]


def recognise(session: Session, provider: Provider, external_id: str) -> None:
    """It is about to count as one of ours: as a stray it counts no more."""
    known = provider.strays.get(external_id)
    if known is not None:
        _recount(session, known, -1)
        provider.strays = {id_: one for id_, one in provider.strays.items() if id_ != external_id}


def _recount(session: Session, one: Mapping[str, Any] | None, sign: int) -> None:
    if one is not None:
        ledger.recount(session, one["department_id"], Amount.of(one["amount"]) * sign)
