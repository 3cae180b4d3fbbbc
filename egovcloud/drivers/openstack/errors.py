"""What services and the network answer, in our kinds of failure; the one place where both are known.

Faults of Nova: https://docs.openstack.org/api-guide/compute/faults.html; ``Retry-After``: RFC 9110 §10.2.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from keystoneauth1 import exceptions as ksa
from openstack import exceptions as sdk

from egovcloud.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Permanent,
    Problem,
    QuotaExceeded,
    Transient,
    Unsupported,
)

LONGEST = 300  # characters of a cloud's own words that are kept
PATIENT = 60.0  # seconds; no cloud makes us wait longer for the next try
_QUOTA = re.compile(r"quota|exceed|overlimit|limit reached|maximum number of", re.I)
_BUSY = re.compile(r"task_state|is locked|in progress|being processed|concurrent|try again|please retry", re.I)


class CloudError(Exception):
    """A request that did not succeed; ``problem`` is what the floors above may hear of it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.code)


class Refused(CloudError):
    """The cloud answered, and the answer is no: nothing was done."""

    def __init__(self, status: int, detail: str, problem: Problem) -> None:
        self.status = status
        self.detail = detail
        super().__init__(problem)


class Unanswered(CloudError):
    """Nobody knows whether the request was done: the answer was lost, or came from something in between."""


def of_answer(status: int, headers: Mapping[str, str], body: bytes, host: str, service: str) -> CloudError:
    """The failure that an HTTP answer of 400 and above stands for."""
    if not _is_ours(headers):
        text = f"{service} answered {status} with {headers.get('Content-Type') or 'no type'}"
        wait = retry_after(headers) or 2.0
        return Unanswered(Transient("cloud.not_an_api", retry_after=wait, host=host, service=service, detail=text))
    detail = words(body) or f"HTTP {status}"
    if status in (502, 503, 504):
        wait = retry_after(headers) or 2.0
        return Unanswered(Transient("driver.unreachable", retry_after=wait, host=host, detail=f"{service}: {detail}"))
    if status == 500:
        return Unanswered(Transient("driver.busy", retry_after=2.0, host=host, detail=f"{service}: {detail}"))
    return Refused(status, detail, _problem(status, headers, detail, host, service))


def _problem(status: int, headers: Mapping[str, str], detail: str, host: str, service: str) -> Problem:
    """Of a definite answer."""
    wait = retry_after(headers)
    if status == 429 or (status == 413 and wait):
        return Transient("cloud.rate", retry_after=wait or 2.0, host=host, service=service)
    if status in (403, 409, 413) and _QUOTA.search(detail):
        return QuotaExceeded("cloud.quota", host=host, service=service, detail=detail)
    if status == 409 and _BUSY.search(detail):
        return Transient("driver.busy", retry_after=1.0, host=host, detail=detail)
    if status == 401:
        return Permanent("cloud.credentials", service=service, detail=detail)
    if status == 403:
        return Forbidden("cloud.policy", service=service, detail=detail)
    if status == 501:
        return Unsupported("driver.failed", host=host, detail=detail)
    for statuses, kind in (((400, 413, 422), Invalid), ((404, 410), NotFound), ((409, 412), Conflict)):
        if status in statuses:
            return kind("driver.failed", host=host, detail=detail)
    return Permanent("driver.failed", host=host, detail=detail)


def of_exception(error: Exception, host: str, service: str, limit: float) -> CloudError:
    """The failure that the HTTP library, the login or the catalogue raised."""
    detail = _short(str(error))
    if isinstance(error, (ksa.ConnectTimeout, ksa.RequestTimeout, requests.Timeout)):
        return Unanswered(Transient("driver.timeout", host=host, limit=limit))
    if isinstance(error, (ksa.SSLError, requests.exceptions.SSLError)):
        return Refused(0, detail, Permanent("cloud.certificate", service=service, detail=detail))
    if isinstance(error, ksa.Unauthorized):
        return Refused(401, detail, Permanent("cloud.credentials", service=service, detail=detail))
    if isinstance(error, ksa.HttpError):
        headers = getattr(error.response, "headers", None) or {"Content-Type": "application/json"}
        body = getattr(error.response, "content", b"") or detail.encode()
        return of_answer(error.http_status, headers, body, host, service)
    if isinstance(error, (ksa.CatalogException, sdk.NotSupported)):
        return Refused(0, detail, Permanent("cloud.no_service", service=service, detail=detail))
    if isinstance(error, (ksa.DiscoveryFailure, json.JSONDecodeError, requests.exceptions.JSONDecodeError)):
        return Unanswered(Transient("cloud.not_an_api", retry_after=2.0, host=host, service=service, detail=detail))
    if isinstance(error, (ksa.MissingRequiredOptions, ksa.AuthPluginException, sdk.ConfigException)):
        return Refused(0, detail, Permanent("cloud.config", detail=detail))
    if isinstance(error, (ksa.AuthorizationFailure, ksa.MissingAuthPlugin)):
        return Refused(0, detail, Permanent("cloud.credentials", service=service, detail=detail))
    if isinstance(error, sdk.SDKException) and "region" in detail.lower():
        return Refused(0, detail, Permanent("cloud.no_service", service=service, detail=detail))
    return Unanswered(Transient("driver.unreachable", retry_after=2.0, host=host, detail=f"{service}: {detail}"))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks us to wait, whether it gives seconds or a date; ``None`` for neither."""
    text = (headers.get("Retry-After") or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    return min(PATIENT, seconds) if seconds > 0 else None


def words(body: bytes) -> str:
    """The sentence in a service's fault, whichever of their forms it has, without its full stop."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        return _short(re.sub(r"<[^>]*>", " ", text))
    return _short(_sentence(document) or text).rstrip(".")


def _sentence(document: object) -> str:
    """Nova: ``{"badRequest": {"message": …}}``; Neutron: ``{"NeutronError": {…}}``; Placement: ``{"errors": […]}``."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return "; ".join(filter(None, map(_sentence, document)))
    if not isinstance(document, dict):
        return ""
    for key in ("message", "detail", "errors"):
        if document.get(key):
            return _sentence(document[key])
    return next(filter(None, (_sentence(value) for value in document.values() if isinstance(value, dict))), "")


def _is_ours(headers: Mapping[str, str]) -> bool:
    """Services answer JSON, or plain and HTML text under a request id of theirs; a proxy's page bears none."""
    kind = (headers.get("Content-Type") or "").lower()
    if "json" in kind or not kind:
        return True
    return any(name.lower().endswith("request-id") for name in headers)


def _short(text: str) -> str:
    """One line without control characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
