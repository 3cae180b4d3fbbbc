"""What runs in the clouds that nobody asked us for (未纳管): looked at live, host by host."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem, Transient
from egovcloud.drivers.base import OwnedKind, Unmanaged
from egovcloud.engine.providers import Providers
from egovcloud.services import unmanaged_bucket as buckets
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, require
from egovcloud.services.refs import Refs, View
from egovcloud.store.models import Host, Project, Provider

LOOK = 4.0  # seconds for all hosts together: one that does not answer holds up nobody longer than that
KINDS = (OwnedKind.INSTANCE.value, OwnedKind.VOLUME.value)
MOST = 1000  # things in one answer
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Place:
    """A host and the provider that drives it."""

    host: Host
    provider: Provider


@dataclass(frozen=True)
class Look:
    """What a host said at ``at``; ``problem`` is why it says nothing now, with what it last said."""

    place: Place
    things: Sequence[Unmanaged]
    at: datetime | None
    problem: Problem | None = None


_guard = threading.Lock()
_last: dict[str, tuple[datetime, Sequence[Unmanaged]]] = {}


def listed(
    house: House,
    providers: Providers,
    actor: Actor,
    *,
    provider_id: str | None = None,
    host_id: str | None = None,
    kind: str | None = None,
    q: str | None = None,
) -> View:
    """Machines, volumes and buckets without our mark, by name, and when each place was looked at; ``total`` counts."""
    with house.read() as session:
        require(session, actor, "unmanaged:read", None)
        places = _places(session, provider_id, host_id) if kind != buckets.KIND else []
        stores = buckets.stores(session, provider_id) if kind in (None, buckets.KIND) and not host_id else []
    with ThreadPoolExecutor(max_workers=1) as beside:
        looked = beside.submit(buckets.look, providers, stores, house.clock())
        looks = look(providers, places, house.clock())
        endpoints = looked.result()
    with house.read() as session:
        refs = Refs(session, {Project: {thing.tenant for one in looks for thing in one.things if thing.tenant}})
    words = (q or "").lower()
    seen: set[tuple[str, str]] = set()
    items = []
    for one in looks:
        for thing in one.things:
            if thing.kind.value not in KINDS or (kind and thing.kind.value != kind):
                continue
            if words and words not in f"{thing.name} {thing.external_id}".lower():
                continue
            # A volume of a cloud belongs to all of its hosts; a path is one on each host.
            if _UUID.fullmatch(thing.external_id):
                if (one.place.provider.id, thing.external_id) in seen:
                    continue
                seen.add((one.place.provider.id, thing.external_id))
            items.append({**_shown(one.place, thing), "project": refs.ref(Project, thing.tenant)})
    for endpoint in endpoints:
        items += [one for one in buckets.shown(endpoint) if words in one["name"].lower()]
    items.sort(key=lambda item: (item["kind"], item["name"], item["external_id"]))
    return {
        "items": items[:MOST],
        "total": len(items),
        "hosts": [_host(one, actor) for one in looks],
        "stores": [buckets.seen(one, actor) for one in endpoints],
    }


def _places(session: Session, provider_id: str | None, host_id: str | None) -> list[Place]:
    statement = select(Host, Provider).join(Provider, Provider.id == Host.provider_id).where(Provider.enabled)
    if provider_id:
        statement = statement.where(Host.provider_id == provider_id)
    if host_id:
        statement = statement.where(Host.id == host_id)
    return [Place(host, provider) for host, provider in session.execute(statement.order_by(Host.name))]


def look(providers: Providers, places: Sequence[Place], now: datetime) -> list[Look]:
    """All hosts at once, each on a thread of its own."""
    asked: dict[str, Future[Sequence[Unmanaged]]] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, min(64, len(places))), thread_name_prefix="unmanaged")
    try:
        for place in places:
            if place.host.health != "down":
                asked[place.host.id] = pool.submit(_ask, providers, place)
        wait(asked.values(), timeout=LOOK)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [_answer(place, asked.get(place.host.id), now) for place in places]


def _ask(providers: Providers, place: Place) -> Sequence[Unmanaged]:
    return providers.driver(place.provider).list_unmanaged(place.host.name, within=LOOK)


def _known(host_id: str) -> tuple[datetime, Sequence[Unmanaged]] | None:
    with _guard:
        return _last.get(host_id)


def _answer(place: Place, asked: Future[Sequence[Unmanaged]] | None, now: datetime) -> Look:
    problem: Problem | None = None
    if asked is not None and asked.done() and not asked.cancelled():
        try:
            with _guard:
                _last[place.host.id] = (now, asked.result())
        except Problem as raised:
            problem = raised
    elif asked is not None:
        problem = Transient("driver.timeout", host=place.host.name, limit=LOOK)
    elif place.host.health == "down":
        problem = Transient("host.down", host=place.host.name)
    known = _known(place.host.id)
    return Look(place, known[1] if known else (), known[0] if known else None, problem)


def _shown(place: Place, thing: Unmanaged) -> View:
    return {
        "kind": thing.kind.value,
        "external_id": thing.external_id,
        "name": thing.name or thing.external_id,
        "provider": {"id": place.provider.id, "name": place.provider.name},
        "host": {"id": place.host.id, "name": place.host.name},
        "vcpus": thing.vcpus,
        "memory_mib": thing.memory_mib,
        "size_gib": round(thing.size_gib, 3),
    }


def _host(one: Look, actor: Actor) -> View:
    return {
        "host": {"id": one.place.host.id, "name": one.place.host.name},
        "seen_at": one.at,
        "problem": {"code": one.problem.code, "detail": one.problem.text(actor.language)} if one.problem else None,
    }
