"""The way to one endpoint: clients that end every request with the limit of the call that it is part of."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from egovcloud.domain.errors import Problem, Transient
from egovcloud.drivers.s3.config import EndpointConfig
from egovcloud.drivers.s3.errors import problem_of

CONNECT = 4.0  # seconds; an endpoint that takes no connection by then is not there
SHORTEST = 0.05

_ends: ContextVar[float] = ContextVar("s3_deadline")


class Endpoint:
    """Made without a request: an endpoint that is down, or a profile that is wrong, is an error of the first call."""

    def __init__(self, config: EndpointConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    @contextmanager
    def call(self, within: float) -> Iterator[None]:
        """Everything inside ends within so many seconds; what boto raises comes out in our kinds."""
        token = _ends.set(time.monotonic() + within)
        try:
            yield
        except Problem:
            raise
        except Exception as error:
            raise problem_of(error, self.config.endpoint, within) from error
        finally:
            _ends.reset(token)

    def left(self) -> float:
        """Seconds that remain of this call."""
        return _ends.get() - time.monotonic()

    @property
    def s3(self) -> Any:
        return self._client("s3", self.config.endpoint)

    @property
    def public(self) -> Any:
        """For addresses that are handed out."""
        return self._client("s3", self.config.public_endpoint or self.config.endpoint)

    @property
    def iam(self) -> Any:
        return self._client("iam", self.config.iam_endpoint or self.config.endpoint)

    def _client(self, service: str, url: str) -> Any:
        key = f"{service} {url}"
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, url)
            return self._clients[key]

    def _make(self, service: str, url: str) -> Any:
        core = botocore.session.Session(profile=self.config.profile)
        if self.config.profiles_file:
            core.set_config_variable("credentials_file", self.config.profiles_file)
        client = boto3.Session(botocore_session=core, region_name=self.config.region).client(
            service,
            endpoint_url=url,
            verify=self.config.authority,
            config=Config(
                signature_version="s3v4" if service == "s3" else None,
                s3={"addressing_style": "path" if self.config.path_style else "virtual"},
                connect_timeout=CONNECT,
                retries={"total_max_attempts": 1},  # the engine knows better when to try again
                max_pool_connections=64,
                # Not every endpoint knows the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        client.meta.events.register(f"before-call.{service}", self._bound)
        return client

    def _bound(self, context: dict[str, Any], **_: Any) -> None:
        left = self.left()
        if left <= 0:
            raise Transient("driver.timeout", host=self.config.endpoint, limit=0)
        context["read_timeout"] = max(SHORTEST, left)
