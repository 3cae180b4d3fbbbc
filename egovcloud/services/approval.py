"""The chain of approval as data: which ancestors decide, in which order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.store.journal import transition
from egovcloud.store.ledger import lineage
from egovcloud.store.models import Approval, ApprovalLevel, Department, Request


def chain(session: Session, department_id: str) -> list[tuple[int, str, Department]]:
    """(position, level, department) for a request of this department.

    A level that no ancestor has is left out: a bureau without offices needs no office's word.
    """
    nodes = lineage(session, department_id)
    found = []
    for level in session.scalars(select(ApprovalLevel).order_by(ApprovalLevel.position)):
        node = _decider(nodes, level.level)
        if node is not None:
            found.append((level.position, level.level, node))
    if not found:
        raise Conflict("chain.empty", department=nodes[-1].name)
    return found


def _decider(nodes: list[Department], level: str) -> Department | None:
    if level == "centre":
        return nodes[0]
    return next((node for node in reversed(nodes) if node.kind == level), None)


def open_round(session: Session, request: Request, now: datetime) -> None:
    """A fresh round: the first level is asked, the others wait."""
    last = session.scalar(select(func.max(Approval.round)).where(Approval.request_id == request.id)) or 0
    for place, (_, level, department) in enumerate(chain(session, request.department_id)):
        approval = Approval(
            created_at=now,
            updated_at=now,
            request_id=request.id,
            round=last + 1,
            position=place,
            level=level,
            department_id=department.id,
        )
        session.add(approval)
        session.flush()
        if place == 0:
            transition(session, approval, "open", now=now)


def current_round(session: Session, request_id: str) -> list[Approval]:
    """Approvals of the newest round, in order."""
    newest = select(func.max(Approval.round)).where(Approval.request_id == request_id).scalar_subquery()
    statement = select(Approval).where(Approval.request_id == request_id, Approval.round == newest)
    return list(session.scalars(statement.order_by(Approval.position)))


def void_rest(session: Session, approvals: list[Approval], now: datetime) -> None:
    """Nobody is asked any more."""
    for approval in approvals:
        if approval.state in ("waiting", "pending"):
            transition(session, approval, "void", now=now)
