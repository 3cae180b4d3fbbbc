"""What operators do to hosts: open, close, and empty them for maintenance."""

from __future__ import annotations

from sqlalchemy import select

from egovcloud.domain.errors import Conflict
from egovcloud.engine.claims import OPEN
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
    """Close it and move every running machine away, each by an operation of its own; what was on its way here too.

    Asked again, it tries those that could not be moved the last time; ``Conflict`` while the last time is not over.
    """
    with house.write(actor, "host.drain", "host") as unit:
        session = unit.session
        host = _mine(unit, id_)
        same = Operation.kind == "host.drain", Operation.subject_id == host.id, Operation.state.in_(OPEN)
        if under_way := session.scalar(select(Operation.id).where(*same).limit(1)):
            raise Conflict("host.draining", name=host.name, operation=under_way)
        parent = enqueue(session, "host.drain", host.id, now=unit.now, department_id=None, requested_by=actor.user_id)
        transition(session, host, "drain", now=unit.now, operation_id=parent.id)
        move_away(session, host, parent, now=unit.now)
        return parent


def _mine(unit: Unit, id_: str) -> Host:
    host = visible(unit.session, unit.actor, "host:read", Host, id_, lock=True)
    unit.about("host", host)
    unit.require("host:update", None)
    return host
