"""The control plane's own figures: for those who run the centre, in a form that Prometheus reads."""

from __future__ import annotations

import socket

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from egovcloud.domain.errors import Transient
from egovcloud.drivers.simulator import SimulatorDriver
from egovcloud.engine.metered import CALLS, metered
from egovcloud.services import instance
from egovcloud.telemetry import meters
from tests.support.town import Town


def figures(town: Town, path: str = "/api/v1/metrics") -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = town.client.get(path, headers={"Authorization": f"Bearer {town.operator.secret}"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def labelled(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def test_what_waits_and_for_how_long(town: Town) -> None:
    machine = town.machine("web-1")
    instance.stop(town.house, town.operator.actor, machine)
    seen = figures(town)
    waiting = labelled(kind="instance.stop", state="queued")
    assert seen["egov_operations", waiting] == 1
    assert seen["egov_operation_oldest_seconds", waiting] >= 0
    assert any(name == "egov_reconcile_lag_seconds" for name, _ in seen)
    assert any(name == "egov_hosts" for name, _ in seen)
    assert seen["egov_approvals_pending", frozenset()] == 0


def test_the_usual_path_shows_the_same_and_counts_requests(town: Town) -> None:
    town.operator.get("/instances")
    seen = figures(town, "/metrics")
    lists = labelled(method="GET", route="/api/v1/instances", status="200")
    assert seen["egov_http_request_seconds_count", lists] >= 1


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/metrics"])
def test_they_tell_of_every_department_and_so_are_the_centres(town: Town, path: str) -> None:
    assert town.client.get(path).status_code == 401
    refused = town.client.get(path, headers={"Authorization": f"Bearer {town.civil_admin.secret}"})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "auth.forbidden")


def test_a_worker_of_its_own_answers_where_it_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    meters.serve(bind)
    with pytest.raises(OSError, match="in use"):
        meters.serve(bind)
    assert "egov_stale_writes_rejected_total" in httpx.get(f"http://{bind}/metrics", timeout=60).text


def test_every_call_to_a_cloud_is_timed_by_its_outcome(town: Town) -> None:
    class Broken(SimulatorDriver):
        def hosts(self, *, within: float) -> list[object]:  # type: ignore[override]
            raise Transient("driver.unreachable", host="h", detail="-")

    driver = metered(Broken("town", town.image_dir / "none.sqlite"))
    assert {"hosts", "create_instance", "wipe_volume"} <= CALLS
    count = ("egov_driver_call_seconds_count", labelled(driver="simulator", call="hosts", outcome="transient"))
    before = figures(town).get(count, 0)
    with pytest.raises(Transient):
        driver.hosts(within=1)
    assert figures(town)[count] == before + 1
    assert driver.capabilities == SimulatorDriver(town.house.installation, "none").capabilities
