"""Requests to one service within one call: JSON in, JSON out, failures by kind, microversions negotiated.

Microversions: https://docs.openstack.org/api-guide/compute/microversions.html and
https://docs.openstack.org/cinder/latest/contributor/api_microversion_dev.html
"""

from __future__ import annotations

from typing import IO, Any, TypeAlias

import requests
from keystoneauth1 import adapter

from egovcloud.domain.errors import Permanent, Transient
from egovcloud.drivers.openstack import errors
from egovcloud.drivers.openstack.cloud import Cloud
from egovcloud.drivers.openstack.deadline import Deadline
from egovcloud.drivers.openstack.errors import CloudError, Refused, Unanswered

Json: TypeAlias = dict[str, Any]

# The least that the driver can work with, and the newest that it knows. 2.74: a chosen host; 3.42: growth while in use.
MICROVERSIONS = {"compute": ("2.74", "2.96"), "block-storage": ("3.42", "3.71")}
# What the service calls itself in the header that asks for a microversion.
HEADER = {"compute": "compute", "block-storage": "volume"}
PAGE = 1000


class Service:
    """``name`` is the service's type in the catalogue, ``host`` what its failures are said to be about.

    ``project_id`` is Keystone's id of the project to act in; without it, that of our login.
    """

    def __init__(self, cloud: Cloud, name: str, host: str, deadline: Deadline, project_id: str | None = None) -> None:
        self._cloud = cloud
        self._name = name
        self._host = host
        self._deadline = deadline
        self._project_id = project_id

    # -- requests ------------------------------------------------------------------------------------------------
    def get(self, path: str, *, microversion: str | None = None, **params: Any) -> Json:
        return self._json("GET", path, params=_plain(params), microversion=microversion)

    def find(self, path: str) -> Json | None:
        """The document, or ``None`` when the service answers that there is no such thing."""
        try:
            return self.get(path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def list(self, path: str, key: str, **params: Any) -> list[Json]:
        """All pages. A page that brings nothing new ends the list, for things may move while it is read."""
        found: dict[str, Json] = {}
        while True:
            page = self.get(path, **params)
            fresh = {str(one["id"]): one for one in page[key] if str(one["id"]) not in found}
            found.update(fresh)
            more = page.get("next") or any(link.get("rel") == "next" for link in page.get(f"{key}_links") or ())
            if not fresh or not more:
                return list(found.values())
            params["marker"] = next(reversed(fresh))

    def post(self, path: str, body: Json) -> Json:
        return self._json("POST", path, json=body)

    def put(self, path: str, body: Json | None) -> Json:
        return self._json("PUT", path, json=body)

    def delete(self, path: str) -> bool:
        """False when it was gone already."""
        try:
            self._json("DELETE", path)
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def upload(self, path: str, file: IO[bytes]) -> None:
        """The bytes of ``file``. Not sent twice when the token expires, since the file has been read by then."""
        headers = {"Content-Type": "application/octet-stream"}
        try:
            self._json("PUT", path, data=file, headers=headers, allow_reauth=False)
        except Refused as refused:
            if refused.status != 401:
                raise
            detail = "the token expired during the upload"
            raise Unanswered(Transient("driver.busy", host=self._host, detail=detail)) from refused

    # -- versions ------------------------------------------------------------------------------------------------
    def microversion(self) -> str | None:
        """The newest that both sides know; ``Permanent("cloud.too_old")`` when the service's is too old for us."""
        if self._name not in MICROVERSIONS:
            return None
        known = self._cloud.microversions.get(self._name)
        if known is None:
            known = self._negotiate(*MICROVERSIONS[self._name])
            self._cloud.microversions[self._name] = known
        return known

    def knows(self, microversion: str) -> bool:
        """Whether what was negotiated includes ``microversion``."""
        return _tuple(self.microversion() or "0") >= _tuple(microversion)

    def _negotiate(self, needed: str, newest: str) -> str:
        try:
            data = self._adapter().get_endpoint_data()
        except CloudError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        if data is None:
            problem = Permanent("cloud.no_service", service=self._name, detail="it is not in the catalogue")
            raise Refused(0, "no endpoint", problem)
        offered = tuple(data.max_microversion or (0,))
        if offered < _tuple(needed):
            found = ".".join(str(part) for part in offered)
            problem = Permanent("cloud.too_old", service=self._name, found=found, needed=needed)
            raise Refused(0, "too old", problem)
        best = min(offered, _tuple(newest))
        return ".".join(str(part) for part in best)

    # -- the wire ------------------------------------------------------------------------------------------------
    def _json(self, method: str, path: str, *, microversion: str | None = None, **options: Any) -> Json:
        version = microversion or self.microversion()
        if version:
            headers = {"OpenStack-API-Version": f"{HEADER[self._name]} {version}"}
            options["headers"] = {**headers, **options.get("headers", {})}
        answer = self._send(method, path, **options)
        if answer.status_code >= 400:
            headers = dict(answer.headers)
            raise errors.of_answer(answer.status_code, answer.headers, answer.content, self._host, self._name)
        if answer.status_code == 204 or not answer.content:
            return {}
        try:
            document = answer.json()
        except ValueError as error:
            raise self._failure(error) from error
        return document if isinstance(document, dict) else {"value": document}

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        if self._deadline.passed():
            raise Unanswered(Transient("driver.timeout", host=self._host, limit=self._deadline.limit))
        try:
            return self._adapter().request(path, method, raise_exc=False, **options)
        except Exception as error:
            raise self._failure(error) from error

    def _adapter(self) -> adapter.Adapter:
        try:
            return self._cloud.adapter(self._name, self._project_id)
        except Exception as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> CloudError:
        if isinstance(error, CloudError):
            return error
        return errors.of_exception(error, self._host, self._name, self._deadline.limit)


def _plain(params: Json) -> Json:
    return {name.replace("__", "."): value for name, value in params.items() if value is not None}


def _tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
