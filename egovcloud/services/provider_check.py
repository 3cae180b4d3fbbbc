"""Looking at a provider at once, instead of at the next tick."""

from __future__ import annotations

from egovcloud.domain.clouds import COMPUTE
from egovcloud.domain.errors import Conflict
from egovcloud.engine.enqueue import enqueue
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.provider import NOUN
from egovcloud.services.reading import find
from egovcloud.store.models import Operation


def check(house: House, actor: Actor, id_: str) -> Operation:
    """Ask it for its hosts, pools and everything that we own there, and write down what differs."""
    with house.write(actor, "provider.check", "provider") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("provider", row)
        unit.require("provider:update", None)
        if not row.enabled:
            raise Conflict("provider.absent", name=row.name)
        return enqueue(
            unit.session,
            "provider.reconcile" if row.driver in COMPUTE else "provider.meter",
            row.id,
            now=unit.now,
            department_id=None,
            requested_by=actor.user_id,
        )
