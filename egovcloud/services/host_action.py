"""What operators do to hosts: open, close, and empty them for maintenance."""

from __future__ import annotations

from sqlalchemy import select

from egovcloud.engine.enqueue import enqueue
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Instance, Operation


def enable(house: House, actor: Actor, id_: str) -> Host:
    """New machines may come here."""
    with house.write(actor, "host.enable", "host") as unit:
        host = _mine(unit, id_)
        transition(unit.session, host, "enable", now=unit.now)
        return host


def disable(house: House, actor: Actor, id_: str) -> Host:
    """No new machines; those that are here stay."""
    with house.write(actor, "host.disable", "host") as unit:
        host = _mine(unit, id_)
        transition(unit.session, host, "disable", now=unit.now)
        return host


def drain(house: House, actor: Actor, id_: str) -> Operation:
    """Close it and move every running machine away, each by an operation of its own."""
    with house.write(actor, "host.drain", "host") as unit:
        session = unit.session
        host = _mine(unit, id_)
        parent = enqueue(session, "host.drain", host.id, now=unit.now, department_id=None, requested_by=actor.user_id)
        transition(session, host, "drain", now=unit.now, operation_id=parent.id)
        running = select(Instance).where(Instance.host_id == host.id, Instance.state == "active").order_by(Instance.id)
        for instance in session.scalars(running.with_for_update()):
            child = enqueue(
                session,
                "instance.migrate",
                instance.id,
                now=unit.now,
                department_id=instance.department_id,
                params={"host_id": None},
                requested_by=actor.user_id,
                parent_id=parent.id,
            )
            transition(session, instance, "migrate", now=unit.now, operation_id=child.id)
        return parent


def _mine(unit: Unit, id_: str) -> Host:
    host = visible(unit.session, unit.actor, "host:read", Host, id_, lock=True)
    unit.about("host", host)
    unit.require("host:update", None)
    return host
