"""One call of the contract on its way through the cloud: its host, its limit, and the services that it may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TypeVar

from egovcloud.domain.errors import NotFound, Transient
from egovcloud.drivers.openstack.cloud import Cloud
from egovcloud.drivers.openstack.config import CloudConfig, PoolConfig
from egovcloud.drivers.openstack.deadline import Deadline
from egovcloud.drivers.openstack.errors import Unanswered
from egovcloud.drivers.openstack.marker import Marker
from egovcloud.drivers.openstack.service import Service

T = TypeVar("T")
FIRST, LAST = 0.1, 1.0  # seconds between two looks: often at first, since most answers come soon


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
        return Service(self.cloud, "compute", self.host, self.deadline)

    @cached_property
    def network(self) -> Service:
        return Service(self.cloud, "network", self.host, self.deadline)

    @cached_property
    def storage(self) -> Service:
        return Service(self.cloud, "block-storage", self.host, self.deadline)

    @cached_property
    def image(self) -> Service:
        return Service(self.cloud, "image", self.host, self.deadline)

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

    def until(self, look: Callable[[], T | None]) -> T:
        """The first answer of ``look`` that is not ``None``; ``Transient("driver.timeout")`` when none comes."""
        found = self.watch(look, self.deadline.left())
        if found is None:
            raise self.late()
        return found

    def watch(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """As ``until``, for ``seconds`` at most, and ``None`` when they have passed."""
        end = time.monotonic() + min(seconds, self.deadline.left())
        pause = FIRST
        while True:
            found = look()
            if found is not None:
                return found
            left = end - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
            pause = min(LAST, pause * 1.3)

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
