"""What the control plane adds on a real hypervisor, and what a hung one costs everyone else (nothing)."""

from __future__ import annotations

import json
import random
import re
import shlex
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from bench.report import Line, percentile
from egovcloud.domain.ids import new_id
from egovcloud.engine.worker import Worker
from egovcloud.services import instance
from egovcloud.store.models import Operation, Port
from tests import world as worlds
from tests.real.centre import establish
from tests.real.hosts import Hosts

ROUNDS = 5
HOST = "hv1"


@contextmanager
def host() -> Iterator[Hosts]:
    """One libvirt host in namespaces of its own."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="eb") as directory, Hosts(Path(directory), [HOST]) as hosts:
        yield hosts


def bench_qemu() -> list[Line]:
    """Request to running through the control plane, and the same by ``qemu-img`` and ``virsh`` alone."""
    from bench.control_plane import centre

    with ExitStack() as stack:
        hosts = stack.enter_context(host())
        world, _, _, _ = stack.enter_context(centre(hosts=1))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp", prefix="eb")))
        inside = establish(world, HOST, hosts.uri(HOST), place).open()
        stack.callback(inside.close)
        worker = Worker(inside.runner, threads=4)
        worker.start()
        ours, alone = [], []
        try:
            _remove(inside, worker, _ours(inside, worker)[0])  # the first one brings image and network to the host
            for _ in range(ROUNDS):
                made, took = _ours(inside, worker)
                ours.append(took)
                alone.append(_alone(hosts, place, made, _spare_address(inside, made)))
                _remove(inside, worker, made)
        finally:
            worker.stop()
    mine, theirs = statistics.median(ours), statistics.median(alone)
    what = f"one QEMU machine, request to running, median of {ROUNDS}"
    peer = f"{theirs:.2f} s (the same address, domain and filter by qemu-img and virsh)"
    return [Line(what, f"{mine:.2f} s", peer, f"{mine / theirs:.2f}", "at most 1.2")]


def _ours(inside: worlds.Inside, worker: Worker) -> tuple[str, float]:
    world = inside.world
    begun = time.perf_counter()
    operation = instance.create(
        inside.house,
        world.operator,
        name="bench",
        project_id=world["project"],
        flavor_id=world["small"],
        image_id=world["image"],
        network_ids=[world["network"]],
    )
    worker.wake()
    _finish(inside, operation.id)
    return operation.subject_id, time.perf_counter() - begun


def _remove(inside: worlds.Inside, worker: Worker, instance_id: str) -> None:
    gone = instance.delete(inside.house, inside.world.operator, instance_id, confirm="bench")
    worker.wake()
    _finish(inside, gone.id)


def _finish(inside: worlds.Inside, operation_id: str) -> None:
    deadline = time.monotonic() + 120
    while (state := inside.row(Operation, operation_id).state) not in ("succeeded", "failed", "cancelled"):
        assert time.monotonic() < deadline, state
        time.sleep(0.01)
    assert state == "succeeded", inside.row(Operation, operation_id).error


def _spare_address(inside: worlds.Inside, made: str) -> str:
    """An address of the instance's network that nobody has."""
    (port,) = (one for one in inside.rows(Port) if one.instance_id == made)
    return str(port.address).rpartition(".")[0] + ".250"


def _alone(hosts: Hosts, place: Path, made: str, address: str) -> float:
    """The same domain once more, by hand: address, overlay, seed, filter, definition, start, a look at the state."""
    copy = new_id()
    virsh = f"virsh -q -c {shlex.quote(hosts.uri(HOST))}"
    text = hosts.run_in(HOST, ["sh", "-c", f"{virsh} dumpxml --inactive {made}"]).stdout
    mac = "52:54:00:77:" + ":".join(f"{random.randrange(256):02x}" for _ in range(2))
    description = place / f"{copy}.xml"
    description.write_text(re.sub(r"<mac address='[^']*'/>", f"<mac address='{mac}'/>", text.replace(made, copy)))
    (root,) = place.glob(f"pool/*root-{made}*")
    backing = json.loads(hosts.run_in(HOST, ["qemu-img", "info", "-U", "--output=json", str(root)]).stdout)[
        "full-backing-filename"
    ]
    (seed,) = place.glob(f"state/*seed-{made}*")
    (serial,) = place.glob(f"state/*serial-{made}*")
    name = re.findall(r"<filterref filter='([^']*)'", text)[0]
    guard = place / f"{copy}-filter.xml"
    network = re.findall(r"<source network='([^']*)'", text)[0]
    lease = shlex.quote(f"<host mac='{mac}' ip='{address}'/>")
    script = " && ".join(
        [
            f"{virsh} net-update {network} add ip-dhcp-host {lease} --live --config",
            f"qemu-img create -q -f qcow2 -b {backing} -F qcow2 {str(root).replace(made, copy)} 1G",
            f"cp {seed} {str(seed).replace(made, copy)}",
            f": > {str(serial).replace(made, copy)}",
            f"{virsh} nwfilter-dumpxml {name} | sed -e '/<uuid>/d' -e 's/{made}/{copy}/g' > {guard}",
            f"{virsh} nwfilter-define {guard}",
            f"{virsh} define {description}",
            f"{virsh} start {copy}",
            f"{virsh} domstate {copy}",
        ]
    )
    begun = time.perf_counter()
    hosts.run_in(HOST, ["sh", "-c", script])
    took = time.perf_counter() - begun
    undo = (
        f"{virsh} destroy {copy} && {virsh} undefine {copy} && {virsh} nwfilter-undefine {name.replace(made, copy)}"
        f" && {virsh} net-update {network} delete ip-dhcp-host {lease} --live --config"
    )
    hosts.run_in(HOST, ["sh", "-c", undo])
    for left in (*place.glob(f"pool/*{copy}*"), *place.glob(f"state/*{copy}*")):
        left.unlink()
    return took


def bench_hung() -> list[Line]:
    """The same page of instances while the only libvirt host answers, and while it hangs."""
    from bench import control_plane
    from tests.support.server import Served

    with ExitStack() as stack:
        hosts = stack.enter_context(host())
        world, _, _, directory = stack.enter_context(control_plane.centre(hosts=1))
        inside = stack.enter_context(worlds.enter(world))
        control_plane.fill(inside.database, world)
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp", prefix="eb")))
        establish(world, HOST, hosts.uri(HOST), place)
        stack.enter_context(control_plane.workers(world, directory, 1))
        served = stack.enter_context(Served(world.url, directory))
        headers = {"Authorization": f"Bearer {control_plane._secret(inside.house)}"}
        client = stack.enter_context(httpx.Client(base_url=f"{served.url}/api/v1", headers=headers, timeout=60))
        cursors = control_plane._cursors(client)

        def timed() -> list[float]:
            return control_plane._timed(lambda: control_plane._page(client, random.choice(cursors)))

        timed()
        well = timed()
        hosts.pause(HOST)
        try:
            hung = timed()
        finally:
            hosts.resume(HOST)
    a, b = percentile(hung, 50), percentile(well, 50)
    return [
        Line(
            "the same page while every libvirt host hangs, p50",
            f"{a * 1e3:.1f} ms",
            f"{b * 1e3:.1f} ms (hosts answer)",
            f"{a / b:.2f}",
            "unchanged",
        )
    ]
