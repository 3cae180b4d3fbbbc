"""One cloud as all calls share it: the login, what was learned of it, and whose turn it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from keystoneauth1 import access, adapter
from keystoneauth1.identity import BaseIdentityPlugin
from openstack.config import cloud_region

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import HostFacts, Unmanaged
from egovcloud.drivers.openstack import session
from egovcloud.drivers.openstack.config import CloudConfig
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import Marker
from egovcloud.drivers.openstack.together import Together
from egovcloud.drivers.openstack.turns import Doubts, Turns
from egovcloud.drivers.survey import Thing

T = TypeVar("T")
MANY = 10_000  # names that are kept at most


class Learned(Generic[T]):
    """A fact about the cloud that seldom changes, asked again after ``seconds`` or when it turned out wrong."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._value: tuple[float, T] | None = None

    def get(self, ask: Callable[[], T]) -> T:
        known = self._value
        if known is None or time.monotonic() - known[0] > self._seconds:
            known = (time.monotonic(), ask())
            self._value = known
        return known[1]

    def forget(self) -> None:
        self._value = None


class Names:
    """The cloud's ids of what was ensured a moment ago, by kind and our id: each creation would look them up again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[tuple[str, str], tuple[float, str]] = {}

    def get(self, kind: str, our_id: str) -> str | None:
        at, name = self._known.get((kind, our_id), (0.0, None))
        return name if time.monotonic() - at < self._seconds else None

    def put(self, kind: str, our_id: str, name: str) -> str:
        if len(self._known) > MANY:
            self.forget()
        self._known[kind, our_id] = (time.monotonic(), name)
        return name

    def drop(self, kind: str, our_id: str) -> None:
        self._known.pop((kind, our_id), None)

    def forget(self) -> None:
        """All of them, after one turned out wrong."""
        self._known = {}


class Cloud:
    """Made without a request: a cloud that is down, or whose file is wrong, is an error of the first call."""

    def __init__(self, installation: str, config: CloudConfig) -> None:
        self.config = config
        self.marker = Marker(installation)
        self.turns = Turns()
        self.doubts = Doubts(config.visibility)
        self.hosts: Learned[frozenset[str]] = Learned(60.0)
        self.flavors: Learned[dict[tuple[int, int, int], str]] = Learned(300.0)
        self.external_network: Learned[str] = Learned(300.0)
        self.open_group: Learned[str] = Learned(300.0)
        self.names = Names(60.0)
        self.owned: Together[tuple[Thing, ...]] = Together()
        self.strangers: Together[tuple[Unmanaged, ...]] = Together()
        self.last_seen: dict[str, HostFacts] = {}
        self.microversions: dict[str, str] = {}
        # Of our projects: the quotas that each was given, and until when nobody sets them again.
        self.limits: dict[str, tuple[tuple[tuple[str, int], ...], float]] = {}
        self._lock = threading.Lock()
        self._region: cloud_region.CloudRegion | None = None
        self._adapters: dict[tuple[str, str | None], adapter.Adapter] = {}
        self._logins: dict[str, session.InProject] = {}

    def region(self) -> cloud_region.CloudRegion:
        with self._lock:
            if self._region is None:
                region = session.region_of(self.config)
                kind = str(region.config.get("auth_type") or "")
                if self.config.tenancy and "applicationcredential" in kind.replace("_", ""):
                    raise Refused(0, kind, Permanent("cloud.tenancy", cloud=self.config.cloud))
                self._region = region
            return self._region

    def adapter(self, service_type: str, project_id: str | None = None) -> adapter.Adapter:
        """A door to a service, as our login at home or in the project with this id of Keystone's."""
        region = self.region()
        with self._lock:
            key = (service_type, project_id)
            if key not in self._adapters:
                self._adapters[key] = session.service(region, service_type, self._login(region, project_id))
            return self._adapters[key]

    def _login(self, region: cloud_region.CloudRegion, project_id: str | None) -> session.InProject | None:
        if project_id is None:
            return None
        if project_id not in self._logins:
            self._logins[project_id] = session.InProject(region.get_session(), project_id)
        return self._logins[project_id]

    def login(self) -> access.AccessInfo:
        """Who we are and where, as the token says."""
        home = self.region().get_session()
        if not isinstance(home.auth, BaseIdentityPlugin):
            raise Refused(0, "no login", Permanent("cloud.config", detail="auth_type logs in to no Keystone"))
        return home.auth.get_access(home)

    def verify(self) -> bool | str:
        """What the cloud's certificates are held against: the system's authorities, those in a file, or nothing."""
        trusted = self.region().get_requests_verify_args()[0]
        return True if trusted is None else trusted
