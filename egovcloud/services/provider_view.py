"""Providers (云平台) as they are seen: health, how fast they answer, and their own quota beside what we gave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.domain.clouds import COMPUTE, OBJECTS
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.models import Bucket, Host, Instance, Port, Provider, Site, Volume, VolumeSnapshot

RESOURCES = ("instances", "vcpus", "memory_mib", "volume_gib", "addresses")
OBJECT_RESOURCES = ("buckets", "object_gib")
FIELDS = ("name", "driver", "config", "enabled", "capabilities", "checked_at", "latency_ms", "detail")


def views(session: Session, actor: Actor, rows: Sequence[Provider]) -> list[View]:
    """Providers with their site, what they can do, how they fare and how much of each resource they bear."""
    refs = Refs(session, {Site: (row.site_id for row in rows)})
    ids = [row.id for row in rows]
    hosts = tally(session, Host.provider_id, Host.provider_id.in_(ids))
    up = tally(session, Host.provider_id, Host.provider_id.in_(ids), Host.health == "up")
    silent = _silent(session, ids)
    borne = _borne(session, ids)
    return [
        {
            **entity(row, *FIELDS),
            "site": refs.ref(Site, row.site_id),
            "hosts": hosts.get(row.id, 0),
            "hosts_up": up.get(row.id, 0),
            "health": _health(row, hosts.get(row.id, 0), up.get(row.id, 0)),
            "hosts_silent": silent.get(row.id, []),
            "problem": failure(row.problem, actor, open_=True),
            "resources": _resources(row, borne.get(row.id, {})),
        }
        for row in rows
    ]


def _health(row: Provider, hosts: int, up: int) -> str:
    if not row.enabled:
        return "disabled"
    if row.problem or (hosts and not up):
        return "down"
    if row.checked_at is None:
        return "unchecked"
    return "up" if up == hosts else "trouble"


def _silent(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    """Names of hosts that do not answer, by provider."""
    down = select(Host.provider_id, Host.name).where(Host.provider_id.in_(ids), Host.health == "down")
    found: dict[str, list[str]] = {}
    for provider_id, name in session.execute(down.order_by(Host.name)):
        found.setdefault(provider_id, []).append(name)
    return found


def _resources(row: Provider, borne: dict[str, int]) -> list[View]:
    """``here`` is what we gave out on its hosts; ``limit`` and ``used`` are the cloud's own words, if it has any."""
    told: dict[str, dict[str, Any]] = {one["resource"]: one for one in row.allowances}
    names = RESOURCES * (row.driver in COMPUTE) + OBJECT_RESOURCES * (row.driver in OBJECTS)
    return [
        {
            "resource": resource,
            "here": borne.get(resource, 0),
            "limit": told.get(resource, {}).get("limit"),
            "used": told.get(resource, {}).get("used"),
        }
        for resource in names
    ]


def _borne(session: Session, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Resource by provider, of everything that has not been deleted."""
    machines = (
        select(Host.provider_id, func.count(), func.sum(Instance.vcpus), func.sum(Instance.memory_mib))
        .join(Instance, Instance.host_id == Host.id)
        .where(Host.provider_id.in_(ids), Instance.state != "deleted")
        .group_by(Host.provider_id)
    )
    volumes = (
        select(Host.provider_id, func.sum(Volume.size_gib))
        .join(Volume, Volume.host_id == Host.id)
        .where(Host.provider_id.in_(ids), Volume.state != "deleted")
        .group_by(Host.provider_id)
    )
    kept = (
        select(Host.provider_id, func.sum(VolumeSnapshot.size_gib))
        .join(Volume, Volume.host_id == Host.id)
        .join(VolumeSnapshot, VolumeSnapshot.volume_id == Volume.id)
        .where(Host.provider_id.in_(ids), VolumeSnapshot.state != "deleted")
        .group_by(Host.provider_id)
    )
    addresses = (
        select(Host.provider_id, func.count(Port.id))
        .join(Instance, Instance.host_id == Host.id)
        .join(Port, Port.instance_id == Instance.id)
        .where(Host.provider_id.in_(ids), Instance.state != "deleted")
        .group_by(Host.provider_id)
    )
    buckets = (
        select(Bucket.provider_id, func.count(), func.sum(Bucket.quota_gib))
        .where(Bucket.provider_id.in_(ids), Bucket.state != "deleted")
        .group_by(Bucket.provider_id)
    )
    asked = (
        (machines, RESOURCES[:3]),
        (volumes, RESOURCES[3:4]),
        (addresses, RESOURCES[4:]),
        (buckets, OBJECT_RESOURCES),
    )
    found: dict[str, dict[str, int]] = {id_: {} for id_ in ids}
    for statement, names in asked:
        for id_, *values in session.execute(statement):
            found[id_].update(zip(names, (int(value or 0) for value in values), strict=True))
    for id_, size in session.execute(kept):
        found[id_]["volume_gib"] = found[id_].get("volume_gib", 0) + int(size or 0)
    return found
