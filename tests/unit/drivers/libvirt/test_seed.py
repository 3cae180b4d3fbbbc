"""The seed says what the specification says, to a YAML parser and to a shell's ``read`` alike."""

from __future__ import annotations

import email
from dataclasses import replace
from io import BytesIO

import pycdlib
import pytest
import yaml

from egovcloud.drivers.base import NicSpec
from egovcloud.drivers.libvirt import seed

from .examples import HOSTILE, INSTANCE, NAT, instance


def _read(image: bytes, path: str) -> bytes:
    iso = pycdlib.PyCdlib()
    iso.open_fp(BytesIO(image))
    out = BytesIO()
    iso.get_file_from_iso_fp(out, rr_path=path)
    label = iso.pvd.volume_identifier.decode().strip()
    iso.close()
    assert label == "cidata"
    return out.getvalue()


def test_image_holds_all_files_under_their_names() -> None:
    spec = instance()
    image = seed.build(spec)
    for path, content in seed.files(spec).items():
        assert _read(image, f"/{path}") == content
    assert _read(image, "/egov/hostname") == b"web-1\n"
    assert _read(image, "/egov/authorized_keys") == b"ssh-ed25519 AAAA me@office\n"


def test_same_specification_gives_the_same_files() -> None:
    assert seed.files(instance()) == seed.files(instance())


def test_meta_data_is_one_plain_line_each() -> None:
    text = seed.meta_data(instance()).decode()
    assert text.splitlines() == [f"instance-id: {INSTANCE}", "local-hostname: web-1"]
    assert yaml.safe_load(text) == {"instance-id": INSTANCE, "local-hostname": "web-1"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_keys_stay_keys(text: str) -> None:
    spec = replace(instance(), ssh_keys=(f"ssh-ed25519 AAAA {text}",))
    config = yaml.safe_load(seed.user_data(spec).decode().partition("\n")[2])
    assert len(config["ssh_authorized_keys"]) == 1
    assert config["ssh_authorized_keys"][0].startswith("ssh-ed25519 AAAA")
    assert "runcmd" not in config
    assert seed.files(spec)["egov/authorized_keys"].count(b"\n") == 1


def test_users_config_is_a_part_of_its_own_that_adds_to_ours() -> None:
    theirs = "#cloud-config\nruncmd: [[touch, /tmp/done]]\n# 注释\n"
    message = email.message_from_bytes(seed.user_data(replace(instance(), user_data=theirs)))
    ours, users = message.get_payload()
    assert [ours.get_content_type(), users.get_content_type()] == ["text/cloud-config"] * 2
    assert yaml.safe_load(ours.get_payload(decode=True))["hostname"] == "web-1"
    assert users.get_payload(decode=True).decode() == theirs
    assert users["Merge-Type"] == seed.MERGE


def test_addresses_are_leased_where_we_serve_them_and_written_down_elsewhere() -> None:
    bridged = replace(NAT, mode="bridged", bridge="br0")
    nics = (
        NicSpec(NAT, "52:54:00:AA:00:01", "10.20.0.9"),
        NicSpec(NAT, "52:54:00:AA:00:02", "10.20.0.10"),
        NicSpec(bridged, "52:54:00:AA:00:03", "10.20.0.11"),
    )
    first, second, third = yaml.safe_load(seed.network_config(nics))["ethernets"].values()
    assert first == {"match": {"macaddress": "52:54:00:aa:00:01"}, "dhcp4": True}
    assert second["dhcp4-overrides"] == {"use-routes": False}
    assert third["addresses"] == ["10.20.0.11/22"]
    assert "routes" not in third
    (alone,) = yaml.safe_load(seed.network_config(nics[2:]))["ethernets"].values()
    assert alone["routes"] == [{"to": "default", "via": "10.20.0.1"}]
