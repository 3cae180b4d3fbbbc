"""A screen as Nova gives it: its address, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.domain.errors import Problem, Unsupported
from egovcloud.drivers.base import Capability
from egovcloud.drivers.openstack import OpenStackDriver
from egovcloud.drivers.openstack.screens import websocket_of
from tests.support.fake_openstack import JSON, FakeCloud, fake_cloud

SERVERS = "/compute/v2.1/servers"
CONSOLES = f"{SERVERS}/s1/remote-consoles"
SERVER = {"id": "s1", "status": "ACTIVE", "created": "2026", "OS-EXT-SRV-ATTR:host": "one", "tags": [], "metadata": {}}


@pytest.mark.parametrize(
    ("page", "url", "origin"),
    [
        ("http://cloud:6080/vnc_auto.html?path=%3Ftoken%3Dab-c", "ws://cloud:6080/?token=ab-c", "http://cloud:6080"),
        ("https://c.example/vnc_lite.html?path=%3Ftoken%3Dx", "wss://c.example/?token=x", "https://c.example"),
        ("https://c/x/vnc.html?path=x/web%3Ftoken%3Dx", "wss://c/x/web?token=x", "https://c"),
        ("http://c:6080/vnc_auto.html?token=x", "ws://c:6080/websockify?token=x", "http://c:6080"),
        ("http://[fd00::1]:6080/a?path=%3Ftoken%3Dx", "ws://[fd00::1]:6080/?token=x", "http://[fd00::1]:6080"),
        ("https://c/a?host=p&port=6083&path=%3Ftoken%3Dx", "wss://p:6083/?token=x", "https://c"),
        ("http://c/a?path=a%20b%0D%0A%23%3Ftoken%3Dx", "ws://c/a%20b%0D%0A%23?token=x", "http://c"),
    ],
)
def test_address_is_the_one_that_novnc_would_open(page: str, url: str, origin: str) -> None:
    assert websocket_of(page) == (url, origin)


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with fake_cloud() as cloud:
        yield cloud


def asked(
    cloud: FakeCloud, directory: Path, status: int, body: object, *, server: str = "ACTIVE", gone: bool = False
) -> Problem:
    """What is said when Nova answers so."""
    one = {**SERVER, "status": server}
    cloud.answers = {
        f"{SERVERS}/detail": [(200, JSON, json.dumps({"servers": [one]}).encode())],
        CONSOLES: [(status, JSON, json.dumps(body).encode())],
        f"{SERVERS}/s1": [(404, JSON, b"{}") if gone else (200, JSON, json.dumps({"server": one}).encode())],
    }
    with pytest.raises(Problem) as caught:
        OpenStackDriver("ours", cloud.config(directory)).screen("one", "i", within=5.0)
    assert "s3cret" not in caught.value.text("en")
    return caught.value


def fault(message: str) -> dict[str, dict[str, str]]:
    return {"fault": {"message": message}}


def page(url: str) -> dict[str, dict[str, str]]:
    return {"remote_console": {"protocol": "vnc", "type": "novnc", "url": url}}


def test_why_there_is_none(cloud: FakeCloud, tmp_path: Path) -> None:
    stopped = asked(cloud, tmp_path, 200, page("http://c/vnc.html?path=%3Ftoken%3Dx"), server="SHUTOFF")
    assert (stopped.kind, stopped.code) == ("conflict", "instance.stopped")
    assert not [path for path in cloud.paths("POST") if path == CONSOLES], "some hypervisors would have given one"
    not_ready = asked(cloud, tmp_path, 409, fault("Instance s1 is not ready"))
    assert (not_ready.kind, not_ready.code) == ("conflict", "instance.stopped")
    not_there = asked(cloud, tmp_path, 404, fault("Instance s1 could not be found."))
    assert (not_there.kind, not_there.code) == ("conflict", "instance.stopped")
    gone = asked(cloud, tmp_path, 404, fault("Instance s1 could not be found."), gone=True)
    assert (gone.kind, gone.code) == ("not_found", "instance.absent")
    for status in (400, 501):
        none = asked(cloud, tmp_path, status, fault("Unavailable console type novnc."))
        assert (none.kind, none.code) == ("unsupported", "cloud.no_screens")
        assert "Unavailable console type novnc" in none.text("en")
    odd = asked(cloud, tmp_path, 200, page("vnc://c/?token=s3cret"))
    assert (odd.kind, odd.code) == ("unsupported", "cloud.no_screens")
    forbidden = asked(cloud, tmp_path, 403, fault("Policy doesn't allow it"))
    assert (forbidden.kind, forbidden.code) == ("forbidden", "cloud.policy")


def test_cloud_without_screens_is_not_asked(cloud: FakeCloud, tmp_path: Path) -> None:
    driver = OpenStackDriver("ours", cloud.config(tmp_path, screens=False))
    assert Capability.SCREEN not in driver.capabilities
    with pytest.raises(Unsupported):
        driver.screen("one", "i", within=5.0)
    assert cloud.seen == []


@pytest.mark.parametrize("verify", [True, False, "/etc/authority.pem"])
def test_its_certificate_is_trusted_as_the_clouds_own(cloud: FakeCloud, tmp_path: Path, verify: bool | str) -> None:
    config = cloud.config(tmp_path)
    file = Path(config.clouds_file or "")
    trust = f"cacert: {verify}" if isinstance(verify, str) else f"verify: {str(verify).lower()}"
    file.write_text(file.read_text().replace("region_name:", f"{trust}\n    region_name:"))
    cloud.answers = {
        f"{SERVERS}/detail": [(200, JSON, json.dumps({"servers": [SERVER]}).encode())],
        CONSOLES: [(200, JSON, json.dumps(page("https://c/vnc.html?path=%3Ftoken%3Ds3cret")).encode())],
    }
    screen = OpenStackDriver("ours", config).screen("one", "i", within=5.0)
    assert (screen.url, screen.origin, screen.verify) == ("wss://c/?token=s3cret", "https://c", verify)
    assert "s3cret" not in repr(screen)
