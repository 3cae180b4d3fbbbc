"""What people do to floating addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import floating_amount
from egovcloud.drivers.base import Capability
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import network as networks
from egovcloud.services import provisioning
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.services.reading import given
from egovcloud.services.volume import instance_in
from egovcloud.store import ledger
from egovcloud.store.journal import transition
from egovcloud.store.models import FloatingAddress, Host, Instance, Network, Operation, Port, Project, Provider


def create(
    house: House,
    actor: Actor,
    *,
    project_id: str,
    instance_id: str | None = None,
    network_id: str | None = None,
    provider_id: str | None = None,
) -> Operation:
    """For an instance, which gets it at once, or for a ``nat`` network, to be associated later.

    Without ``network_id`` it is the instance's first such network; without ``provider_id`` the cloud of the instance,
    or the only one that has floating addresses. The answer is the operation that ends the whole: the association.
    """
    with house.write(actor, "floating_address.create", "floating_address") as unit:
        session = unit.session
        project = provisioning.project_for(session, actor, project_id)
        unit.about("floating_address", project)
        unit.require("floating_address:create", project.department_id)
        instance = None if instance_id is None else instance_in(session, project, instance_id)
        if network_id is not None:
            network = _network(session, given(session, actor, networks.NOUN, network_id, "network_id").id)
        elif instance is not None:
            network = _network(session, _first_nat(session, instance))
        else:
            raise Invalid("floating_address.what_for", field="instance_id")
        provider = _provider(session, instance, provider_id)
        if instance is not None:
            _reachable(session, instance, network)
            _alone(session, instance)
        row = FloatingAddress(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            department_id=project.department_id,
            project_id=project.id,
            provider_id=provider.id,
            network_id=network.id,
        )
        session.add(row)
        session.flush()
        ledger.reserve(
            session,
            row.department_id,
            floating_amount(),
            key=row.id,
            subject=("floating_address", row.id),
            now=unit.now,
        )
        unit.about("floating_address", row)
        params = {"instance_id": instance.id} if instance else {}
        made = _enqueue(unit, "floating_address.create", row, params)
        return made if instance is None else _enqueue(unit, "floating_address.associate", row, params, needs=[made.id])


def associate(house: House, actor: Actor, id_: str, *, instance_id: str) -> Operation:
    """With an instance of the same project, in the network that it leads through."""
    with house.write(actor, "floating_address.associate", "floating_address") as unit:
        session = unit.session
        row = _mine(unit, "floating_address:associate", id_)
        # Held until the address says so: a deletion that begins then waits for it.
        session.get(Instance, instance_id, with_for_update=True, populate_existing=True)
        instance = instance_in(session, session.get_one(Project, row.project_id), instance_id)
        host = session.get(Host, instance.host_id or "")
        if host is None or host.provider_id != row.provider_id:
            raise Conflict("floating_address.other_cloud", instance=instance.name, address=row.address)
        _reachable(session, instance, session.get_one(Network, row.network_id))
        _alone(session, instance)
        operation = _enqueue(unit, "floating_address.associate", row, {"instance_id": instance.id})
        transition(
            session, row, "associate", now=unit.now, operation_id=operation.id, instance_id=instance.id, error=None
        )
        return operation


def disassociate(house: House, actor: Actor, id_: str) -> Operation:
    """It stays the project's, and nobody is reached by it."""
    with house.write(actor, "floating_address.disassociate", "floating_address") as unit:
        row = _mine(unit, "floating_address:disassociate", id_)
        operation = _enqueue(unit, "floating_address.disassociate", row, {"instance_id": row.instance_id})
        transition(unit.session, row, "disassociate", now=unit.now, operation_id=operation.id)
        return operation


def delete(house: House, actor: Actor, id_: str) -> Operation:
    """Give it back to the cloud; somebody else may get it next."""
    with house.write(actor, "floating_address.delete", "floating_address") as unit:
        row = _mine(unit, "floating_address:delete", id_)
        if row.state == "in_use":
            instance = unit.session.get(Instance, row.instance_id or "")
            name = instance.name if instance else ""
            raise Conflict("floating_address.in_use", address=row.address, instance=name)
        operation = _enqueue(unit, "floating_address.delete", row, {})
        transition(unit.session, row, "delete", now=unit.now, operation_id=operation.id)
        return operation


def _network(session: Session, id_: str) -> Network:
    """The network, held so that it is not deleted meanwhile; ``Conflict`` unless it leads outside."""
    row = session.get_one(Network, id_, with_for_update=True, populate_existing=True)
    if row.state != "active":
        raise Conflict("network.not_active", network=row.name, state=row.state)
    if row.mode != "nat":
        raise Conflict("floating_address.no_router", network=row.name)
    return row


def _first_nat(session: Session, instance: Instance) -> str:
    mine = (
        select(Network.id)
        .join(Port, Port.network_id == Network.id)
        .where(Port.instance_id == instance.id, Network.mode == "nat")
    )
    found = session.scalars(mine.order_by(Port.position).limit(1)).first()
    if found is None:
        raise Conflict("floating_address.no_nat", instance=instance.name)
    return found


def _provider(session: Session, instance: Instance | None, provider_id: str | None) -> Provider:
    """A cloud that has floating addresses; departments need not know its name where there is only one."""
    able = [one for one in session.scalars(select(Provider).order_by(Provider.name)) if one.enabled and _has(one)]
    host = session.get(Host, instance.host_id or "") if instance else None
    wanted = host.provider_id if host else provider_id
    if provider_id is not None and (wanted != provider_id or session.get(Provider, provider_id) is None):
        raise Invalid("input.reference", field="provider_id", name="provider_id", id=provider_id)
    if wanted is not None:
        able = [one for one in able if one.id == wanted]
    if not able:
        raise Conflict("driver.unsupported", capability=Capability.FLOATING_ADDRESS.value)
    if len(able) > 1:
        raise Invalid("floating_address.which_cloud", field="provider_id", count=len(able))
    return able[0]


def _has(provider: Provider) -> bool:
    """A cloud that nobody has looked at yet may have them: the operation will find out."""
    return not provider.capabilities or Capability.FLOATING_ADDRESS in provider.capabilities


def _reachable(session: Session, instance: Instance, network: Network) -> None:
    port = select(Port.id).where(Port.instance_id == instance.id, Port.network_id == network.id)
    if session.scalars(port.limit(1)).first() is None:
        raise Conflict("floating_address.other_network", instance=instance.name, network=network.name)


def _alone(session: Session, instance: Instance) -> None:
    """One port has one floating address of an outer network."""
    mine = select(FloatingAddress.id).where(FloatingAddress.instance_id == instance.id)
    if session.scalars(mine.limit(1)).first() is not None:
        raise Conflict("floating_address.taken", instance=instance.name)


def _mine(unit: Unit, permission: str, id_: str) -> FloatingAddress:
    row = visible(unit.session, unit.actor, "floating_address:read", FloatingAddress, id_, lock=True)
    unit.about("floating_address", row)
    unit.require(permission, row.department_id)
    return row


def _enqueue(
    unit: Unit, kind: str, row: FloatingAddress, params: dict[str, Any], *, needs: list[str] | None = None
) -> Operation:
    return enqueue(
        unit.session,
        kind,
        row.id,
        now=unit.now,
        department_id=row.department_id,
        params=params,
        requested_by=unit.actor.user_id,
        needs=needs or [],
    )
