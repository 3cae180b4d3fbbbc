"""Swift under the contract, on the bed of ``tests/real/openstack``: on the one that runs, or on one of its own."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egovcloud.drivers.objects import ObjectCapability, ObjectStore
from egovcloud.drivers.openstack import SwiftStore
from tests.contract_objects.adapter import Endpoint, new_id
from tests.real.openstack import seed
from tests.real.openstack.bed import Bed
from tests.real.openstack.layout import Layout
from tests.real.openstack.through import Way, proxied

CAPABILITIES = frozenset(ObjectCapability) - {
    ObjectCapability.BUCKET_EXPIRY,
    ObjectCapability.BUCKET_ACCESS_KEY,
}


class Real(Endpoint):
    """Behind the store's back through openstacksdk, as the same project's administrator."""

    def __init__(self, layout: Layout, way: Way) -> None:
        self._way = way
        self._sdk = seed.centre(layout)
        self._other = SwiftStore(f"another {new_id()}", way.buckets)
        self.store: ObjectStore = SwiftStore(f"contract {new_id()}", way.buckets)

    def other(self) -> ObjectStore:
        return self._other

    def plant(self, name: str) -> None:
        self._sdk.object_store.create_container(name)
        self._sdk.object_store.put(f"/{name}/kept", data=b"kept").raise_for_status()

    def planted(self, name: str) -> bytes | None:
        return bytes(self._sdk.object_store.get(f"/{urllib.parse.quote(name)}/kept").content)

    def uproot(self, name: str) -> None:
        self._sdk.object_store.delete(f"/{name}/kept")
        self._sdk.object_store.delete(f"/{name}")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        with self._way.traffic.silent():
            yield

    def reads(self, access: str, secret: str, bucket: str, key: str) -> bytes | None:
        raise NotImplementedError("Swift has no keys of a container's own")


@contextmanager
def open_endpoint(directory: Path) -> Iterator[Endpoint]:
    """Every container that was made is removed again."""
    with Bed().up() as layout, proxied(layout, directory) as way:
        made = Real(layout, way)
        try:
            yield made
        finally:
            made.clean()
