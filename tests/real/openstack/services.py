"""The services' processes, in the order in which they can start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.real.openstack import conf_compute, conf_control, conf_storage, database, processes
from tests.real.openstack.layout import COMPUTES, Layout

WORKERS = 2  # of the interfaces that most requests go to


def configure(layout: Layout) -> None:
    for write in (
        conf_control.keystone,
        conf_control.placement,
        conf_control.glance,
        conf_compute.neutron,
        conf_compute.nova,
        conf_storage.cinder,
        conf_storage.swift,
    ):
        write(layout)


def _web(layout: Layout, name: str, service: str, module: str, workers: int, *more: str) -> None:
    """One API under uWSGI."""
    address = f"127.0.0.1:{layout.ports[service]}"
    command = [f"{layout.bin}/uwsgi", "--http-socket", address, "--module", f"{module}:application"]
    options = ["-H", str(layout.venv), "--master", "--processes", str(workers), "--threads", "1", "--enable-threads"]
    manners = ["--lazy-apps", "--die-on-term", "--need-app", "--buffer-size", "65535", "--http-chunked-input"]
    quiet = ["--add-header", "Connection: close", "--disable-logging", "--procname-prefix", f"{name} "]
    processes.start(layout, name, [*command, *options, *manners, *quiet, *more])


def bootstrap(layout: Layout) -> None:
    """Keys, the first administrator and Swift's rings."""
    manage = [f"{layout.bin}/keystone-manage", "--config-dir", str(layout.etc / "keystone")]
    for kind in ("fernet", "credential"):
        (layout.etc / f"keystone/{kind}-keys").mkdir(mode=0o700, exist_ok=True)
        users = ["--keystone-user", "root", "--keystone-group", "root"]
        processes.run(layout, "bootstrap", [*manage, f"{kind}_setup", *users])
    urls = [f"--bootstrap-{kind}-url={layout.auth_url}" for kind in ("admin", "internal", "public")]
    secret = {"OS_BOOTSTRAP_PASSWORD": layout.passwords["admin"]}
    processes.run(layout, "bootstrap", [*manage, "bootstrap", "--bootstrap-region-id=RegionOne", *urls], secret)


def rings(layout: Layout) -> None:
    def build(kind: str) -> None:
        builder = str(layout.etc / f"swift/{kind}.builder")
        device = f"r1z1-127.0.0.1:{layout.ports[f'swift_{kind}']}/d1"
        tool = [f"{layout.bin}/swift-ring-builder", builder]
        for step in (["create", "6", "1", "1"], ["add", device, "1"], ["rebalance"]):
            processes.run(layout, f"ring-{kind}", [*tool, *step])

    with ThreadPoolExecutor() as pool:
        list(pool.map(build, ("account", "container", "object")))


def keystone(layout: Layout) -> None:
    _web(layout, "keystone", "keystone", "keystone.wsgi.api", WORKERS)
    processes.wait_http(layout.auth_url, "Keystone")


def everything_else(layout: Layout) -> None:
    """Interfaces first; agents while those load."""
    processes.wait_port(layout.ports["rabbitmq"], "RabbitMQ")
    binaries, etc = layout.bin, layout.etc
    neutron = ["--config-file", f"{etc}/neutron/neutron.conf", "--config-file", f"{etc}/neutron/ml2_conf.ini"]
    nova = ["--config-file", f"{etc}/nova/nova.conf"]
    cinder = ["--config-file", f"{etc}/cinder/cinder.conf"]
    _web(layout, "placement", "placement", "placement.wsgi.api", 1)
    _web(layout, "neutron-api", "neutron", "neutron.wsgi.api", WORKERS)
    for name in ("neutron-rpc-server", "neutron-periodic-workers"):
        processes.start(layout, name, [f"{binaries}/{name}", *neutron])
    _web(layout, "glance-api", "glance", "glance.wsgi.api", 1)
    _web(layout, "nova-api", "nova", "nova.wsgi.osapi_compute", WORKERS)
    for name in ("nova-conductor", "nova-scheduler"):
        processes.start(layout, name, [f"{binaries}/{name}", *nova])
    for kind in ("account", "container", "object"):
        server = f"swift-{kind}-server"
        processes.start(layout, server, [f"{binaries}/{server}", f"{etc}/swift/{kind}-server.conf"])
    processes.start(layout, "swift-proxy", [f"{binaries}/swift-proxy-server", f"{etc}/swift/proxy-server.conf"])
    _web(layout, "cinder-api", "cinder", "cinder.wsgi.api", 1, "--pyargv", " ".join(cinder))
    for name in ("cinder-scheduler", "cinder-volume"):
        processes.start(layout, name, [f"{binaries}/{name}", *cinder])
    processes.wait_http(layout.url("placement", "/"), "Placement")
    processes.wait_http(layout.url("neutron", "/"), "Neutron")
    for name in COMPUTES:
        host(layout, name)
    web = layout.data / "novnc"  # its pages would lie there; whoever looks at a screen brings a page of its own
    web.mkdir(exist_ok=True)
    processes.start(layout, "nova-novncproxy", [f"{binaries}/nova-novncproxy", *nova, "--web", str(web)])
    for service, path in (("glance", "/"), ("nova", "/"), ("cinder", "/"), ("swift", "/healthcheck")):
        processes.wait_http(layout.url(service, path), service)
    processes.wait_port(layout.ports["novnc"], "the proxy of screens")


def host(layout: Layout, name: str) -> str:
    """One compute host's process; returns its name."""
    process = f"nova-compute-{name}"
    command = [f"{layout.bin}/nova-compute", "--config-file", f"{layout.etc}/nova/{name}.conf"]
    processes.start(layout, process, command)
    return process


def stop(layout: Layout) -> None:
    """Those that ask others end before those that answer."""
    names = processes.running(layout)
    last = ("keystone", "memcached", "rabbitmq", "mariadb")
    processes.stop(layout, [name for name in names if name not in last])
    processes.stop(layout, last)
    database.end_port_mapper(layout)
