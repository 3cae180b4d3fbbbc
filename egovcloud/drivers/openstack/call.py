"""One call of the contract on its way through the cloud: its host, its limit, and the services that it may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TypeVar

from keystoneauth1 import access

from egovcloud.domain.errors import NotFound, Transient
from egovcloud.drivers.openstack.cloud import Cloud
from egovcloud.drivers.openstack.config import CloudConfig, PoolConfig
from egovcloud.drivers.openstack.deadline import Deadline
from egovcloud.drivers.openstack.errors import CloudError, Unanswered, of_exception
from egovcloud.drivers.openstack.marker import Marker
from egovcloud.drivers.openstack.service import Service

T = TypeVar("T")
FIRST, LAST, GROWTH = 0.2, 1.5, 1.4  # seconds between two looks: often at first, since most answers come soon


class Call:
    """``host`` is the compute host that the call is about, or the cloud's name."""

    def __init__(self, cloud: Cloud, host: str, deadline: Deadline) -> None:
        self.cloud = cloud
        self.host = host
        self.deadline = deadline

    @property
    def config(self) -> CloudConfig:
        return self.cloud.config

    @property
    def marker(self) -> Marker:
        return self.cloud.marker

    @cached_property
    def compute(self) -> Service:
        return self.service("compute")

    @cached_property
    def network(self) -> Service:
        return self.service("network")

    @cached_property
    def storage(self) -> Service:
        return self.service("block-storage")

    @cached_property
    def image(self) -> Service:
        return self.service("image")

    @cached_property
    def identity(self) -> Service:
        return self.service("identity")

    def service(self, name: str, project_id: str | None = None) -> Service:
        """``name`` as in the catalogue; ``project_id`` is Keystone's id of the project to act in, if not our own."""
        return Service(self.cloud, name, self.host, self.deadline, project_id)

    @property
    def wide(self) -> dict[str, int]:
        """What makes a list of Nova's or Cinder's one of all projects, where ours are kept apart."""
        return {"all_tenants": 1} if self.config.tenancy else {}

    def login(self) -> access.AccessInfo:
        """Who we are and where, which the token tells."""
        try:
            return self.cloud.login()
        except CloudError:
            raise
        except Exception as error:
            raise of_exception(error, self.host, "identity", self.deadline.limit) from error

    def project_id(self) -> str:
        """The project that our credentials act in."""
        return str(self.login().project_id or "")

    def pool(self, name: str) -> PoolConfig:
        """``NotFound("pool.absent")`` for a pool that is not configured."""
        try:
            return self.config.pools[name]
        except KeyError:
            raise NotFound("pool.absent", host=self.host, pool=name) from None

    def late(self) -> Transient:
        return Transient("driver.timeout", host=self.host, limit=self.deadline.limit)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Calls of this process that change the same object take turns; those of others see the mark."""
        if not self.cloud.turns.take(name, self.deadline.left()):
            raise self.late()
        try:
            yield
        finally:
            self.cloud.turns.give(name)

    def until(self, look: Callable[[], T | None], *, after: float = 0.0) -> T:
        """The first answer of ``look`` that is not ``None``; ``Transient("driver.timeout")`` when none comes."""
        found = self.watch(look, self.deadline.left(), after=after)
        if found is None:
            raise self.late()
        return found

    def watch(
        self, look: Callable[[], T | None], seconds: float, *, after: float = 0.0, pause: float = FIRST
    ) -> T | None:
        """As ``until``, for ``seconds`` at most, and ``None`` when they have passed.

        ``after`` is before when it is no use to look, and ``pause`` how long the first look waits for the second: each
        look costs the cloud a request.
        """
        end = time.monotonic() + min(seconds, self.deadline.left())
        time.sleep(min(after, max(0.0, end - time.monotonic())))
        while True:
            found = look()
            if found is not None:
                return found
            left = end - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
            pause = min(LAST, pause * GROWTH)

    def all_of(self, name: str, search: Callable[[], list[T]]) -> list[T]:
        """All that bears the mark, for its removal: what a lost creation may yet show is awaited here too."""
        found = search()
        if not found and self.cloud.doubts.left(name):
            found = self.watch(lambda: search() or None, self.cloud.doubts.left(name)) or []
        self.cloud.doubts.settle(name)
        return found

    def make(self, name: str, search: Callable[[], T | None], create: Callable[[], T]) -> T:
        """What bears the mark, or else what ``create`` makes: searched for before *every* creation.

        Where the answer to an earlier creation of ``name`` was lost, what it may have made is awaited first.
        """
        found = search()
        if found is None and self.cloud.doubts.left(name):
            found = self.watch(search, self.cloud.doubts.left(name))
            if found is None and self.cloud.doubts.left(name):
                raise self.late()
        if found is None:
            try:
                found = create()
            except Unanswered:
                self.cloud.doubts.note(name)
                raise
        self.cloud.doubts.settle(name)
        return found
