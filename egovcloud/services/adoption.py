"""Adoption (纳管): what others made is assigned to a project and from then on counted and managed as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid
from egovcloud.domain.quota import Amount
from egovcloud.engine import adoption as counting
from egovcloud.engine import tenants
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.providers import Providers
from egovcloud.services import provisioning
from egovcloud.services.actor import Actor
from egovcloud.services.addresses import search_text
from egovcloud.services.adoption_plan import Asked, Line, inspect, judge, read_items
from egovcloud.services.house import House, Unit, require
from egovcloud.services.provisioning import Owner, hostname_of
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Instance, Operation, Provider, Volume

Item = Mapping[str, Any]
Row = TypeVar("Row", Instance, Volume)


@dataclass(frozen=True)
class Plan:
    """What would happen: nothing was written, nothing was touched."""

    lines: list[Line]
    amount: Amount
    quota: list[ledger.Check]

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way."""
        return all(check.ok for check in self.quota) and not any(line.all_obstacles for line in self.lines)


def plan(
    house: House,
    providers: Providers,
    actor: Actor,
    *,
    project_id: str,
    items: Sequence[Item],
    application_id: str | None = None,
) -> Plan:
    """The dry run: what would be counted where, the quota before and after, and everything that stands in the way."""
    asked = read_items(items)
    with house.read() as session:
        require(session, actor, "adoption:create", None)
        project = provisioning.project_for(session, actor, project_id)
        provisioning.owner_of(session, project, application_id, None, actor.user_id)
        hosts = {host.id: host for host in session.scalars(select(Host).where(Host.id.in_({a.host_id for a in asked})))}
    _need(asked, hosts)
    lines = inspect(providers, asked, hosts)
    with house.read() as session:
        judge(session, lines)
        amount = sum((line.amount for line in lines), Amount())
        ceasing = [one for line in _each(lines) for one in tenants.counted(_provider(session, line), line.external_id)]
        return Plan(lines, amount, ledger.check(session, project.department_id, amount, ceasing))


def _each(lines: Sequence[Line]) -> list[Line]:
    """With the volumes that come along."""
    return [one for line in lines for one in (line, *line.volumes)]


def _provider(session: Session, line: Line) -> Provider:
    return session.get_one(Provider, line.host.provider_id)


def _need(asked: Sequence[Asked], hosts: Mapping[str, Host]) -> None:
    for index, one in enumerate(asked):
        if one.host_id not in hosts:
            raise Invalid("input.reference", field=f"items[{index}].host_id", name="host_id", id=one.host_id)


def run(
    house: House,
    providers: Providers,
    actor: Actor,
    *,
    project_id: str,
    items: Sequence[Item],
    application_id: str | None = None,
) -> Operation:
    """All of it or nothing, in one transaction: rows, quota, addresses, operations. The first obstacle is the refusal.

    One operation for the whole, one below it for each machine with its volumes, and for each free volume.
    """
    made = plan(house, providers, actor, project_id=project_id, items=items, application_id=application_id)
    with house.write(actor, "adoption.create", "project") as unit:
        session = unit.session
        project = provisioning.project_for(session, actor, project_id)
        unit.about("project", project, things=[f"{line.kind} {line.name}"[:80] for line in made.lines][:20])
        unit.require("adoption:create", None)
        for line in made.lines:
            for problem in line.all_obstacles:
                raise problem
        owner = provisioning.owner_of(session, project, application_id, None, actor.user_id)
        parent = enqueue(
            session,
            "project.adopt",
            project.id,
            now=unit.now,
            department_id=project.department_id,
            params={"count": len(made.lines)},
            requested_by=actor.user_id,
        )
        for line in made.lines:
            _enter(unit, owner, line, parent)
        return parent


def _enter(unit: Unit, owner: Owner, line: Line, parent: Operation) -> None:
    """Its row, or that of the time when it was managed before; what it counts for; the operation that marks it."""
    session = unit.session
    row: Instance | Volume = _instance(unit, owner, line) if line.kind == "instance" else _volume(unit, owner, line)
    operation = enqueue(
        session,
        f"{line.kind}.adopt",
        row.id,
        now=unit.now,
        department_id=row.department_id,
        requested_by=unit.actor.user_id,
        parent_id=parent.id,
    )
    for one in _each([line]):
        tenants.recognise(session, _provider(session, one), one.external_id)
    rows = [row]
    for volume in line.volumes:
        held = _volume(unit, owner, volume)
        held.instance_id = row.id
        rows.append(held)
    for thing in rows:
        transition(session, thing, "adopt", now=unit.now, operation_id=operation.id, deleted_at=None, error=None)
        counting.take(session, thing, key=operation.id, now=unit.now)


def _instance(unit: Unit, owner: Owner, line: Line) -> Instance:
    found = line.found
    assert found is not None
    row = unit.session.get(Instance, line.id, with_for_update=True)
    if row is None:
        row = Instance(id=line.id, created_at=unit.now, updated_at=unit.now, hostname=hostname_of(line.name, line.id))
        unit.session.add(row)
    row.name = line.name
    row.zone_id = line.zone_id
    row.vcpus, row.memory_mib, row.disk_gib = found.vcpus, found.memory_mib, line.size_gib
    row.flavor_id = row.image_id = None
    row.origin = {
        "name": found.name,
        "external_id": line.external_id,
        "host": line.host.name,
        "disks": [{"target": d.target, "size_gib": d.size_gib, "pool": d.pool} for d in found.disks],
        "nics": [
            {
                "mac": nic.mac,
                "address": nic.address,
                "network": nic.network,
                "network_id": line.networks[nic.mac].id if nic.mac in line.networks else None,
            }
            for nic in found.nics
        ],
        "volumes": [volume.id for volume in line.volumes],
        "volume_refs": [volume.external_id for volume in line.volumes],
    }
    row.search = search_text(row.name, row.hostname, *(nic.address or "" for nic in found.nics))
    return _owned(row, owner, line)


def _volume(unit: Unit, owner: Owner, line: Line) -> Volume:
    found = line.found
    assert found is not None
    row = Volume(id=line.id, created_at=unit.now, updated_at=unit.now)
    unit.session.add(row)
    row.name, row.size_gib = line.name, line.size_gib
    row.origin = {
        "name": found.name,
        "external_id": line.external_id,
        "host": line.host.name,
        "device": found.device,
    }
    row.search = search_text(row.name)
    return _owned(row, owner, line)


def _owned(row: Row, owner: Owner, line: Line) -> Row:
    row.department_id = owner.project.department_id
    row.project_id = owner.project.id
    row.application_id = owner.application.id if owner.application else None
    row.host_id = line.host.id
    row.storage_pool_id = line.pool.id if line.pool else None
    return row
