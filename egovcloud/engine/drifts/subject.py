"""The row that a drift is about, held while something is done about it."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.drift import KINDS
from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.engine.claims import OPEN
from egovcloud.store.base import Model
from egovcloud.store.models import Drift, Host, Operation

Row = TypeVar("Row", bound=Model)


def ready(session: Session, drift: Drift) -> None:
    """``Conflict`` unless it was seen twice, or asked for directly, and nothing is at work on its subject."""
    if drift.looks < 2 and not KINDS[drift.kind].sure:
        raise Conflict("drift.seen_once")
    idle(session, drift.subject_id, drift.subject_name)


def idle(session: Session, id_: str, name: str) -> None:
    """``Conflict("drift.at_work")`` while an operation has the thing in hand."""
    busy = select(Operation.id).where(Operation.subject_id == id_, Operation.state.in_(OPEN))
    if session.scalars(busy.limit(1)).first() is not None:
        raise Conflict("drift.at_work", name=name)


def held(session: Session, model: type[Row], id_: str, *states: str) -> Row:
    """The row, locked until the end of the transaction, while it is in one of these states."""
    row = session.get(model, id_, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound("thing.absent", noun=model.__tablename__, id=id_)
    state: Any = getattr(row, "state", "")
    if states and state not in states:
        raise Conflict("drift.moved_on", name=getattr(row, "name", id_), state=state)
    return row


def place_of(session: Session, drift: Drift, name: str) -> Host:
    """A host of the drift's provider by its name there."""
    found = session.scalars(select(Host).where(Host.provider_id == drift.provider_id, Host.name == name)).first()
    if found is None:
        raise Conflict("drift.other_place")
    return found
