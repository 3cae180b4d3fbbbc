"""What people do to operations: retry what failed, cancel what runs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Forbidden, NotFound
from egovcloud.engine import steering
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, require
from egovcloud.store.models import Department, Operation


def retry(house: House, actor: Actor, id_: str) -> Operation:
    """From its first step, after taking quota and state again."""
    with house.write(actor, "operation.retry", "operation") as unit:
        operation = _mine(unit, "operation:retry", id_)
        steering.retry(unit.session, operation, now=unit.now)
        return operation


def cancel(house: House, actor: Actor, id_: str) -> Operation:
    """Undo it; who asked for it may always take the ask back."""
    with house.write(actor, "operation.cancel", "operation") as unit:
        operation = _mine(unit, "operation:cancel", id_)
        steering.cancel(unit.session, operation, by=actor.name, now=unit.now)
        return operation


def _mine(unit: Unit, permission: str, id_: str) -> Operation:
    operation = seen(unit.session, unit.actor, id_)
    unit.about("operation", operation, operation.kind)
    if operation.requested_by is None or operation.requested_by != unit.actor.user_id:
        require(unit.session, unit.actor, permission, operation.department_id)
    elif not unit.actor.may_anywhere("operation:read"):
        raise Forbidden("auth.forbidden", permission="operation:read")
    return operation


def seen(session: Session, actor: Actor, id_: str) -> Operation:
    """The row, if the actor may see it; what belongs to no department is the centre's own."""
    operation = session.get(Operation, id_, with_for_update=True, populate_existing=True)
    if operation is not None:
        if operation.department_id is None:
            if actor.may_anywhere("host:read"):
                return operation
        elif actor.may("operation:read", session.get_one(Department, operation.department_id).path):
            return operation
    raise NotFound("thing.absent", noun="operations", id=id_)
