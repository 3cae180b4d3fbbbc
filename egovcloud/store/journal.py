"""The one writer of states, and the events that it writes in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, insert, literal_column, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from egovcloud.domain.errors import Conflict
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.store.base import Model
from egovcloud.store.models import (
    Approval,
    Bucket,
    BucketKey,
    Drift,
    Event,
    FloatingAddress,
    Host,
    Image,
    Instance,
    Network,
    Operation,
    Request,
    SecurityGroup,
    Snapshot,
    Step,
    User,
    Volume,
    VolumeSnapshot,
)

NOUNS: dict[type[Model], str] = {
    Approval: "approval",
    Bucket: "bucket",
    BucketKey: "bucket_key",
    Drift: "drift",
    FloatingAddress: "floating_address",
    Host: "host",
    Image: "image",
    Instance: "instance",
    Network: "network",
    Operation: "operation",
    Request: "request",
    SecurityGroup: "security_group",
    Snapshot: "snapshot",
    Step: "step",
    User: "user",
    Volume: "volume",
    VolumeSnapshot: "volume_snapshot",
}

# What is too frequent or too small to tell everyone.
SILENT = frozenset({("step", "reset"), ("approval", "void"), ("operation", "claim")})


def transition(
    session: Session,
    row: Model,
    event: str,
    *,
    now: datetime,
    operation_id: str | None = None,
    department_id: str | None = None,
    told: bool = True,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move ``row`` by ``event`` and write ``changes`` with it, or raise ``Conflict`` and change nothing.

    Compare-and-set on (id, state, generation): a row that somebody else moved since it was read stays theirs.
    ``department_id`` is for rows that have none of their own (steps); ``told`` false keeps it out of the stream.
    """
    noun = NOUNS[type(row)]
    before: str = row.state  # type: ignore[attr-defined]
    after = LIFECYCLES[noun].next(before, event)
    session.flush()
    if not _write(session, row, {"state": after, **changes}, now=now, state=before):
        raise Conflict("state.changed", noun=noun, state=before, event=event)
    if not told or (noun, event) in SILENT:
        return
    if isinstance(row, Step):
        emit(
            session,
            now,
            f"step.{event}",
            "operation",
            row.operation_id,
            operation_id=row.operation_id,
            department_id=department_id,
            data={"step": row.name, "position": row.position, "state": after, **(data or {})},
        )
        return
    emit(
        session,
        now,
        f"{noun}.{event}",
        noun,
        row.id,  # type: ignore[attr-defined]
        department_id=department_id or getattr(row, "department_id", None),
        operation_id=operation_id or (row.id if isinstance(row, Operation) else None),
        data={"from": before, "to": after, **(data or {})},
    )


def touch(session: Session, row: Model, *, now: datetime, **changes: Any) -> None:
    """Change columns other than the state, guarded by the generation; ``Conflict`` when it moved on."""
    session.flush()
    if not _write(session, row, changes, now=now):
        raise Conflict("row.changed", noun=NOUNS.get(type(row), type(row).__name__.lower()))


def _write(session: Session, row: Model, changes: dict[str, Any], *, now: datetime, state: str | None = None) -> bool:
    """The guarded UPDATE; true when the row was still as it had been read. The object shows the new values."""
    generation: int = row.generation  # type: ignore[attr-defined]
    table = cast(Table, type(row).__table__)
    values = {**changes, "generation": generation + 1}
    if "updated_at" in table.columns:
        values["updated_at"] = now
    statement = _statement(table, tuple(sorted(values)), state is not None)
    guards: dict[str, Any] = {f"_{column.key}": getattr(row, column.key) for column in table.primary_key.columns}
    guards["_generation"] = generation
    if state is not None:
        guards["_state"] = state
    result = session.connection().execute(statement, {**values, **guards})
    if result.rowcount != 1:
        return False
    for key, value in values.items():
        set_committed_value(row, key, value)
    return True


@cache
def _statement(table: Table, columns: tuple[str, ...], with_state: bool) -> Update:
    """Built once for each set of columns: building it anew took longer than running it."""
    statement = update(table).where(table.c.generation == bindparam("_generation"))
    for column in table.primary_key.columns:
        statement = statement.where(column == bindparam(f"_{column.key}"))
    if with_state:
        statement = statement.where(table.c.state == bindparam("_state"))
    return statement.values({column: bindparam(column) for column in columns})


def emit(
    session: Session,
    now: datetime,
    type_: str,
    subject_type: str,
    subject_id: str,
    *,
    department_id: str | None,
    operation_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Append one event to the stream, visible when the transaction commits."""
    event = Event(
        at=now,
        type=type_,
        subject_type=subject_type,
        subject_id=subject_id,
        department_id=department_id,
        operation_id=operation_id,
        data=data or {},
        **_transaction(session),
    )
    session.add(event)


def emit_all(session: Session, now: datetime, type_: str, events: Sequence[dict[str, Any]]) -> None:
    """Append events of one type at once; each has the columns of ``Event`` that tell it from the others."""
    if events:
        session.flush()
        statement = insert(cast(Table, Event.__table__)).values(at=now, type=type_, **_transaction(session))
        session.execute(statement, list(events))


def _transaction(session: Session) -> dict[str, Any]:
    """Which transaction wrote it: a reader of the stream must not pass one that is still open."""
    if session.get_bind().dialect.name != "postgresql":
        return {}
    return {"transaction": literal_column("pg_current_xact_id()::text::bigint")}
