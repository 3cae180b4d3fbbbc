"""Providers (云平台): configured endpoints and the drivers that speak to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Invalid
from egovcloud.domain.ids import new_id
from egovcloud.services import rules, site
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, equals
from egovcloud.services.reading import Noun, ViewPage, find, flag, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.journal import emit, touch
from egovcloud.store.models import Host, Provider, Site

DRIVERS = ("simulator", "libvirt", "openstack")
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


def views(session: Session, _actor: Actor, rows: Sequence[Provider]) -> list[View]:
    """Providers with their site, what they can do and when that was last asked."""
    refs = Refs(session, {Site: (row.site_id for row in rows)})
    hosts = tally(session, Host.provider_id, Host.provider_id.in_([row.id for row in rows]))
    fields = ("name", "driver", "config", "enabled", "capabilities", "checked_at", "detail")
    return [
        {**entity(row, *fields), "site": refs.ref(Site, row.site_id), "hosts": hosts.get(row.id, 0)} for row in rows
    ]


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


def update(house: House, actor: Actor, id_: str, *, enabled: bool) -> View:
    """Use it or leave it alone; what runs there keeps running either way."""
    with house.write(actor, "provider.update", "provider") as unit:
        row = find(unit.session, actor, NOUN, id_)
        unit.about("provider", row, enabled=enabled)
        unit.require("provider:update", None)
        if row.enabled != enabled:
            touch(unit.session, row, now=unit.now, enabled=enabled)
            emit(unit.session, unit.now, "provider.update", "provider", row.id, department_id=None)
        return views(unit.session, actor, [row])[0]


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
