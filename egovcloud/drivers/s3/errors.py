"""What an endpoint or the network answers, in our kinds of failure.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from egovcloud.domain.errors import Conflict, Forbidden, Invalid, NotFound, Permanent, Problem, Transient, Unsupported

LONGEST = 300  # characters of an endpoint's own words that are kept
BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "503"})
LOGIN = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed"}
)
ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound", "NoSuchEntity"})


def code_of(error: boto.ClientError) -> str:
    """S3's own code; a HEAD has no body, so that it is the status there."""
    return str(error.response.get("Error", {}).get("Code", ""))


def problem_of(error: Exception, endpoint: str, limit: float) -> Problem:
    """The failure that boto raised."""
    if isinstance(error, (boto.ConnectTimeoutError, boto.ReadTimeoutError)):
        return Transient("driver.timeout", host=endpoint, limit=limit)
    if isinstance(error, boto.SSLError):
        return Permanent("store.certificate", detail=_short(str(error)))
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound)):
        return Permanent("store.config", detail=_short(str(error)))
    if isinstance(error, boto.ClientError):
        return _of_answer(error, endpoint)
    if isinstance(error, ResponseParserError):
        detail = _short(str(error))
        return Transient("store.not_an_api", retry_after=2.0, host=endpoint, detail=detail)
    if isinstance(error, boto.HTTPClientError):
        return Transient("driver.unreachable", retry_after=2.0, host=endpoint, detail=_short(str(error)))
    if isinstance(error, (boto.BotoCoreError, ValueError)):
        return Permanent("store.config", detail=_short(str(error)))
    return Transient("driver.unreachable", retry_after=2.0, host=endpoint, detail=_short(str(error)))


def _of_answer(error: boto.ClientError, endpoint: str) -> Problem:
    code, detail = code_of(error), _words(error.response)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if (status >= 500 and code != "NotImplemented") or code in BUSY or status == 429:
        return Transient("driver.busy", retry_after=2.0, host=endpoint, detail=detail)
    if code == "NotImplemented" or status == 501:
        return Unsupported("driver.failed", host=endpoint, detail=detail)
    if code in LOGIN:
        return Permanent("store.credentials", detail=detail)
    if status == 403:
        return Forbidden("store.policy", detail=detail)
    for statuses, kind in (((404, 410), NotFound), ((409, 412), Conflict), ((400, 411, 413, 416), Invalid)):
        if status in statuses:
            return kind("driver.failed", host=endpoint, detail=detail)
    return Permanent("driver.failed", host=endpoint, detail=detail)


def _words(response: Any) -> str:
    told = response.get("Error", {})
    return _short(f"{told.get('Code', '')}: {told.get('Message', '')}").rstrip(".")


def _short(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
