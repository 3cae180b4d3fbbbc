"""Quota as a ledger: every growth path reserves here, commits here and gives back here.

``quotas`` holds, per department and resource, the sum of the ledger over the department's subtree. Each movement
changes the whole line of ancestors with one guarded UPDATE a node, root first, so that two of them never deadlock
and no limit is ever passed, however many processes reserve at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, QuotaExceeded
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import RESOURCES, Amount
from egovcloud.store.models import Department, LedgerEntry, Quota


@dataclass(frozen=True)
class Check:
    """What one node would say to an ask: ``after`` is used + asked."""

    department_id: str
    department_name: str
    path: str
    resource: str
    limit: int | None
    used: int
    asked: int

    @property
    def after(self) -> int:
        return self.used + self.asked

    @property
    def ok(self) -> bool:
        return self.limit is None or self.asked <= 0 or self.after <= self.limit


def lineage(session: Session, department_id: str) -> list[Department]:
    """The department and its ancestors, root first."""
    department = session.get_one(Department, department_id)
    codes = department.path.strip("/").split("/")
    paths = ["/" + "/".join(codes[: depth + 1]) + "/" for depth in range(len(codes))]
    found = session.scalars(select(Department).where(Department.path.in_(paths))).all()
    return sorted(found, key=lambda node: len(node.path))


def open_account(session: Session, department_id: str, limits: dict[str, int | None] | None = None) -> None:
    """Give a new department its rows; without a limit it is bounded by its ancestors alone."""
    for resource in RESOURCES:
        session.add(Quota(department_id=department_id, resource=resource, limit=(limits or {}).get(resource)))
    session.flush()


def check(
    session: Session, department_id: str, amount: Amount, besides: Sequence[tuple[str, Amount]] = ()
) -> list[Check]:
    """Every (ancestor, resource) that ``amount`` touches, root first; stores nothing.

    ``besides`` is what would cease to count as others', by department.
    """
    asked = dict(amount.items())
    nodes = lineage(session, department_id)
    rows = session.scalars(select(Quota).where(Quota.department_id.in_([n.id for n in nodes]))).all()
    by_key = {(row.department_id, row.resource): row for row in rows}
    less: dict[tuple[str, str], int] = {}
    for below, ceasing in besides:
        for node in lineage(session, below):
            for resource, count in ceasing.items():
                less[node.id, resource] = less.get((node.id, resource), 0) + count
    checks = []
    for node in nodes:
        for resource, count in asked.items():
            if row := by_key.get((node.id, resource)):
                taken = counted(row) - less.get((node.id, resource), 0)
                checks.append(Check(node.id, node.name, node.path, resource, row.limit, taken, count))
    return checks


def counted(row: Quota) -> int:
    """All that counts against the limit: ours, made or to be made, and what others made in the clouds themselves."""
    return row.reserved + row.committed + row.unmanaged


def reserve(
    session: Session, department_id: str, amount: Amount, *, key: str, subject: tuple[str, str], now: datetime
) -> None:
    """Hold ``amount`` for something that will be made; ``QuotaExceeded`` names the node that is full."""
    _move(session, "reserve", department_id, amount, Amount(), key=key, subject=subject, now=now)


def reserve_all(
    session: Session, department_id: str, amounts: Mapping[str, Amount], *, subject_type: str, now: datetime
) -> None:
    """``reserve`` for many new things at once, by their ids: all of them, or none."""
    total = sum(amounts.values(), Amount())
    _change(session, department_id, total, Amount())
    entries = [
        entry
        for id_, amount in amounts.items()
        for entry in _entries("reserve", department_id, amount, Amount(), key=id_, subject=(subject_type, id_), now=now)
    ]
    if entries:
        session.execute(insert(LedgerEntry), entries)


def commit(
    session: Session, department_id: str, amount: Amount, *, key: str, subject: tuple[str, str], now: datetime
) -> None:
    """Turn a reservation into use: the thing exists."""
    _move(session, "commit", department_id, -amount, amount, key=key, subject=subject, now=now)


def cancel(
    session: Session, department_id: str, amount: Amount, *, key: str, subject: tuple[str, str], now: datetime
) -> None:
    """Give back ``amount`` of a reservation: what it was held for will not be made."""
    _move(session, "cancel", department_id, -amount, Amount(), key=key, subject=subject, now=now)


def release(
    session: Session, department_id: str, amount: Amount, *, key: str, subject: tuple[str, str], now: datetime
) -> None:
    """Give back ``amount`` of what is in use: the thing shrank."""
    _move(session, "release", department_id, Amount(), -amount, key=key, subject=subject, now=now)


def settle(session: Session, *, key: str, subject: tuple[str, str], now: datetime) -> None:
    """Give back everything that ``subject`` holds, reserved or committed, whatever its history was."""
    balance = session.execute(
        select(
            LedgerEntry.department_id,
            LedgerEntry.resource,
            func.sum(LedgerEntry.reserved),
            func.sum(LedgerEntry.committed),
        )
        .where(LedgerEntry.subject_id == subject[1])
        .group_by(LedgerEntry.department_id, LedgerEntry.resource)
    ).all()
    for department_id in sorted({row[0] for row in balance}):
        reserved = Amount.of({row[1]: -int(row[2]) for row in balance if row[0] == department_id})
        committed = Amount.of({row[1]: -int(row[3]) for row in balance if row[0] == department_id})
        _move(session, "release", department_id, reserved, committed, key=key, subject=subject, now=now)


def _move(
    session: Session,
    movement: str,
    department_id: str,
    reserved: Amount,
    committed: Amount,
    *,
    key: str,
    subject: tuple[str, str],
    now: datetime,
) -> None:
    entries = _entries(movement, department_id, reserved, committed, key=key, subject=subject, now=now)
    if entries:
        _change(session, department_id, reserved, committed)
        session.execute(insert(LedgerEntry), entries)


def _change(session: Session, department_id: str, reserved: Amount, committed: Amount) -> None:
    """Add to the quotas of the whole line of ancestors, or raise and name the node that is full."""
    moves = _moves(reserved, committed)
    if not moves:
        return
    nodes = lineage(session, department_id)
    if session.get_bind().dialect.name == "postgresql":
        # Everyone takes the root first: whoever holds it is alone in the tree, so that no two wait for each other.
        session.execute(_LOCK, {"root": nodes[0].id})
    parameters: dict[str, object] = {"nodes": [node.id for node in nodes], "resources": list(moves)}
    for resource in RESOURCES:
        parameters[f"r_{resource}"], parameters[f"c_{resource}"] = moves.get(resource, (0, 0))
    moved = {(row[0], row[1]) for row in session.execute(_MOVE, parameters)}
    if len(moved) != len(nodes) * len(moves):
        raise _exceeded(session, nodes, moves, moved)


def _moves(reserved: Amount, committed: Amount) -> dict[str, tuple[int, int]]:
    """(reserved, committed) by resource, where anything moves at all."""
    pairs = ((name, (getattr(reserved, name), getattr(committed, name))) for name in RESOURCES)
    return {name: pair for name, pair in pairs if any(pair)}


def _entries(
    movement: str,
    department_id: str,
    reserved: Amount,
    committed: Amount,
    *,
    key: str,
    subject: tuple[str, str],
    now: datetime,
) -> list[dict[str, object]]:
    return [
        {
            "id": new_id(),
            "at": now,
            "key": f"{movement}:{key}",
            "movement": movement,
            "department_id": department_id,
            "resource": resource,
            "reserved": held,
            "committed": used,
            "subject_type": subject[0],
            "subject_id": subject[1],
        }
        for resource, (held, used) in _moves(reserved, committed).items()
    ]


_LOCK = text("SELECT 1 FROM quotas WHERE department_id = :root AND resource = 'instances' FOR UPDATE")

# One statement for the whole line of ancestors: a node whose limit would be passed is not updated, and is missed in
# the count. Shrinking is never refused, even above a limit that was lowered.
_MOVE = text(  # the names that are filled in are ours, the values are bound
    """
    UPDATE quotas SET reserved = reserved + {reserved}, committed = committed + {committed}
    WHERE department_id IN :nodes AND resource IN :resources
      AND ("limit" IS NULL OR {reserved} + {committed} <= 0
           OR reserved + committed + unmanaged + {reserved} + {committed} <= "limit")
    RETURNING department_id, resource
    """.format(  # noqa: S608
        **{
            column: "CASE resource "
            + " ".join(f"WHEN '{name}' THEN CAST(:{column[0]}_{name} AS INTEGER)" for name in RESOURCES)
            + " END"
            for column in ("reserved", "committed")
        }
    )
).bindparams(bindparam("nodes", expanding=True), bindparam("resources", expanding=True))


def _exceeded(
    session: Session,
    nodes: Sequence[Department],
    moves: Mapping[str, tuple[int, int]],
    moved: set[tuple[str, str]],
) -> QuotaExceeded | Conflict:
    """The node that binds, the root first; the caller's transaction takes back what was moved elsewhere."""
    for node in nodes:
        for resource, (held, used) in moves.items():
            row = session.get(Quota, (node.id, resource), populate_existing=True)
            if row is not None and (node.id, resource) not in moved:
                return QuotaExceeded(
                    "quota.exceeded",
                    field=resource,
                    department=node.name,
                    resource=resource,
                    limit=row.limit,
                    used=counted(row),
                    asked=held + used,
                ).at(node.path)
    return Conflict("row.changed", noun="quota")


def recount(session: Session, department_id: str, amount: Amount) -> None:
    """Add to what others made that counts for a department; never refused, for it is there already."""
    for resource, count in amount.items():
        moved = update(Quota).where(
            Quota.department_id.in_([node.id for node in lineage(session, department_id)]), Quota.resource == resource
        )
        session.execute(moved.values(unmanaged=Quota.unmanaged + count).execution_options(synchronize_session=False))


def drift(session: Session) -> Sequence[tuple[str, str, int, int]]:
    """(department, resource, reserved off by, committed off by) wherever a quota differs from its ledger's sum."""
    sums: dict[tuple[str, str], list[int]] = {}
    departments = {row.id: row for row in session.scalars(select(Department))}
    by_path = {row.path: row.id for row in departments.values()}
    entries = session.execute(
        select(
            LedgerEntry.department_id,
            LedgerEntry.resource,
            func.sum(LedgerEntry.reserved),
            func.sum(LedgerEntry.committed),
        ).group_by(LedgerEntry.department_id, LedgerEntry.resource)
    )
    for department_id, resource, reserved, committed in entries:
        codes = departments[department_id].path.strip("/").split("/")
        for depth in range(len(codes)):
            node = by_path["/" + "/".join(codes[: depth + 1]) + "/"]
            total = sums.setdefault((node, resource), [0, 0])
            total[0] += int(reserved)
            total[1] += int(committed)
    return [
        (row.department_id, row.resource, row.reserved - total[0], row.committed - total[1])
        for row in session.scalars(select(Quota))
        if (row.reserved, row.committed) != tuple(total := sums.get((row.department_id, row.resource), [0, 0]))
    ]
