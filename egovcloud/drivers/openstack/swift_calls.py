"""Requests to Swift: containers and objects by name, failures by kind, bodies that may be large.

https://docs.openstack.org/api-ref/object-store/
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import quote

import requests
from keystoneauth1 import adapter

from egovcloud.domain.errors import Transient
from egovcloud.drivers.openstack import errors, session
from egovcloud.drivers.openstack.config import CloudConfig
from egovcloud.drivers.openstack.deadline import Deadline, holding
from egovcloud.drivers.openstack.errors import CloudError, Refused, Unanswered

SERVICE = "object-store"
Headers = Mapping[str, str]


class Swift:
    """One account of one cloud. Made without a request."""

    def __init__(self, config: CloudConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._adapter: adapter.Adapter | None = None

    @property
    def name(self) -> str:
        """What its failures are said to be about."""
        return self._config.cloud

    @contextmanager
    def call(self, within: float) -> Iterator[SwiftCall]:
        """Everything inside ends within so many seconds; failures come out in our kinds."""
        deadline = Deadline(within)
        with holding(deadline):
            try:
                yield SwiftCall(self, deadline)
            except CloudError as error:
                raise error.problem from error

    def adapter(self) -> adapter.Adapter:
        """The way in; its endpoint comes from the catalogue at the first request."""
        with self._lock:
            if self._adapter is None:
                region = session.region_of(self._config)
                self._adapter = adapter.Adapter(
                    session=region.get_session(),
                    service_type=SERVICE,
                    interface=region.get_interface(SERVICE),
                    region_name=region.get_region_name(SERVICE),
                    endpoint_override=region.get_endpoint(SERVICE),
                )
            return self._adapter

    def endpoint(self) -> str:
        """The account's address, as users reach it."""
        return str(self.adapter().get_endpoint()).rstrip("/")


class SwiftCall:
    """One call of the contract on its way."""

    def __init__(self, swift: Swift, deadline: Deadline) -> None:
        self.swift = swift
        self.deadline = deadline

    def head(self, container: str, key: str | None = None) -> Headers | None:
        """Headers of a container or an object; ``None`` when Swift answers that there is no such thing."""
        answer = self._ask("HEAD", _path(container, key), absent=True)
        return None if answer is None else answer.headers

    def list(self, container: str | None, **params: Any) -> list[dict[str, Any]]:
        """One page of names; nothing for a container that is not there."""
        query = {"format": "json", **{name: value for name, value in params.items() if value not in (None, "")}}
        answer = self._ask("GET", "" if container is None else _path(container), absent=True, params=query)
        if answer is None or not answer.content:
            return []
        found: list[dict[str, Any]] = answer.json()
        return found

    def put(self, container: str, headers: Headers | None = None) -> None:
        self._require("PUT", _path(container), headers=dict(headers or {}))

    def post(self, container: str, headers: Headers) -> bool:
        """Change a container's headers; false without the container."""
        return self._ask("POST", _path(container), absent=True, headers=dict(headers)) is not None

    def write(
        self, container: str, key: str, data: BinaryIO | bytes, size: int, headers: Headers, **params: str
    ) -> str | None:
        """Store an object and return its ETag; ``None`` without the container."""
        sent = {**headers, "Content-Length": str(size)}
        body = data if isinstance(data, bytes) or size else b""
        try:
            answer = self._ask("PUT", _path(container, key), absent=True, data=body, headers=sent, params=params)
        except Refused as refused:
            if refused.status != 401 or isinstance(body, bytes):
                raise
            # The token had expired; the file was read by then.
            self.swift.adapter().invalidate()
            body.seek(0)
            answer = self._ask("PUT", _path(container, key), absent=True, data=body, headers=sent, params=params)
        return None if answer is None else str(answer.headers.get("Etag", "")).strip('"')

    def read(self, container: str, key: str, headers: Headers) -> requests.Response | None:
        """An answer whose body has still to be read."""
        return self._ask("GET", _path(container, key), absent=True, headers=dict(headers), stream=True)

    def delete(self, container: str, key: str | None = None, **params: str) -> bool:
        """False when it was gone already."""
        return self._ask("DELETE", _path(container, key), absent=True, params=params) is not None

    # -- the wire ------------------------------------------------------------------------------------------------
    def _require(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = self._ask(method, path, absent=False, **options)
        assert answer is not None
        return answer

    def _ask(self, method: str, path: str, *, absent: bool, **options: Any) -> requests.Response | None:
        """The answer; ``None`` for 404 where ``absent`` allows it."""
        if self.deadline.passed():
            raise Unanswered(Transient("driver.timeout", host=self.swift.name, limit=self.deadline.limit))
        try:
            file = options.get("data")
            again = file is None or isinstance(file, bytes)
            answer = self.swift.adapter().request(
                path, method, raise_exc=False, log=False, allow_reauth=again, **options
            )
        except CloudError:
            raise
        except Exception as error:
            raise errors.of_exception(error, self.swift.name, SERVICE, self.deadline.limit) from error
        if answer.status_code == 404 and absent:
            return None
        if answer.status_code >= 400:
            raise errors.of_answer(answer.status_code, answer.headers, answer.content, self.swift.name, SERVICE)
        return answer


def _path(container: str, key: str | None = None) -> str:
    return f"/{container}" if key is None else f"/{container}/{quote(key, safe='')}"
