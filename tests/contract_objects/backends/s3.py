"""SeaweedFS under the contract: a real S3 server, started here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import ClientError

from egovcloud.drivers.objects import ObjectCapability, ObjectStore
from egovcloud.drivers.s3 import S3Store
from tests.contract_objects.adapter import Endpoint
from tests.support.seaweed import Seaweed

CAPABILITIES = frozenset(ObjectCapability) - {ObjectCapability.BUCKET_QUOTA}


class Real(Endpoint):
    """Behind the store's back through a client of its own."""

    def __init__(self, server: Seaweed) -> None:
        self.server = server
        self.store: ObjectStore = S3Store("contract", server.endpoint)

    def other(self) -> ObjectStore:
        return S3Store("another installation", self.server.endpoint)

    def plant(self, name: str) -> None:
        client = self.server.client()
        client.create_bucket(Bucket=name)
        client.put_object(Bucket=name, Key="kept", Body=b"kept")

    def planted(self, name: str) -> bytes | None:
        return bytes(self.server.client().get_object(Bucket=name, Key="kept")["Body"].read())

    def uproot(self, name: str) -> None:
        client = self.server.client()
        client.delete_object(Bucket=name, Key="kept")
        client.delete_bucket(Bucket=name)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self.server.stop()
        try:
            yield
        finally:
            self.server.go_on()

    def reads(self, access: str, secret: str, bucket: str, key: str) -> bytes | None:
        try:
            return bytes(self.server.client(access, secret).get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError:
            return None


@contextmanager
def open_endpoint(directory: Path) -> Iterator[Endpoint]:
    """A server with an empty directory of its own."""
    with Seaweed(directory) as server:
        yield Real(server)
