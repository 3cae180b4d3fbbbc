"""What we add on a real OpenStack: ``python -m bench.openstack [MACHINES [LISTED]]``, on the bed of the tests.

Machines with a port each, asked of our API and made by a worker, and by a loop of openstacksdk, of equal concurrency in
the same run; the requests of both are counted on the way. Then a list of many servers that others made: by
openstacksdk, which asks Nova for every one of them, and by our API once they are adopted, which answers from what it
has observed, and when.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import openstack
from openstack.config import loader
from openstack.connection import Connection

from bench.report import Line, show
from egovcloud.services import installation, token
from egovcloud.services.adoption_plan import MOST
from tests.real.hosts import until
from tests.real.openstack import conf_compute, processes, seed, services
from tests.real.openstack.bed import Bed
from tests.real.openstack.centre import LIMIT, Centre
from tests.real.openstack.layout import COMPUTES, Layout
from tests.real.openstack.office import QUOTA, Office, opened
from tests.real.openstack.through import POOLS, Way, proxied
from tests.support.server import Served

MACHINES = 50
LANES = 4
LISTED = 500
PAGE = 200
BATCH = 5  # servers of one request
# Nova asks Placement for every server of a host whenever it builds one there: a host has no hundreds of them.
HOSTS = (*COMPUTES, *(f"bench{number}" for number in range(8)))
ROUNDS = 5
FIRST = 30  # of the loop's addresses


@dataclass(frozen=True)
class Run:
    """One half: seconds on the wall and requests to the services, polling aside."""

    seconds: float
    requests: int
    looks: int


def measure(way: Way, work: Callable[[], object]) -> Run:
    way.traffic.seen.clear()
    begun = time.monotonic()
    work()
    seconds = time.monotonic() - begun
    looks = sum(1 for service, method, path in way.traffic.seen if method == "GET" and _polls(service, path))
    return Run(seconds, len(way.traffic.seen) - looks, looks)


def _polls(service: str, path: str) -> bool:
    return service == "nova" and "/servers/" in path and "detail" not in path


def ours(layout: Layout, machines: int) -> Run:
    """Asked for at once, and made by a worker, as many at a time as the loop does; nothing else is looked at."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eb")))
        way = stack.enter_context(proxied(layout, directory))
        way.config = replace(way.config, pools={"local": POOLS["local"]})
        office = stack.enter_context(opened(way, layout, directory, reconcile=3600, threads=LANES))
        office.run("/instances", office.machine("first"))  # flavor and catalogue are known to both halves
        bodies = [office.machine(f"bench-{number}") for number in range(machines)]

        def make() -> None:
            for operation in [office.start(office.operator, "/instances", body) for body in bodies]:
                office.ended(operation)

        return measure(way, make)


def loop(way: Way, centre: Centre, machines: int) -> Run:
    """A port and a server, and waiting for it, as openstacksdk's own documentation does it."""
    places = {"config_files": [str(way.config.clouds_file)], "secure_files": [str(way.config.secure_file)]}
    config = loader.OpenStackConfig(load_envvars=False, **places).get_one(cloud="bed")
    sdk = openstack.connection.Connection(config=config, compute_api_version="2.96")
    (network,) = centre.described(sdk.network.networks(), centre.network.id)
    (image,) = centre.images(centre.image.id)
    flavor = sdk.compute.find_flavor("egov-1c-256m-1g")
    assert flavor is not None
    made: list[Any] = []

    def create(number: int) -> None:
        address = f"{centre.network.cidr.rsplit('.', 1)[0]}.{number + FIRST}"
        port = sdk.network.create_port(network_id=network.id, fixed_ips=[{"ip_address": address}])
        server = sdk.compute.create_server(
            name=f"bench-{uuid.uuid4()}",
            flavor_id=flavor.id,
            image_id=image.id,
            networks=[{"port": port.id}],
            host=COMPUTES[number % len(COMPUTES)],
        )
        made.append((server, port))
        sdk.compute.wait_for_server(server, interval=0.5, wait=LIMIT)

    def make() -> None:
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(create, range(machines)))

    try:
        return measure(way, make)
    finally:
        for server, _ in made:
            centre.sdk.compute.delete_server(server.id)
        for server, port in made:
            centre.sdk.compute.wait_for_delete(server, wait=LIMIT)
            centre.sdk.network.delete_port(port.id)


def bench_creation(layout: Layout, machines: int) -> list[Line]:
    mine = ours(layout, machines)
    with tempfile.TemporaryDirectory(prefix="eb") as directory, proxied(layout, Path(directory)) as way:
        centre = Centre(way.driver(f"bench {uuid.uuid4()}"), layout, Path(directory))
        try:
            centre.instance()
            alone = loop(way, centre, machines)
        finally:
            centre.clean()
    return [
        Line(
            f"{machines} machines with a port, {LANES} at a time",
            f"{mine.seconds:.1f} s",
            f"{alone.seconds:.1f} s (openstacksdk loop)",
            f"{mine.seconds / alone.seconds:.2f}",
            "at most 1.05",
        ),
        Line(
            "requests for each machine, polling aside",
            f"{mine.requests / machines:.1f}",
            f"{alone.requests / machines:.1f}",
            f"+{(mine.requests - alone.requests) / machines:.1f}",
            "at most +2",
        ),
        Line(
            "looks at each machine until it runs",
            f"{mine.looks / machines:.1f}",
            f"{alone.looks / machines:.1f}",
            f"{mine.looks / max(1, alone.looks):.2f}",
        ),
    ]


def bench_list(layout: Layout, listed: int) -> list[Line]:
    """``listed`` servers in pages, the median of ``ROUNDS``: from Nova, and from our API once they are adopted.

    While ours is asked, a worker goes on looking at the cloud.
    """
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eb")))
        stack.enter_context(hosts(layout))
        sdk, remove = stack.enter_context(servers(layout, listed))  # before anybody looks at them all the time
        office = stack.enter_context(opened(stack.enter_context(proxied(layout, directory)), layout, directory))
        stack.callback(remove)  # the office would take them away one by one
        adopt(office, listed)
        theirs = _median(lambda: _count(sdk.compute.servers(details=True, limit=PAGE), listed))
        house = office.centre.house
        actor = installation.stand_in(house, "operator")
        secret = token.create(house, actor, "bench", sorted(actor.permissions()), 1)[1]
        served = stack.enter_context(Served(office.centre.installation.settings.url, directory))
        http = stack.enter_context(httpx.Client(headers={"Authorization": f"Bearer {secret}"}))
        url = f"{served.url}/api/v1/instances"
        ours = _median(lambda: _count(_items(http, url), listed))
        oldest = min(datetime.fromisoformat(one["observed_at"]) for one in _items(http, url))
        age = (datetime.now(UTC) - oldest).total_seconds()
    return [
        Line(
            f"list of the same {listed} machines, in pages of {PAGE}",
            f"{ours * 1000:.0f} ms",
            f"{theirs * 1000:.0f} ms (openstacksdk, /servers/detail)",
            f"{theirs / ours:.1f} times faster",
            "at least 20 times",
        ),
        Line("age of the oldest state in it, as it says itself", f"{age:.0f} s", "", ""),
    ]


def adopt(office: Office, count: int) -> None:
    """Every server that others made on this cloud becomes one of ours; until each was looked at."""
    office.system.ok(office.system.put(f"/quotas/{office.ids['bureau']}", {"limits": dict.fromkeys(QUOTA, 1_000_000)}))
    found = office.see("/unmanaged?kind=instance")["items"]
    assert len(found) >= count, f"{len(found)} of {count} were found"
    items = [{"kind": "instance", "host_id": one["host"]["id"], "external_id": one["external_id"]} for one in found]
    for begin in range(0, len(items), MOST):
        body = {"project_id": office.ids["project"], "items": items[begin : begin + MOST]}
        office.ended(office.start(office.operator, "/adoptions", body))
    seen = lambda: all(one["observed_at"] for one in office.every("/instances"))  # noqa: E731
    until("every machine was looked at", seen, limit=LIMIT, every=1)


@contextmanager
def hosts(layout: Layout) -> Iterator[None]:
    """All of ``HOSTS``; those that the bed does not have by itself are gone afterwards."""
    sdk, more = seed.centre(layout), set(HOSTS) - set(COMPUTES)
    started = []
    try:
        for name in sorted(more):
            conf_compute.host(layout, name)
            started.append(services.host(layout, name))
        known = lambda: more <= {one.name for one in sdk.compute.hypervisors(details=True) if one.state == "up"}  # noqa: E731
        until("the hosts are there", known, limit=LIMIT * 3, every=1)
        yield
    finally:
        processes.stop(layout, started)
        for service in sdk.compute.services():
            if service.host in more:
                sdk.compute.delete_service(service)


@contextmanager
def servers(layout: Layout, count: int) -> Iterator[tuple[Connection, Callable[[], None]]]:
    """So many servers, and what takes them away; gone afterwards."""
    sdk = seed.centre(layout)
    name = f"list-{uuid.uuid4()}"
    image = sdk.create_image(name, data=b"a disk without a system" * 4096, disk_format="raw", wait=True)
    flavor = sdk.compute.create_flavor(name=name, vcpus=1, ram=64, disk=1)

    def left(**which: str) -> int:
        """Of a page's first."""
        return sum(1 for _ in islice(sdk.compute.servers(details=False, name=name, limit=1, **which), 1))

    def remove() -> None:
        for server in sdk.compute.servers(details=False, name=name):
            sdk.compute.delete_server(server.id)
        until("the servers are gone", lambda: left() == 0, limit=LIMIT + count * 5, every=1)

    try:
        for begin in range(0, count, BATCH):
            if begin % (len(HOSTS) * BATCH) == 0:
                until("the servers are built", lambda: left(status="BUILD") == 0, limit=LIMIT, every=0.2)
            number = min(BATCH, count - begin)
            sdk.compute.create_server(
                name=name,
                flavor_id=flavor.id,
                image_id=image.id,
                networks="none",
                host=HOSTS[begin // BATCH % len(HOSTS)],
                min_count=number,
                max_count=number,
            )
        until("the servers are built", lambda: left(status="BUILD") == 0, limit=LIMIT, every=0.2)
        yield sdk, remove
    finally:
        remove()
        sdk.compute.delete_flavor(flavor)
        sdk.image.delete_image(image.id)


def _items(http: httpx.Client, url: str) -> Iterator[Any]:
    after = None
    while True:
        page = http.get(url, params={"limit": PAGE, **({"after": after} if after else {})}).raise_for_status().json()
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def _count(found: Iterable[object], wanted: int) -> None:
    number = sum(1 for _ in found)
    assert number == wanted, f"{number} of {wanted} were listed"


def _median(work: Callable[[], object]) -> float:
    """Seconds; the first round, in which both sides warm up, is not counted."""
    work()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main(arguments: list[str]) -> None:
    machines, listed = [int(one) for one in arguments] + [MACHINES, LISTED][len(arguments) :]
    with Bed().up() as layout:
        show(bench_creation(layout, machines))
        show(bench_list(layout, listed))


if __name__ == "__main__":
    main(sys.argv[1:])
