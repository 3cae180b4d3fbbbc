"""What a backend gives to the tests: a store on a real or simulated endpoint, and ways to look behind it."""

from __future__ import annotations

import abc
import io
import uuid
from contextlib import AbstractContextManager

from egovcloud.drivers.objects import BucketSpec, ObjectPage, ObjectStore

WITHIN = 20.0


def new_id() -> str:
    return str(uuid.uuid4())


class Endpoint(abc.ABC):
    """One open endpoint; what the tests make is removed through ``clean``."""

    store: ObjectStore

    @abc.abstractmethod
    def other(self) -> ObjectStore:
        """A store of another installation at the same endpoint."""

    @abc.abstractmethod
    def plant(self, name: str) -> None:
        """Make a bucket behind the store's back, and an object ``kept`` in it."""

    @abc.abstractmethod
    def planted(self, name: str) -> bytes | None:
        """What the object ``kept`` of such a bucket holds."""

    @abc.abstractmethod
    def uproot(self, name: str) -> None:
        """Remove it again."""

    @abc.abstractmethod
    def hanging(self) -> AbstractContextManager[None]:
        """The endpoint takes calls and answers none."""

    @abc.abstractmethod
    def reads(self, access: str, secret: str, bucket: str, key: str) -> bytes | None:
        """What somebody with this key is given; ``None`` when it is refused."""

    # -- short ways ------------------------------------------------------------------------------------------------
    def spec(self, **fields: object) -> BucketSpec:
        return BucketSpec(**{"id": new_id(), "name": "资料", **fields})  # type: ignore[arg-type]

    def bucket(self, **fields: object) -> str:
        """The id of a new bucket."""
        spec = self.spec(**fields)
        self.store.create_bucket(spec, within=WITHIN)
        return spec.id

    def put(self, bucket: str, key: str, data: bytes = b"hello") -> None:
        self.store.put_object(bucket, key, io.BytesIO(data), len(data), "text/plain", within=WITHIN)

    def get(self, bucket: str, key: str) -> bytes:
        return b"".join(self.store.get_object(bucket, key, within=WITHIN))

    def list(self, bucket: str, prefix: str = "", *, after: str | None = None, deep: bool = False) -> ObjectPage:
        return self.store.list_objects(bucket, prefix=prefix, after=after, limit=1000, deep=deep, within=WITHIN)

    def keys(self, bucket: str) -> list[str]:
        return sorted(one.key for one in self.list(bucket, deep=True).objects)

    def remove(self, store: ObjectStore, bucket: str) -> None:
        while not store.empty_bucket(bucket, within=WITHIN):
            pass
        store.delete_bucket(bucket, within=WITHIN)

    def clean(self) -> None:
        """Remove everything that bears the mark of either installation."""
        for store in (self.store, self.other()):
            for owned in store.list_owned(within=WITHIN):
                self.remove(store, owned.id)
