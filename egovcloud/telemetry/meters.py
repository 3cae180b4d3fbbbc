"""What a process counts while it works, and how figures become Prometheus' text (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client import Gauge as _Gauge

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CALL = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

DRIVER_CALLS = Histogram(
    "egov_driver_call_seconds",
    "Calls to clouds by driver, call and outcome (ok, or the kind of the problem).",
    ("driver", "call", "outcome"),
    buckets=_CALL,
)
OPERATIONS_ENDED = Counter(
    "egov_operations_ended", "Operations that this process brought to their end.", ("kind", "state")
)
STALE_WRITES = Counter("egov_stale_writes_rejected", "Writes turned away because another worker holds the lease now.")
REQUESTS = Histogram(
    "egov_http_request_seconds",
    "Requests to the API by route and status.",
    ("method", "route", "status"),
    buckets=_REQUEST,
)


@dataclass(frozen=True)
class Gauge:
    """One figure that is looked up when it is asked for: ``samples`` by the values of ``labels``."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    samples: Mapping[tuple[str, ...], float] = field(default_factory=dict)


def serve(bind: str) -> None:
    """Answer at ``bind`` (host:port) with what this process has counted, for a worker that answers nothing else.

    Anyone who reaches the address may read it, so it belongs on the management network. ``OSError`` when it is taken.
    """
    host, _, port = bind.rpartition(":")
    start_http_server(int(port), host)


def text(gauges: Iterable[Gauge]) -> bytes:
    """``gauges`` and everything that this process has counted."""
    registry = CollectorRegistry(auto_describe=False)
    for gauge in gauges:
        made = _Gauge(gauge.name, gauge.help, gauge.labels, registry=registry)
        for values, figure in gauge.samples.items():
            (made.labels(*values) if gauge.labels else made).set(figure)
    return generate_latest(registry) + generate_latest(REGISTRY)
