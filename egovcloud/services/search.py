"""The search box: a few hits of every noun that the caller may read, and of nothing else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from egovcloud.services import (
    application,
    bucket_view,
    department,
    floating_address_view,
    host_view,
    image,
    instance_view,
    network,
    project,
    request_view,
    security_group,
    user,
    volume_view,
)
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing
from egovcloud.services.reading import Noun, at_centre, scoped
from egovcloud.services.refs import LABELS, Refs, View
from egovcloud.store.models import Department

MAX_HITS = 20
PER_NOUN = 5

# In the order in which people mean them.
NOUNS: tuple[tuple[str, Noun[Any]], ...] = (
    ("instance", instance_view.NOUN),
    ("application", application.NOUN),
    ("request", request_view.NOUN),
    ("volume", volume_view.NOUN),
    ("bucket", bucket_view.NOUN),
    ("project", project.NOUN),
    ("department", department.NOUN),
    ("network", network.NOUN),
    ("floating_address", floating_address_view.NOUN),
    ("security_group", security_group.NOUN),
    ("image", image.NOUN),
    ("host", host_view.NOUN),
    ("user", Noun(user.LISTING, lambda *_: [])),
)


def search(house: House, actor: Actor, q: str) -> list[View]:
    """At most twenty hits of type, id, name and department; the newest of each noun."""
    with house.read() as session:
        hits: list[View] = []
        for type_, noun in NOUNS:
            hits += _of(session, actor, type_, noun, q)
        # Everyone's first hits before anyone's fifth.
        hits.sort(key=lambda hit: hit["rank"])
        hits = hits[:MAX_HITS]
        refs = Refs(session, {Department: [hit["department_id"] for hit in hits]})
        return [
            {
                "type": hit["type"],
                "id": hit["id"],
                "name": hit["name"],
                "department": refs.ref(Department, hit["department_id"]),
            }
            for hit in hits
        ]


def _of(session: Session, actor: Actor, type_: str, noun: Noun[Any], q: str) -> list[View]:
    listing: Listing[Any] = noun.listing
    permission = listing.permission
    if not (at_centre(session, actor, permission) if noun.centre else actor.may_anywhere(permission)):
        return []
    model: Any = listing.model
    assert listing.search is not None
    conditions = [*scoped(session, actor, noun), listing.search.contains(q.lower(), autoescape=True)]
    if noun.tombstones:
        conditions.append(model.deleted_at.is_(None))
    label: InstrumentedAttribute[str] = LABELS.get(model) or model.name
    owner = model.id if model is Department else getattr(model, "department_id", None)
    columns = (model.id, label, owner) if owner is not None else (model.id, label)
    rows = session.execute(select(*columns).where(*conditions).order_by(model.id.desc()).limit(PER_NOUN)).all()
    return [
        {"type": type_, "id": row[0], "name": row[1], "department_id": row[2] if len(row) > 2 else None, "rank": rank}
        for rank, row in enumerate(rows)
    ]
