"""From a provider's row to its driver, made once per process and made anew when the row changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import Driver
from egovcloud.drivers.objects import ObjectStore
from egovcloud.engine.metered import metered, metered_store
from egovcloud.engine.prepared import Prepared
from egovcloud.store.database import Database
from egovcloud.store.models import Host, Provider

T = TypeVar("T")
FRESH = 2.0  # seconds after which a provider's row is read again

Factory = Callable[[str, str, Mapping[str, Any]], Driver]  # (installation, provider name, config) → driver
StoreFactory = Callable[[str, str, Mapping[str, Any]], ObjectStore]


class Providers:
    """Drivers by provider and by host. ``factories`` and ``stores`` map a kind to its maker."""

    def __init__(
        self,
        database: Database,
        installation: str,
        factories: Mapping[str, Factory],
        stores: Mapping[str, StoreFactory] | None = None,
    ) -> None:
        self._database = database
        self._installation = installation
        self._factories = factories
        self._stores = stores or {}
        self._opened: dict[str, tuple[int, ObjectStore]] = {}
        self._made: dict[str, tuple[int, Driver]] = {}
        self._hosts: dict[str, tuple[Provider, str, float]] = {}
        self._lock = threading.Lock()
        self.prepared = Prepared()

    def driver(self, provider: Provider) -> Driver:
        """The driver of ``provider``; ``Permanent`` when it is disabled or of an unknown kind."""
        if not provider.enabled or provider.driver not in self._factories:
            raise Permanent("provider.absent", name=provider.name)
        with self._lock:
            made = self._made.get(provider.id)
            fingerprint = hash((provider.driver, repr(provider.config)))
            if made is None or made[0] != fingerprint:
                made = (fingerprint, metered(self._fitting(self._factories[provider.driver], provider)))
                self._made[provider.id] = made
            return made[1]

    def store(self, provider: Provider) -> ObjectStore:
        """The object storage of ``provider``; ``Permanent`` when it is disabled or has none."""
        if not provider.enabled or provider.driver not in self._stores:
            raise Permanent("provider.absent", name=provider.name)
        with self._lock:
            opened = self._opened.get(provider.id)
            fingerprint = hash((provider.driver, repr(provider.config)))
            if opened is None or opened[0] != fingerprint:
                opened = (fingerprint, metered_store(self._fitting(self._stores[provider.driver], provider)))
                self._opened[provider.id] = opened
            return opened[1]

    def _fitting(self, make: Callable[[str, str, Mapping[str, Any]], T], provider: Provider) -> T:
        """Whoever wrote the configuration is told which key does not fit, wherever the driver stumbles over it."""
        try:
            return make(self._installation, provider.name, provider.config)
        except KeyError as error:
            raise Permanent("provider.config", name=provider.name, detail=f"config.{error.args[0]}") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise Permanent("provider.config", name=provider.name, detail=str(error)[:300]) from None

    def of_host(self, host_id: str) -> tuple[Driver, str]:
        """The driver that drives a host, and the host's name there."""
        known = self._hosts.get(host_id)
        if known is None or time.monotonic() - known[2] > FRESH:
            with self._database.read() as session:
                host = session.get_one(Host, host_id)
                known = (session.get_one(Provider, host.provider_id), host.name, time.monotonic())
            self._hosts[host_id] = known
        return self.driver(known[0]), known[1]
