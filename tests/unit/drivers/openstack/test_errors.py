"""Answers and broken connections in our kinds of failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from keystoneauth1 import exceptions as ksa
from openstack import exceptions as sdk

from egovcloud.drivers.openstack.errors import Refused, Unanswered, of_answer, of_exception, retry_after, words

JSON = {"Content-Type": "application/json"}


def answer(status: int, document: object, **headers: str) -> Refused | Unanswered:
    body = json.dumps(document).encode()
    error = of_answer(status, {**JSON, **headers}, body, "fake1", "compute")
    assert isinstance(error, (Refused, Unanswered))
    return error


@pytest.mark.parametrize(
    ("status", "sentence", "kind", "code"),
    [
        (400, "Invalid key_name provided.", "invalid", "driver.failed"),
        (401, "The request you have made requires authentication.", "permanent", "cloud.credentials"),
        (403, "Policy doesn't allow os_compute_api:flavors to be performed.", "forbidden", "cloud.policy"),
        (403, "Quota exceeded for cores: Requested 2, but already used 20", "quota_exceeded", "cloud.quota"),
        (404, "Instance could not be found.", "not_found", "driver.failed"),
        (409, "Quota exceeded for resources: ['port'].", "quota_exceeded", "cloud.quota"),
        (409, "Cannot 'stop' instance while it is in task_state rebooting", "transient", "driver.busy"),
        (409, "Port 1 is still in use.", "conflict", "driver.failed"),
        (413, "Maximum number of volumes allowed (10) exceeded", "quota_exceeded", "cloud.quota"),
        (501, "not here", "unsupported", "driver.failed"),
    ],
)
def test_definite_answers(status: int, sentence: str, kind: str, code: str) -> None:
    error = answer(status, {"someFault": {"message": sentence, "code": status}})
    assert isinstance(error, Refused)
    assert error.detail == sentence.rstrip(".")
    assert (error.status, error.problem.kind, error.problem.code) == (status, kind, code)


@pytest.mark.parametrize("status", [413, 429])
def test_asked_to_wait(status: int) -> None:
    error = answer(status, {"overLimit": {"message": "slow down"}}, **{"Retry-After": "7"})
    assert error.problem.kind == "transient"
    assert getattr(error.problem, "retry_after", None) == 7.0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_servers_own_failures_leave_open_what_was_done(status: int) -> None:
    error = answer(status, {"computeFault": {"message": "Unexpected API Error."}})
    assert isinstance(error, Unanswered)
    assert error.problem.kind == "transient"


@pytest.mark.parametrize("status", [200, 403, 404, 502, 503])
def test_page_of_a_proxy_is_no_answer_of_the_service(status: int) -> None:
    error = of_answer(status, {"Content-Type": "text/html"}, b"<h1>Maintenance</h1>", "fake1", "compute")
    assert isinstance(error, Unanswered)
    assert (error.problem.kind, error.problem.code) == ("transient", "cloud.not_an_api")


def test_services_may_answer_plain_text_under_their_request_id() -> None:
    headers = {"Content-Type": "text/html; charset=UTF-8", "X-Openstack-Request-Id": "req-1"}
    error = of_answer(409, headers, b"<html><body>Image id already exists</body></html>", "fake1", "image")
    assert isinstance(error, Refused)
    assert error.problem.kind == "conflict"
    assert error.detail == "Image id already exists"


def test_retry_after_is_seconds_or_a_date_and_bounded() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert retry_after({"Retry-After": "3"}) == 3.0
    assert 15 < (retry_after({"Retry-After": soon}) or 0) <= 20
    assert retry_after({"Retry-After": "100000"}) == 60.0
    assert retry_after({"Retry-After": "0"}) is None
    assert retry_after({"Retry-After": "soon"}) is None
    assert retry_after({}) is None


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (ksa.ConnectTimeout("slow"), "transient", "driver.timeout"),
        (requests.ReadTimeout("slow"), "transient", "driver.timeout"),
        (ksa.ConnectFailure("refused"), "transient", "driver.unreachable"),
        (ksa.SSLError("certificate has expired"), "permanent", "cloud.certificate"),
        (ksa.Unauthorized("wrong password"), "permanent", "cloud.credentials"),
        (ksa.EndpointNotFound("public endpoint for compute in Nowhere not found"), "permanent", "cloud.no_service"),
        (ksa.DiscoveryFailure("no versions"), "transient", "cloud.not_an_api"),
        (sdk.ConfigException("Cloud bed was not found."), "permanent", "cloud.config"),
        (ValueError("what is this"), "transient", "driver.unreachable"),
    ],
)
def test_failures_without_an_answer(error: Exception, kind: str, code: str) -> None:
    problem = of_exception(error, "fake1", "compute", 5.0).problem
    assert (problem.kind, problem.code) == (kind, code)
    assert problem.text("zh") != problem.text("en")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"errors": [{"detail": "No such resource class", "title": "Bad Request"}]}', "No such resource class"),
        (b'{"message": "plain"}', "plain"),
        (b"<html><h1>Bad\n Gateway</h1></html>", "Bad Gateway"),
        (b"\x00\x1b[31mred", "[31mred"),
    ],
)
def test_words_of_a_fault(body: bytes, sentence: str) -> None:
    assert words(body) == sentence
    assert len(words(b"x" * 10000)) <= 300
