"""``python -m bench.control_plane [machines|pages|console|qemu|hung]``: the control plane's own cost.

* ``machines``: 1,000 machines asked for at once on the simulator with zero latency, by two workers on PostgreSQL,
  against the simulator alone doing the same calls in a loop.
* ``pages``: pages of 50 out of 100,000 instances with a filter and a substring search, at any depth, over HTTP,
  against the bare SQL of the same page; and the memory of the API process.
* ``console``: first load, paint and freezes of the console in Chromium (``bench.console``).
* ``qemu``: from request to running on one real QEMU host, against ``qemu-img`` and ``virsh`` alone (root).
* ``hung``: the same list while the libvirt host hangs (root).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from sqlalchemy import insert

from bench.report import Line, percentile, show
from egovcloud.domain.clock import system_clock
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import RESOURCES
from egovcloud.drivers.base import ImageSpec, InstanceSpec, NetworkSpec, NicSpec
from egovcloud.drivers.simulator import SimHost, SimPool, SimulatorDriver, create_cloud
from egovcloud.services import installation, request, token
from egovcloud.services.house import House
from egovcloud.store import schema
from egovcloud.store.database import Database
from egovcloud.store.models import Grant, Instance, Operation, Setting
from tests import world as worlds
from tests.support.postgresql import Cluster
from tests.support.server import Served

MACHINES = 1000
ROWS = 100_000
PAGES = 300
ROUNDS = 5
NO_LIMITS: dict[str, int | None] = dict.fromkeys(RESOURCES)


@contextmanager
def centre(hosts: int) -> Iterator[tuple[worlds.World, Cluster, str, Path]]:
    """A centre on PostgreSQL with a simulated cloud."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(Cluster())
        name = cluster.create()
        database = Database(cluster.url(name))
        schema.upgrade(database)
        database.dispose()
        machines = [SimHost(f"h{n}", 256, 4_194_304, pools=[SimPool("default", 100_000)]) for n in range(hosts)]
        world = worlds.build(cluster.url(name), directory / "cloud.db", machines, NO_LIMITS)
        (directory / "secret.key").write_bytes(world.key)
        (directory / "secret.key").chmod(0o600)
        with worlds.enter(world) as inside, inside.database.unit() as session:
            session.merge(Setting(key="installation", value=world.installation))
            now = system_clock()
            for user, role, at in (("operator", "operator", "city"), ("requester", "member", "bureau")):
                born = {"id": new_id(), "created_at": now, "updated_at": now}
                session.add(Grant(user_id=world[user], role=role, department_id=world[at], **born))
        yield world, cluster, name, directory


@contextmanager
def workers(world: worlds.World, directory: Path, count: int) -> Iterator[None]:
    """Worker processes, as they are run."""
    environment = {**os.environ, "EGOV_DATABASE_URL": world.url, "EGOV_STATE_DIR": str(directory)}
    command = [sys.executable, "-m", "egovcloud.app", "worker"]
    with (directory / "worker.log").open("wb") as log:
        started = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def bench_machines() -> list[Line]:
    """Operations per second, end to end."""
    with centre(hosts=20) as (world, _, _, directory), worlds.enter(world) as inside:
        item = {
            "kind": "instance",
            "name": "web",
            "count": MACHINES,
            "flavor_id": world["small"],
            "image_id": world["image"],
            "network_ids": [world["network"]],
        }
        asked = request.create(
            inside.house, world.requester, title="thousand", project_id=world["project"], items=[item]
        )
        request.submit(inside.house, world.requester, asked.id)
        request.approve(inside.house, world.approver, asked.id)
        with workers(world, directory, 2):
            begun = time.perf_counter()
            made = request.approve(inside.house, world.operator, asked.id)
            accepted = time.perf_counter() - begun
            assert made.operation_id is not None
            _until(
                lambda: _operation(inside, made.operation_id).state != "running" and not inside.open_operations(), 600
            )
            ours = time.perf_counter() - begun
            assert _operation(inside, made.operation_id).state == "succeeded"
        alone = _simulator_alone(directory)
    rate = f"{MACHINES / ours:.0f} machines/s, {ours:.1f} s; accepted in {accepted:.1f} s"
    peer = f"{MACHINES / alone:.0f} machines/s, {alone:.1f} s (the cloud's calls alone, one process)"
    return [Line(f"{MACHINES} machines at once, zero latency", rate, peer, f"{ours / alone:.1f} times the wall time")]


def _operation(inside: worlds.Inside, id_: str) -> Operation:
    found: Operation = inside.row(Operation, id_)
    return found


def _simulator_alone(directory: Path) -> float:
    """The same calls of the same driver without a control plane."""
    path = directory / "alone.db"
    create_cloud(path, [SimHost(f"h{n}", 256, 4_194_304, pools=[SimPool("default", 100_000)]) for n in range(20)])
    driver = SimulatorDriver("bench", path)
    image = ImageSpec(new_id(), "image", "sim:image", "0" * 64, firmware="direct", kernel="sim:k", initrd="sim:i")
    network = NetworkSpec(new_id(), "network", "nat", "10.20.0.0/16", "10.20.0.1")
    begun = time.perf_counter()
    for number in range(MACHINES):
        host = f"h{number % 20}"
        address = f"10.20.{number // 250}.{number % 250 + 2}"
        nic = NicSpec(network, f"52:54:00:00:{number // 256:02x}:{number % 256:02x}", address)
        driver.ensure_image(host, "default", image, within=30)
        driver.ensure_network(host, network, within=30)
        spec = InstanceSpec(new_id(), "web", "web", host, "default", 1, 512, 1, image, (nic,))
        driver.create_instance(spec, within=30)
        driver.observe_instance(host, spec.id, within=30)
    return time.perf_counter() - begun


def bench_pages() -> list[Line]:
    """p50 and p99 of a page, over HTTP and in bare SQL, and the API's memory."""
    with centre(hosts=2) as (world, cluster, name, directory), worlds.enter(world) as inside:
        fill(inside.database, world)
        with Served(world.url, directory) as served:
            headers = {"Authorization": f"Bearer {_secret(inside.house)}"}
            with httpx.Client(base_url=f"{served.url}/api/v1", headers=headers, timeout=60) as client:
                cursors = _cursors(client)
                over_http = _timed(lambda: _page(client, random.choice(cursors)))
            assert served.process is not None
            family = [psutil.Process(served.process.pid), *psutil.Process(served.process.pid).children(recursive=True)]
            memory = max(process.memory_info().rss for process in family) / 1e6
        with psycopg.connect(host=str(cluster.directory), user="egov", dbname=name) as connection:
            ids = [row[0] for row in connection.execute(b"SELECT id FROM instances ORDER BY random() LIMIT 200")]
            bare = _timed(lambda: _bare(connection, random.choice(ids)))
    lines = []
    for percent, goal in ((50, ""), (95, "under 25 ms"), (99, "")):
        ours, peer = percentile(over_http, percent), percentile(bare, percent)
        what = f"page of 50 of {ROWS:,} instances, filter and search, p{percent}"
        lines.append(Line(what, f"{ours * 1e3:.1f} ms", f"{peer * 1e3:.1f} ms (bare SQL)", f"{ours / peer:.1f}", goal))
    lines.append(Line("memory of the API process", f"{memory:.0f} MB", "250 MB", f"{memory / 250:.2f}", "under 250 MB"))
    return lines


def fill(database: Database, world: worlds.World, count: int = ROWS) -> None:
    """Rows alone: what a list reads."""
    now = system_clock()
    words = ("web", "app", "db", "gis", "cache", "file")
    states = ("active", "active", "active", "stopped", "error")
    base = {
        "created_at": now,
        "updated_at": now,
        "generation": 1,
        "department_id": world["bureau"],
        "project_id": world["project"],
        "flavor_id": world["small"],
        "image_id": world["image"],
        "vcpus": 1,
        "memory_mib": 512,
        "disk_gib": 1,
        "desired_power": "running",
        "ssh_keys": [],
    }
    chance = random.Random(1)
    for begin in range(0, count, 5000):
        rows = []
        for number in range(begin, min(begin + 5000, count)):
            name = f"{chance.choice(words)}-{number:06d}"
            rows.append(
                {**base, "id": new_id(), "name": name, "hostname": name, "search": name, "state": chance.choice(states)}
            )
        with database.unit() as session:
            session.execute(insert(Instance), rows)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _secret(house: House) -> str:
    actor = installation.stand_in(house, "operator")
    return token.create(house, actor, "bench", ["instance:read"], 1)[1]


QUERY = {"limit": 50, "state": "active", "q": "gis"}


def _cursors(client: httpx.Client) -> list[str | None]:
    """Cursors from the first page to the last, a hundred pages apart at most."""
    found: list[str | None] = [None]
    after: str | None = None
    while True:
        after = _page(client, after)["next"]
        if after is None:
            return found
        found.append(after)


def _page(client: httpx.Client, after: str | None) -> dict[str, Any]:
    answer = client.get("/instances", params={**QUERY, **({"after": after} if after else {})})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _bare(connection: psycopg.Connection[Any], before: str) -> None:
    connection.execute(
        b"SELECT * FROM instances WHERE deleted_at IS NULL AND state = 'active' AND search LIKE '%%gis%%' AND id < %s "
        b"ORDER BY id DESC LIMIT 51",
        (before,),
    ).fetchall()


def _timed(call: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(PAGES):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return times


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(0.05)


def main(wanted: list[str]) -> None:
    """Run what is asked for, or all."""
    from bench.console import bench_console
    from bench.hypervisor import bench_hung, bench_qemu

    benches = {
        "machines": bench_machines,
        "pages": bench_pages,
        "console": bench_console,
        "qemu": bench_qemu,
        "hung": bench_hung,
    }
    lines: list[Line] = []
    for name in wanted or list(benches):
        print(f"{name} ...", flush=True)
        lines += benches[name]()
    show(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
