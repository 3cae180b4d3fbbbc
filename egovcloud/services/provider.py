"""Providers (云平台): configured endpoints and the drivers that speak to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, or_, select
from sqlalchemy import update as sql_update

from egovcloud.domain.clouds import DRIVERS
from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.engine import tenants
from egovcloud.services import operation_view, rules, site
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals
from egovcloud.services.provider_view import views
from egovcloud.services.reading import Noun, ViewPage, find, flag, given, read_one, read_page
from egovcloud.services.refs import View
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import (
    Bucket,
    Drift,
    FloatingAddress,
    Host,
    Instance,
    Operation,
    Provider,
    Sighting,
    Step,
    StoragePool,
    Volume,
)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
CONFIG_BYTES = 64 * 1024
# A configuration names things; a secret in it would be shown to everyone who may read providers.
SECRET_KEY = re.compile(r"password|passwd|token|private_?key|credential|(^|_)secret(_key)?$", re.IGNORECASE)
SECRET_URL = re.compile(r"://[^/@\s]*:[^/@\s]*@")

LISTING = Listing(
    Provider,
    "provider:read",
    search=func.lower(Provider.name),
    sorts={"name": Provider.name},
    filters={"driver": equals(Provider.driver), "site_id": equals(Provider.site_id), "enabled": flag(Provider.enabled)},
)


NOUN = Noun(LISTING, views, centre=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of providers."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One provider."""
    return read_one(house, actor, NOUN, id_)


def create(house: House, actor: Actor, *, name: str, driver: str, config: Mapping[str, Any], site_id: str) -> View:
    """Register an endpoint; its hosts and capabilities appear when it is first looked at."""
    with house.write(actor, "provider.create", "provider") as unit:
        unit.about("provider", None, name, driver=driver[:16])
        unit.require("provider:create", None)
        home = given(unit.session, actor, site.NOUN, site_id, "site_id")
        if not NAME.fullmatch(name):
            raise Invalid("provider.name", field="name")
        if driver not in DRIVERS:
            raise Invalid("input.choice", field="driver", name="driver", allowed=", ".join(DRIVERS))
        _check_config(config)
        rules.free(unit.session, Provider.name == name, name=name)
        row = Provider(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            name=name,
            driver=driver,
            config=dict(config),
            site_id=home.id,
            enabled=True,
            capabilities=[],
            detail="",
        )
        unit.session.add(row)
        unit.session.flush()
        unit.about("provider", row)
        emit(unit.session, unit.now, "provider.create", "provider", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def update(
    house: House, actor: Actor, id_: str, *, enabled: bool | None = None, config: Mapping[str, Any] | None = None
) -> View:
    """Use it or leave it alone, or another configuration; what runs there keeps running either way."""
    with house.write(actor, "provider.update", "provider") as unit:
        row = find(unit.session, actor, NOUN, id_)
        asked = {"enabled": enabled, "config": None if config is None else dict(config)}
        changes = {name: value for name, value in asked.items() if value is not None and value != getattr(row, name)}
        unit.about("provider", row, changed=sorted(changes), enabled=row.enabled if enabled is None else enabled)
        unit.require("provider:update", None)
        _check_config(config or {})
        if changes:
            touch(unit.session, row, now=unit.now, **changes)
            emit(unit.session, unit.now, "provider.update", "provider", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


def delete(house: House, actor: Actor, id_: str) -> None:
    """Forget an endpoint, its hosts and its storage pools; ``Conflict`` while it is used or anything of ours is there.

    Nothing is called: what it runs that is not ours stays as it is.
    """
    with house.write(actor, "provider.delete", "provider") as unit:
        session = unit.session
        row = find(session, actor, NOUN, id_)
        unit.about("provider", row)
        unit.require("provider:delete", None)
        if row.enabled:
            raise Conflict("provider.enabled", name=row.name)
        hosts = select(Host.id).where(Host.provider_id == row.id)
        machines, volumes = (
            session.scalar(select(func.count()).where(model.host_id.in_(hosts), model.deleted_at.is_(None))) or 0
            for model in (Instance, Volume)
        )
        working = Operation.state.in_(("queued", "running", "undoing"))
        about = or_(Operation.subject_id == row.id, Operation.subject_id.in_(hosts))
        # Our own looks at it are nobody's work: they end with it.
        looks = Operation.kind.in_(operation_view.INTERNAL)
        busy = session.scalar(select(func.count()).select_from(Operation).where(about, working, ~looks)) or 0
        buckets = select(func.count()).where(Bucket.provider_id == row.id, Bucket.deleted_at.is_(None))
        tenants.count(session, row, {})  # what others made there counts for nobody any more
        if machines or volumes or busy:
            raise Conflict("provider.used", name=row.name, instances=machines, volumes=volumes, operations=busy)
        if kept := session.scalar(buckets):
            raise Conflict("provider.holds_buckets", name=row.name, buckets=kept)
        floating = select(func.count()).where(
            FloatingAddress.provider_id == row.id, FloatingAddress.deleted_at.is_(None)
        )
        if kept := session.scalar(floating):
            raise Conflict("provider.holds_floating", name=row.name, count=kept)
        # What was deleted long ago forgets where it was; the journal still knows.
        quiet = {"synchronize_session": False}
        for model in (Instance, Volume):
            gone = sql_update(model).where(model.host_id.in_(hosts)).values(host_id=None, storage_pool_id=None)
            session.execute(gone, execution_options=quiet)
        session.execute(
            sql_update(Bucket).where(Bucket.provider_id == row.id).values(provider_id=None), execution_options=quiet
        )
        session.execute(
            sql_update(FloatingAddress).where(FloatingAddress.provider_id == row.id).values(provider_id=None),
            execution_options=quiet,
        )
        mine = select(Operation.id).where(Operation.subject_id == row.id, looks)
        session.execute(sql_delete(Step).where(Step.operation_id.in_(mine)), execution_options=quiet)
        session.execute(sql_delete(Operation).where(Operation.subject_id == row.id, looks), execution_options=quiet)
        session.execute(sql_delete(StoragePool).where(StoragePool.host_id.in_(hosts)), execution_options=quiet)
        for seen in (Sighting, Drift):
            session.execute(sql_delete(seen).where(seen.provider_id == row.id), execution_options=quiet)
        session.execute(sql_delete(Host).where(Host.provider_id == row.id), execution_options=quiet)
        emit(session, unit.now, "provider.delete", "provider", row.id, department_id=None)
        session.delete(row)


def _check_config(config: Mapping[str, Any]) -> None:
    if len(json.dumps(config, ensure_ascii=False, default=str).encode()) > CONFIG_BYTES:
        raise Invalid("provider.config_size", field="config", limit=CONFIG_BYTES)
    for path, value in _leaves(config, "config"):
        key = path.rpartition(".")[2]
        if SECRET_KEY.search(key) or (isinstance(value, str) and SECRET_URL.search(value)):
            raise Invalid("provider.secret", field=path[:200], name=key[:64])


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}")
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _leaves(part, f"{path}[{position}]")
    else:
        yield path, value
