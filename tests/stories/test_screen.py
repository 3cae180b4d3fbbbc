"""The screen in the browser: through the real server, a WebSocket, and the simulated cloud's real VNC server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from simple_websocket import Client, ConnectionClosed
from simple_websocket import ConnectionError as NoUpgrade

from egovcloud.domain.clock import system_clock
from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import ImageSpec, InstanceSpec
from egovcloud.drivers.simulator import SimHost, SimPool, SimulatorDriver, create_cloud
from egovcloud.services import flavor, host_pool, project, provider, site, zone
from egovcloud.services.actor import SYSTEM
from egovcloud.store.models import Host, Image, Instance, StoragePool
from tests.support.centre import PASSWORD, Centre
from tests.support.server import Served

PATIENCE = 60.0  # seconds; an answer that stays out, not one that is slow, is what fails here


@dataclass
class Screens:
    """A served centre with one running instance of the bureau ``civil``."""

    centre: Centre
    url: str
    instance: str
    civil: str
    market: str

    def browser(self, username: str) -> httpx.Client:
        """A signed-in browser."""
        made = httpx.Client(base_url=self.url, timeout=PATIENCE)
        body = {"username": username, "password": PASSWORD}
        session = made.post("/api/v1/session", json=body)
        assert session.status_code == 200, session.text
        made.headers["X-CSRF-Token"] = session.json()["csrf_token"]
        return made

    def ask(self, browser: httpx.Client) -> httpx.Response:
        return browser.post(f"/api/v1/instances/{self.instance}/screen")

    def connect(self, browser: httpx.Client, path: str, origin: str | None = None) -> Client:
        cookie = browser.cookies["egov_session"]
        headers = {"Cookie": f"egov_session={cookie}", "Origin": origin or self.url}
        return Client.connect(self.url.replace("http", "ws") + path, subprotocols=["binary"], headers=headers)


@pytest.fixture
def screens(database_url: str, tmp_path: Path) -> Iterator[Screens]:
    state = tmp_path / "state"
    with Centre(database_url, state, clock=system_clock) as centre:
        civil, market = centre.department("civil"), centre.department("market")
        centre.user("liu", "member", at=civil)
        centre.user("wang", "member", at=market)
        instance = machine(centre, tmp_path / "cloud.sqlite", civil)
        with Served(database_url, state) as served:
            yield Screens(centre, served.url, instance, civil, market)


def machine(centre: Centre, cloud: Path, department_id: str) -> str:
    """One instance that runs in a simulated cloud, with the rows that say so."""
    house, now = centre.house, system_clock()
    stamps: dict[str, Any] = {"created_at": now, "updated_at": now}
    create_cloud(cloud, [SimHost("hv-01", 8, 16384, (SimPool("default", 100.0),))])
    site_id = site.create(house, SYSTEM, name="主机房")["id"]
    zone_id = zone.create(house, SYSTEM, site_id=site_id, name="政务外网区")["id"]
    pool_id = host_pool.create(house, SYSTEM, zone_id=zone_id, name="通用池")["id"]
    config = {"path": str(cloud)}
    provider_id = provider.create(house, SYSTEM, name="sim", driver="simulator", config=config, site_id=site_id)["id"]
    project_id = project.create(house, SYSTEM, department_id=department_id, name="p")["id"]
    size = flavor.create(house, SYSTEM, name="s1", vcpus=1, memory_mib=512, disk_gib=1)
    host = Host(id=new_id(), name="hv-01", provider_id=provider_id, host_pool_id=pool_id, health="up", **stamps)
    store = StoragePool(id=new_id(), host_id=host.id, name="default", kind="dir", **stamps)
    disk = cloud.with_name("disk.qcow2")
    disk.write_bytes(b"")
    checksum = hashlib.sha256(b"").hexdigest()
    image = Image(id=new_id(), name="Debian", disk=str(disk), sha256=checksum, **stamps)
    row = Instance(
        id=new_id(),
        name="web",
        hostname="web",
        department_id=department_id,
        project_id=project_id,
        flavor_id=size["id"],
        image_id=image.id,
        host_id=host.id,
        storage_pool_id=store.id,
        vcpus=1,
        memory_mib=512,
        disk_gib=1,
        state="active",
        **stamps,
    )
    with house.database.unit() as session:
        session.add(host)
        session.flush()
        session.add_all([store, image])
        session.flush()
        session.add(row)
    driver = SimulatorDriver(house.installation, cloud)
    picture = ImageSpec(id=image.id, name="Debian", disk=str(disk), sha256=checksum)
    driver.ensure_image("hv-01", "default", picture, within=5)
    spec = InstanceSpec(row.id, "web", "web", "hv-01", "default", 1, 512, 1, picture)
    driver.create_instance(spec, within=5)
    return row.id


def test_a_screen_opens_once_for_whom_it_was_made(screens: Screens) -> None:
    browser, second = screens.browser("liu"), screens.browser("liu")
    answer = screens.ask(browser)
    assert answer.status_code == 200, answer.text
    path = answer.json()["url"]
    with pytest.raises(NoUpgrade) as refused:
        screens.connect(browser, path, origin="http://evil.example")
    assert refused.value.status_code == 403
    with pytest.raises(NoUpgrade) as refused:
        screens.connect(second, path)
    assert refused.value.status_code == 403, "another session of the same user"
    socket = screens.connect(browser, path)
    assert socket.subprotocol == "binary"
    assert socket.receive(timeout=PATIENCE) == b"RFB 003.008\n"
    socket.send(b"RFB 003.008\n")
    assert socket.receive(timeout=PATIENCE) == b"\x01\x01", "one security type: none"
    with pytest.raises(NoUpgrade) as refused:
        screens.connect(browser, path)
    assert refused.value.status_code == 403, "a token is good for one use"
    socket.close()
    assert screens.ask(screens.browser("wang")).status_code == 404, "another department's machine does not exist"
    signed_out = screens.ask(browser).json()["url"]
    stolen = browser.cookies["egov_session"]
    assert browser.delete("/api/v1/session").status_code == 204
    browser.cookies.set("egov_session", stolen)
    with pytest.raises(NoUpgrade):
        screens.connect(browser, signed_out)


def drain(socket: Client) -> None:
    """Read until the other side closes; an answer that stays out ends it too, without the error that is waited for."""
    while socket.receive(timeout=PATIENCE) is not None:
        continue


def test_a_screen_that_goes_away_is_closed(screens: Screens) -> None:
    browser = screens.browser("liu")
    socket = screens.connect(browser, screens.ask(browser).json()["url"])
    assert socket.receive(timeout=PATIENCE) == b"RFB 003.008\n"
    socket.send(b"nonsense that is no RFB at all")
    with pytest.raises(ConnectionClosed):
        drain(socket)
    for nonsense in ("/screen/x", "/screen/" + "A" * 200, "/screen/%00"):
        with pytest.raises(NoUpgrade) as refused:
            screens.connect(browser, nonsense)
        assert refused.value.status_code in (403, 404)
    assert browser.get("/screen/x").status_code in (400, 404)
