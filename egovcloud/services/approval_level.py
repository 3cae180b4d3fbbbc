"""The chain of approvals, as data: which kinds of ancestor decide on a request, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.reading import allow
from egovcloud.services.refs import View
from egovcloud.store.journal import emit
from egovcloud.store.models import ApprovalLevel

# A request climbs the tree: nobody is asked after somebody who stands above them.
LEVELS = ("office", "bureau", "district", "centre")


def get(house: House, actor: Actor) -> list[View]:
    """The chain as it is."""
    with house.read() as session:
        allow(session, actor, "chain:read", centre=True)
        return _views(session)


def put(house: House, actor: Actor, levels: Sequence[Mapping[str, Any]]) -> list[View]:
    """Another chain; requests that were submitted before keep theirs."""
    with house.write(actor, "approval_level.set", "approval_level") as unit:
        unit.about("approval_level", None)
        unit.require("chain:set", None)
        ordered = sorted(levels, key=lambda level: int(level["position"]))
        names = [str(level["level"]) for level in ordered]
        if any(name not in LEVELS for name in names):
            raise Invalid("input.choice", field="level", name="level", allowed=", ".join(LEVELS))
        ranks = [LEVELS.index(name) for name in names]
        if not names or len({level["position"] for level in levels}) != len(levels) or ranks != sorted(set(ranks)):
            raise Invalid("approval_level.order", field="level", order=" → ".join(LEVELS))
        unit.data.update(before=[view["level"] for view in _views(unit.session)], after=names)
        unit.session.execute(delete(ApprovalLevel))
        for position, name in enumerate(names, 1):
            unit.session.add(ApprovalLevel(position=position, level=name))
        unit.session.flush()
        emit(unit.session, unit.now, "approval_level.set", "approval_level", "chain", department_id=None)
        return _views(unit.session)


def _views(session: Session) -> list[View]:
    rows = session.scalars(select(ApprovalLevel).order_by(ApprovalLevel.position))
    return [{"position": row.position, "level": row.level} for row in rows]
