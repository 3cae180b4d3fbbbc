"""Buckets at our endpoints that nobody asked us for: looked at live, endpoint by endpoint, and never changed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.clouds import OBJECTS
from egovcloud.domain.errors import Problem, Transient
from egovcloud.engine.providers import Providers
from egovcloud.services.actor import Actor
from egovcloud.services.refs import View
from egovcloud.store.models import Provider

KIND = "bucket"
LOOK = 4.0  # seconds for all endpoints together

_guard = threading.Lock()
_last: dict[str, tuple[datetime, Sequence[str]]] = {}


@dataclass(frozen=True)
class Look:
    """The names that an endpoint told at ``at``; ``problem`` is why it says nothing now, with what it last said."""

    provider: Provider
    names: Sequence[str]
    at: datetime | None
    problem: Problem | None = None


def stores(session: Session, provider_id: str | None) -> Sequence[Provider]:
    """Endpoints that are switched on."""
    statement = select(Provider).where(Provider.enabled, Provider.driver.in_(OBJECTS)).order_by(Provider.name)
    if provider_id:
        statement = statement.where(Provider.id == provider_id)
    return session.scalars(statement).all()


def look(providers: Providers, wanted: Sequence[Provider], now: datetime) -> list[Look]:
    """All endpoints at once, each on a thread of its own."""
    pool = ThreadPoolExecutor(max_workers=max(1, min(16, len(wanted))), thread_name_prefix="unmanaged-bucket")
    try:
        asked = [pool.submit(_ask, providers, provider) for provider in wanted]
        wait(asked, timeout=LOOK)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [_answer(provider, answer, now) for provider, answer in zip(wanted, asked, strict=True)]


def _ask(providers: Providers, provider: Provider) -> Sequence[str]:
    return sorted(one.external_id for one in providers.store(provider).list_unmanaged(within=LOOK))


def _answer(provider: Provider, asked: Future[Sequence[str]], now: datetime) -> Look:
    problem: Problem | None = None
    if asked.done() and not asked.cancelled():
        try:
            names = asked.result()
            with _guard:
                _last[provider.id] = (now, names)
        except Problem as raised:
            problem = raised
    else:
        problem = Transient("driver.timeout", host=provider.name, limit=LOOK)
    with _guard:
        known = _last.get(provider.id)
    return Look(provider, known[1] if known else (), known[0] if known else None, problem)


def shown(one: Look) -> list[View]:
    """One thing for each; an endpoint tells the name alone."""
    provider = {"id": one.provider.id, "name": one.provider.name}
    sizes = {"vcpus": 0, "memory_mib": 0, "size_gib": 0.0}
    return [
        {"kind": KIND, "external_id": name, "name": name, "provider": provider, "host": None, "project": None, **sizes}
        for name in one.names
    ]


def seen(one: Look, actor: Actor) -> View:
    """When the endpoint was looked at."""
    return {
        "provider": {"id": one.provider.id, "name": one.provider.name},
        "seen_at": one.at,
        "problem": {"code": one.problem.code, "detail": one.problem.text(actor.language)} if one.problem else None,
    }
