"""Everything that happened to an instance, in one line: events, what people did, and the request that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from egovcloud.domain.messages import CATALOGUE, render
from egovcloud.services import instance_view
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.reading import find
from egovcloud.services.refs import Refs, View
from egovcloud.store.models import AuditEntry, Event, Instance, Operation, User

MAX_ITEMS = 500


def of_instance(house: House, actor: Actor, id_: str) -> list[View]:
    """Newest first, at most five hundred; readable for whoever may see the instance (GB/T 22239-2019: the tenant)."""
    with house.read() as session:
        row = find(session, actor, instance_view.NOUN, id_)
        subjects = [row.id, *([row.request_id] if row.request_id else [])]
        items = [*_events(session, actor, row, subjects), *_audit(session, actor, subjects)]
        items.sort(key=lambda item: item["at"], reverse=True)
        return items[:MAX_ITEMS]


def _events(session: Session, actor: Actor, row: Instance, subjects: list[str]) -> list[View]:
    operations = session.scalars(
        select(Operation).where(Operation.subject_id == row.id).order_by(Operation.id.desc()).limit(MAX_ITEMS)
    ).all()
    by_id = {operation.id: operation for operation in operations}
    of_operations = Event.subject_id.in_(list(by_id)) & Event.type.startswith("operation.")
    events = session.scalars(
        select(Event)
        .where(or_(Event.subject_id.in_(subjects), of_operations))
        .order_by(Event.id.desc())
        .limit(MAX_ITEMS)
    ).all()
    refs = Refs(session, {User: [operation.requested_by for operation in operations]})
    items = []
    for event in events:
        operation = by_id.get(event.operation_id or "")
        items.append(
            {
                "at": event.at,
                "type": event.type,
                "text": sentence(event.type, event.data, operation.kind if operation else "", actor.language),
                "actor": refs.name(User, operation.requested_by) if operation else None,
                "operation_id": event.operation_id if operation else None,
            }
        )
    return items


def _audit(session: Session, actor: Actor, subjects: list[str]) -> list[View]:
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.subject_id.in_(subjects)).order_by(AuditEntry.id.desc()).limit(MAX_ITEMS)
    )
    return [
        {
            "at": entry.at,
            "type": f"audit.{entry.action}",
            "text": render(
                f"timeline.{entry.outcome}",
                {"action": word(entry.action, actor.language), "code": entry.code},
                actor.language,
            ),
            "actor": entry.actor_name,
            "operation_id": None,
        }
        for entry in entries
    ]


def sentence(type_: str, data: Mapping[str, Any], kind: str, language: str) -> str:
    """An event in words; what has none of its own is told by its type."""
    noun, _, event = type_.partition(".")
    if noun == "operation":
        return render(
            "timeline.operation",
            {"kind": word(kind or "operation", language), "event": word(event, language)},
            language,
        )
    if "to" in data:
        states = {"from": word(str(data.get("from", "")), language), "to": word(str(data["to"]), language)}
        return render("timeline.state", {"noun": word(noun, language), **states}, language)
    return word(type_, language)


def word(key: str, language: str) -> str:
    """The word for a state, a noun, an event or an action; the key itself when there is none."""
    return render(f"word.{key}", {}, language) if f"word.{key}" in CATALOGUE else key
