"""What the control plane adds on a real hypervisor, and what a hung one costs everyone else (nothing)."""

from __future__ import annotations

import random
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
from egovcloud.services import instance
from egovcloud.store.models import Operation
from tests import world as worlds
from tests.real.centre import establish
from tests.real.hosts import Hosts
from tests.real.image import guest_image

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
    from egovcloud.engine.worker import Worker

    with ExitStack() as stack:
        hosts = stack.enter_context(host())
        world, _, _, directory = stack.enter_context(centre(hosts=1))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp", prefix="eb")))
        inside = establish(world, HOST, hosts.uri(HOST), place).open()
        stack.callback(inside.close)
        worker = Worker(inside.runner, threads=4)
        worker.start()
        ours, alone = [], []
        try:
            _ours(inside, worker)  # the first one copies the image and makes the network, as virsh's user did before
            for _ in range(ROUNDS):
                ours.append(_ours(inside, worker))
                alone.append(_alone(hosts, directory))
        finally:
            worker.stop()
    mine, theirs = statistics.median(ours), statistics.median(alone)
    what = f"one QEMU machine, request to running, median of {ROUNDS}"
    return [Line(what, f"{mine:.2f} s", f"{theirs:.2f} s (qemu-img + virsh)", f"{mine / theirs:.2f}", "at most 1.2")]


def _ours(inside: worlds.Inside, worker: object) -> float:
    from egovcloud.engine.worker import Worker

    assert isinstance(worker, Worker)
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
    took = time.perf_counter() - begun
    gone = instance.delete(inside.house, world.operator, operation.subject_id, confirm="bench")
    worker.wake()
    _finish(inside, gone.id)
    return took


def _finish(inside: worlds.Inside, operation_id: str) -> None:
    deadline = time.monotonic() + 120
    while (state := inside.row(Operation, operation_id).state) not in ("succeeded", "failed", "cancelled"):
        assert time.monotonic() < deadline, state
        time.sleep(0.01)
    assert state == "succeeded", inside.row(Operation, operation_id).error


def _alone(hosts: Hosts, directory: Path) -> float:
    """Overlay, definition, start, and a look at the state: what an administrator's script does."""
    image = guest_image()
    direct = image.variant("direct")
    name = f"alone-{new_id()[-8:]}"
    disk, description = directory / f"{name}.qcow2", directory / f"{name}.xml"
    connect = shlex.quote(hosts.uri(HOST))
    mac = "52:54:00:77:" + ":".join(f"{random.randrange(256):02x}" for _ in range(2))
    begun = time.perf_counter()
    description.write_text(
        f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>512</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>{image.path(direct.kernel)}</kernel>
<initrd>{image.path(direct.initrd)}</initrd><cmdline>{direct.cmdline}</cmdline></os>
<features><acpi/><apic/></features><cpu mode='maximum'/><on_poweroff>destroy</on_poweroff><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{disk}'/>
<target dev='vda' bus='virtio'/></disk>
<interface type='network'><mac address='{mac}'/><source network='default'/><model type='virtio'/></interface>
<serial type='pty'/><memballoon model='virtio'/></devices></domain>"""
    )
    backing = shlex.quote(str(image.path(direct.disk)))
    script = (
        f"qemu-img create -q -f qcow2 -b {backing} -F qcow2 {disk} 1G && "
        f"virsh -q -c {connect} define {description} && virsh -q -c {connect} start {name} && "
        f"virsh -q -c {connect} domstate {name}"
    )
    hosts.run_in(HOST, ["sh", "-c", script])
    took = time.perf_counter() - begun
    hosts.run_in(HOST, ["sh", "-c", f"virsh -q -c {connect} destroy {name} && virsh -q -c {connect} undefine {name}"])
    disk.unlink()
    return took


def bench_hung() -> list[Line]:
    """The same page of instances while the only libvirt host answers, and while it hangs."""
    from bench import control_plane
    from tests.support.server import Served

    with ExitStack() as stack:
        hosts = stack.enter_context(host())
        world, _, _, directory = stack.enter_context(control_plane.centre(hosts=1))
        inside = stack.enter_context(worlds.enter(world))
        control_plane._fill(inside.database, world)
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
