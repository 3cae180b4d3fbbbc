"""Drift (漂移) as it is seen: what was desired, what is observed, since when, and what may be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.drift import ACCEPT, KINDS, REPAIR
from egovcloud.domain.messages import render
from egovcloud.engine.drifts.journal import policies
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, read_one, read_page
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.base import Model
from egovcloud.store.models import Department, Drift, Image, Instance, Network, Provider, SecurityGroup, Volume

# Facts that hold our ids, and of what: an id says nothing to a person.
NAMED: Mapping[str, type[Model]] = {
    "instance": Instance,
    "image": Image,
    "security_groups": SecurityGroup,
    "networks": Network,
}
# Facts that name places of the centre.
PLACES = frozenset({"host", "pool", "external_ids"})

LISTING = Listing(
    Drift,
    "drift:read",
    department=Drift.department_id,
    search=func.lower(Drift.subject_name),
    sorts={"kind": Drift.kind, "since": Drift.since, "subject_name": Drift.subject_name},
    filters={
        "state": equals(Drift.state),
        "kind": equals(Drift.kind),
        "subject_type": equals(Drift.subject_type),
        "subject_id": equals(Drift.subject_id),
        "department_id": subtree(Drift.department_id),
        "provider_id": equals(Drift.provider_id),
    },
)


def views(session: Session, actor: Actor, rows: Sequence[Drift]) -> list[View]:
    """Drifts with the names of what their facts point at; hosts are for those who may read hosts."""
    open_ = sees_hosts(session, actor)
    wanted: dict[type[Model], Iterable[str | None]] = {
        Department: [row.department_id for row in rows],
        Provider: [row.provider_id for row in rows],
    }
    for name, model in NAMED.items():
        wanted[model] = [id_ for row in rows for side in (row.desired, row.observed) for id_ in _ids(side.get(name))]
    refs = Refs(session, wanted)
    chosen = policies(session)
    adopted = _adopted(session, rows)
    return [
        {
            **entity(row, "kind", "state", "looks", "since", "last_seen_at", "ended_at", "outcome", "operation_id"),
            "title": render(f"drift.kind.{row.kind}", {}, actor.language),
            "subject": {"type": row.subject_type, "id": row.subject_id, "name": row.subject_name},
            "department": refs.ref(Department, row.department_id),
            "provider": refs.ref(Provider, row.provider_id),
            "host": row.host if open_ else None,
            "place": row.place if open_ else "",
            "desired": _facts(row.desired, refs, open_=open_),
            "observed": _facts(row.observed, refs, open_=open_),
            "policy": chosen.get(row.kind, KINDS[row.kind].default),
            "remedies": _remedies(row, adopted=row.subject_id in adopted),
            "error": failure(row.error, actor, open_=open_),
        }
        for row in rows
    ]


def _adopted(session: Session, rows: Sequence[Drift]) -> set[str]:
    """The ids of those subjects that others made."""
    ids = {row.subject_id for row in rows if row.subject_type in ("instance", "volume")}
    if not ids:
        return set()
    found: set[str] = set()
    for model in (Instance, Volume):
        found.update(session.scalars(select(model.id).where(model.id.in_(ids), model.adopted_at.is_not(None))))
    return found


def _remedies(row: Drift, *, adopted: bool) -> list[str]:
    """What may be asked for as it stands; what others made is theirs to change back."""
    kind = KINDS[row.kind]
    if row.state != "open":
        return []
    return [name for name, offered in ((ACCEPT, kind.accept), (REPAIR, kind.repair and not adopted)) if offered]


def _ids(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [str(one) for one in value.values()]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []


def _facts(side: Mapping[str, Any], refs: Refs, *, open_: bool) -> list[View]:
    """``{"name", "value"}`` for each fact, as text that a person can read."""
    shown = []
    for name, value in side.items():
        if name in PLACES and not open_:
            continue
        model = NAMED.get(name)
        shown.append({"name": name, "value": _text(value, lambda one, m=model: _name(refs, m, one))})
    return shown


def _name(refs: Refs, model: type[Model] | None, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    found = refs.ref(model, str(value)) if model is not None and value else None
    return found["name"] if found else str(value)


def _text(value: object, name: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {name(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(name(one) for one in value)
    return str(name(value))


NOUN = Noun(LISTING, views)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of drifts, whatever their state."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One drift; a closed one is still there to be looked at."""
    return read_one(house, actor, NOUN, id_)
