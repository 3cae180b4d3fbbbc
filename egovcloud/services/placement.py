"""“Why this host, and why not that one?”: the scheduler's verdicts for something that is not placed yet."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid
from egovcloud.domain.ids import derived_id
from egovcloud.engine import capacity
from egovcloud.scheduler import Ask, Verdict, place
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, require
from egovcloud.store.models import Flavor


def preview(
    house: House,
    actor: Actor,
    *,
    flavor_id: str | None = None,
    vcpus: int = 1,
    memory_mib: int = 1024,
    disk_gib: int = 1,
    zone_id: str | None = None,
    anti_affinity: str | None = None,
) -> list[Verdict]:
    """Every host with its reasons, the best first; claims nothing."""
    with house.read() as session:
        require(session, actor, "placement:preview", None)
        if flavor_id is not None:
            flavor = session.get(Flavor, flavor_id)
            if flavor is None:
                raise Invalid("input.reference", field="flavor_id", name="flavor_id", id=flavor_id)
            vcpus, memory_mib, disk_gib = flavor.vcpus, flavor.memory_mib, flavor.disk_gib
        ask = Ask("preview", vcpus, memory_mib, disk_gib, zone_id=zone_id, anti_affinity=anti_affinity)
        return verdicts(session, ask)


def verdicts(session: Session, ask: Ask) -> list[Verdict]:
    """The scheduler's answer on the present snapshot."""
    groups = [ask.anti_affinity] if ask.anti_affinity else []
    return place(ask, capacity.host_views(session, groups))


def key(*parts: str) -> str:
    """A tie-breaker that gives the same preview for the same ask."""
    return derived_id(*parts)
