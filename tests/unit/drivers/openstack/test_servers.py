"""What Nova says of a server, as facts; and what a guest is told."""

from __future__ import annotations

import base64
import email

import pytest
import yaml

from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import ImageSpec, InstanceSpec, Power
from egovcloud.drivers.openstack import servers, user_data


def server(status: str, **more: object) -> dict[str, object]:
    return {"id": "s", "status": status, "metadata": {}, **more}


@pytest.mark.parametrize(
    ("status", "state", "power"),
    [
        ("ACTIVE", 1, Power.RUNNING),
        ("HARD_REBOOT", 4, Power.RUNNING),
        ("BUILD", 0, Power.STOPPED),
        ("SHUTOFF", 4, Power.STOPPED),
        ("PAUSED", 3, Power.PAUSED),
        ("SUSPENDED", 4, Power.PAUSED),
        ("ERROR", 0, Power.CRASHED),
        ("VERIFY_RESIZE", 4, Power.STOPPED),
        ("VERIFY_RESIZE", 1, Power.RUNNING),
        ("SHELVED_OFFLOADED", 4, Power.SHELVED),
        ("UNHEARD_OF", 1, Power.STOPPED),
    ],
)
def test_power(status: str, state: int, power: Power) -> None:
    assert servers.power_of(server(status, **{"OS-EXT-STS:power_state": state})) is power


def test_host_is_where_it_is_or_where_it_was_sent() -> None:
    sent = server("BUILD", metadata={servers.HOST: "fake1"}, **{"OS-EXT-SRV-ATTR:host": None})
    moved = server("ACTIVE", metadata={servers.HOST: "fake1"}, **{"OS-EXT-SRV-ATTR:host": "fake2"})
    assert servers.host_of(sent) == "fake1"
    assert (servers.host_of(moved), servers.meant_host(moved)) == ("fake2", "fake1")
    assert servers.host_of(server("BUILD")) == ""


def test_floating_addresses_are_not_the_guests_own() -> None:
    addresses = {
        "n": [{"addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed"}, {"addr": "8.8.8.8", "OS-EXT-IPS:type": "floating"}]
    }
    assert servers.addresses_of(server("ACTIVE", addresses=addresses)) == ("10.0.0.5",)


def spec(**more: object) -> InstanceSpec:
    image = ImageSpec(new_id(), "debian", "/image", "0" * 64)
    fields = {"ssh_keys": ("ssh-ed25519 AAAA\nruncmd: [reboot]",), **more}
    return InstanceSpec(new_id(), "name", "c-1", "fake1", "local", 1, 256, 1, image, **fields)  # type: ignore[arg-type]


def test_keys_are_data() -> None:
    text = base64.b64decode(user_data.of(spec())).decode()
    assert text.startswith("#cloud-config\n")
    document = yaml.safe_load(text)
    assert document["hostname"] == "c-1"
    assert document["ssh_authorized_keys"] == ["ssh-ed25519 AAAA runcmd: [reboot]"]
    assert "runcmd" not in document


def test_users_part_comes_after_ours_and_is_whole() -> None:
    theirs = "#cloud-config\nwrite_files: [{path: /x, content: '民政局'}]"
    message = email.message_from_bytes(base64.b64decode(user_data.of(spec(user_data=theirs))))
    ours, users = message.get_payload()
    assert yaml.safe_load(ours.get_payload(decode=True))["hostname"] == "c-1"
    assert users.get_payload(decode=True).decode() == theirs
    assert users["Merge-Type"]
