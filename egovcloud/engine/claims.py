"""Leases: who runs an operation now, and the fence that keeps everyone else from writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Row, Table, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from egovcloud.store.database import Database
from egovcloud.store.journal import emit
from egovcloud.store.models import Dependency, Operation

OPEN = ("queued", "running", "undoing")


class Fenced(Exception):
    """This worker no longer holds the lease; what it did counts for nothing and somebody else goes on."""


@dataclass(frozen=True)
class Claim:
    """A lease on one operation. ``lease`` is the fence: it rises with every claim of the operation."""

    operation_id: str
    lease: int
    worker: str


def due(database: Database, *, now: datetime, exclude: Sequence[str] = ()) -> bool:
    """Whether there is anything to claim: a look that takes no lock, so that idling costs nobody anything."""
    with database.read() as session:
        return session.execute(_due(select(Operation.id), now, exclude).limit(1)).first() is not None


def _due(statement: Any, now: datetime, exclude: Sequence[str]) -> Any:
    needed = aliased(Operation)
    blocked = exists().where(
        Dependency.operation_id == Operation.id, Dependency.needs_id == needed.id, needed.state != "succeeded"
    )
    free = or_(Operation.lease_until.is_(None), Operation.lease_until < now)
    statement = statement.where(Operation.state.in_(OPEN), Operation.not_before <= now, free)
    # What waits for something that never comes is claimed at its deadline, to be given up.
    statement = statement.where(or_(Operation.state != "queued", ~blocked, Operation.deadline_at <= now))
    return statement.where(Operation.id.not_in(list(exclude))) if exclude else statement


def claim(
    database: Database, worker: str, limit: int, *, now: datetime, lease_seconds: float, exclude: Sequence[str] = ()
) -> list[Claim]:
    """Take up to ``limit`` operations that are due: first those whose worker fell silent, then the oldest."""
    with database.unit() as session:
        statement = (
            _due(select(Operation.id, Operation.lease), now, exclude)
            .order_by(Operation.lease_until.is_(None), Operation.not_before, Operation.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        found = session.execute(statement).all()
        until = now + timedelta(seconds=lease_seconds)
        if found:
            session.connection().execute(
                _TAKE, [{"_id": id_, "worker": worker, "lease": lease + 1, "until": until} for id_, lease in found]
            )
        return [Claim(id_, lease + 1, worker) for id_, lease in found]


_TABLE = cast(Table, Operation.__table__)
_TAKE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("_id"))
    .values(worker=bindparam("worker"), lease=bindparam("lease"), lease_until=bindparam("until"))
)


def renew(database: Database, claims: Sequence[Claim], *, now: datetime, lease_seconds: float) -> list[Claim]:
    """Prolong leases; returns those that are lost."""
    lost = []
    with database.unit() as session:
        for held in claims:
            values = {"lease_until": now + timedelta(seconds=lease_seconds)}
            if not _guarded(session, held, values):
                lost.append(held)
    return lost


def hold(session: Session, held: Claim, *, now: datetime, lease_seconds: float) -> Row[Any]:
    """Prove, inside the transaction that writes, that the lease is still ours; ``Fenced`` otherwise.

    Answers with the operation's ``state``, ``generation``, ``cancel_requested`` and ``cancelled_by``: only a person's
    wish to cancel can have changed them.
    """
    until = now + timedelta(seconds=lease_seconds)
    parameters = {"_id": held.operation_id, "_lease": held.lease, "_worker": held.worker, "until": until}
    found = session.connection().execute(_HOLD, parameters).first()
    if found is None:
        raise Fenced(held.operation_id)
    return found


_HOLD = (
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("_id"),
        _TABLE.c.lease == bindparam("_lease"),
        _TABLE.c.worker == bindparam("_worker"),
        _TABLE.c.state.in_(OPEN),
    )
    .values(lease_until=bindparam("until"))
    .returning(_TABLE.c.state, _TABLE.c.generation, _TABLE.c.cancel_requested, _TABLE.c.cancelled_by)
)


def let_go(session: Session, held: Claim, *, not_before: datetime) -> None:
    """Give the lease back; the operation is due again at ``not_before``."""
    if not _guarded(session, held, {"worker": None, "lease_until": None, "not_before": not_before}):
        raise Fenced(held.operation_id)


def count_rejection(database: Database, held: Claim, *, now: datetime) -> None:
    """Tell that a stale write was turned away: a chaos run without any has proved nothing."""
    with database.unit() as session:
        emit(
            session,
            now,
            "operation.fenced",
            "operation",
            held.operation_id,
            department_id=None,
            operation_id=held.operation_id,
            data={"worker": held.worker, "lease": held.lease},
        )


def _guarded(session: Session, held: Claim, values: Mapping[str, object]) -> bool:
    result = session.execute(
        update(Operation)
        .where(
            and_(
                Operation.id == held.operation_id,
                Operation.lease == held.lease,
                Operation.worker == held.worker,
                Operation.state.in_(OPEN),
            )
        )
        .values(values),
        execution_options={"synchronize_session": False},
    )
    return cast(CursorResult[Any], result).rowcount == 1
