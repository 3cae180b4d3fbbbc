"""Definitions of instances: valid by libvirt's schema whatever the user called them, and marked as ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egovcloud.drivers.libvirt import disk_xml
from egovcloud.drivers.libvirt.config import HostConfig, PoolConfig
from egovcloud.drivers.libvirt.domain_xml import SPARE_PORTS, Boot, Parts, domain
from egovcloud.drivers.libvirt.markup import Element, legal, parse, read_mark, render
from egovcloud.drivers.libvirt.naming import Naming

from .examples import HOSTILE, INSTANCE, VOLUME, complaints, instance

NAMES = Naming("centre")
BOOTS = [
    Boot("bios"),
    Boot("uefi"),
    Boot("direct", "/state/kernel", "/state/initrd", "root=/dev/vda console=ttyS0"),
    Boot("direct", "/state/kernel"),
]


def build(name: str = "web-1", boot: Boot = BOOTS[0], virt: str = "qemu", **config: object) -> Element:
    """A definition with a root disk, a seed and one filtered port."""
    pool = PoolConfig("dir", "/pool")
    disks = [disk_xml.disk("/pool/root.qcow2", "qcow2", "vda", pool=pool), disk_xml.disc("/state/seed.iso")]
    parts = Parts(virt, boot, disks, ["egov-filter"], "/state/serial.log", "/run/x.vnc")
    settings_ = HostConfig("qemu:///system", {"local": pool}, **config)  # type: ignore[arg-type]
    return domain(instance(name), settings_, NAMES, parts)


@pytest.mark.parametrize("virt", ["qemu", "kvm"])
@pytest.mark.parametrize("boot", BOOTS, ids=lambda boot: f"{boot.firmware}-{'initrd' if boot.initrd else 'plain'}")
def test_every_way_to_boot_is_valid(boot: Boot, virt: str) -> None:
    assert complaints("domain", build(boot=boot, virt=virt)) == ""


@pytest.mark.parametrize(
    "config",
    [
        {"unix_sockets": False},
        {"cpu": "host-model"},
        {"cpu": "Skylake-Server"},
        {"tb_cache_mib": 0},
        {"emulator": "/q"},
    ],
    ids=lambda config: next(iter(config)),
)
def test_every_setting_is_valid(config: dict[str, object]) -> None:
    assert complaints("domain", build(**config)) == ""


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_name_is_text_and_nothing_else(name: str) -> None:
    document = build(name)
    assert complaints("domain", document) == ""
    again = parse(render(document))
    assert again.findtext("name") == f"egov-{INSTANCE}"
    assert len(list(again.iterfind("devices/disk"))) == 2
    marker = read_mark(again)
    assert marker is not None
    assert (marker.installation, marker.kind, marker.id) == ("centre", "instance", INSTANCE)
    assert marker.get("name") == legal(name)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_name_comes_back(name: str) -> None:
    marker = read_mark(parse(render(build(name))))
    assert marker is not None
    assert marker.get("name") == legal(name)


def test_emulated_guest_has_a_small_translation_cache_and_all_features() -> None:
    document = build(virt="qemu")
    assert document.findtext("features/tcg/tb-cache") == "64"
    assert document.find("cpu[@mode='maximum']") is not None
    assert build(virt="kvm").find("cpu[@mode='host-passthrough']") is not None


def test_guest_has_room_for_hot_plug_and_no_option_rom() -> None:
    document = build()
    assert len(document.findall("devices/controller[@model='pcie-root-port']")) == SPARE_PORTS
    assert document.find("devices/interface/rom[@enabled='no']") is not None
    assert document.find("devices/interface/filterref/parameter[@value='10.20.0.9']") is not None


def test_freed_blocks_stay_in_the_file_until_it_is_wiped() -> None:
    driver = build().find("devices/disk/driver")
    assert driver is not None
    assert driver.get("discard") == "ignore"


def test_disk_targets_and_volume_marks() -> None:
    pool = PoolConfig("dir", "/pool", shared=True)
    volume = disk_xml.disk("/pool/v.qcow2", "qcow2", "vdb", pool=pool, volume_id=VOLUME)
    root = disk_xml.disk("/pool/root.qcow2", "qcow2", "vda", pool=pool)
    assert disk_xml.volume_of(volume) == VOLUME
    assert disk_xml.volume_of(root) is None
    assert volume.findtext("serial") == VOLUME.replace("-", "")[:20]
    assert disk_xml.next_target([root, volume]) == "vdc"
    driver = volume.find("driver")
    assert driver is not None
    assert driver.get("cache") == "none"


@pytest.mark.parametrize(
    "pool",
    [
        PoolConfig("logical", "/dev/vg", "vg"),
        PoolConfig("rbd", source="cloud", source_hosts=("mon1", "mon2"), auth_user="egov", auth_secret=INSTANCE),
        PoolConfig("rbd", source="cloud", source_hosts=("mon1",)),
    ],
    ids=["logical", "rbd-login", "rbd"],
)
def test_disks_of_other_pools_are_valid(pool: PoolConfig) -> None:
    document = build()
    devices = document.find("devices")
    assert devices is not None
    path = "cloud/volume" if pool.kind == "rbd" else "/dev/vg/volume"
    devices.append(disk_xml.disk(path, "raw", "vdb", pool=pool, volume_id=VOLUME))
    assert complaints("domain", document) == ""
    assert disk_xml.source_of(devices.findall("disk")[-1]) == path
