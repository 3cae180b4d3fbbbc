"""What operators do to hosts: open, close, and empty them for maintenance."""

from __future__ import annotations

from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.operations.host import move_away
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.store.journal import transition
from egovcloud.store.models import Host, Operation


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
    """Close it and move every running machine away, each by an operation of its own; what was on its way here too."""
    with house.write(actor, "host.drain", "host") as unit:
        session = unit.session
        host = _mine(unit, id_)
        parent = enqueue(session, "host.drain", host.id, now=unit.now, department_id=None, requested_by=actor.user_id)
        transition(session, host, "drain", now=unit.now, operation_id=parent.id)
        move_away(session, host, parent, now=unit.now)
        return parent


def _mine(unit: Unit, id_: str) -> Host:
    host = visible(unit.session, unit.actor, "host:read", Host, id_, lock=True)
    unit.about("host", host)
    unit.require("host:update", None)
    return host
