"""What the contract cannot express: seen from inside guests, on the medium, and after something has died."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from egovcloud.domain.errors import Conflict, Transient
from egovcloud.drivers.base import InstanceSpec, Owned, OwnedKind, Power, RuleSpec, SecurityGroupSpec
from tests.contract.adapter import new_id
from tests.contract.backends.libvirt_qemu import QemuCloud, open_cloud

PATTERN = "机密 residual information "


class Killed(BaseException):
    """What a dying process does to a call."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QemuCloud]:
    with open_cloud(tmp_path_factory.mktemp("libvirt")) as cloud:
        assert isinstance(cloud, QemuCloud)
        yield cloud


@pytest.fixture
def cloud(opened: QemuCloud) -> Iterator[QemuCloud]:
    yield opened
    opened.clean()


def _file(cloud: QemuCloud, host: str, part: str) -> Path:
    """The one file of a host's local pool whose name holds ``part``."""
    (found,) = [path for path in (cloud.directory / host / "pool").iterdir() if part in path.name]
    return found


def test_volume_is_seen_grown_and_given_back_inside_the_guest(cloud: QemuCloud) -> None:
    spec, volume = cloud.booted_instance(), cloud.volume()
    target = cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    link = f"/dev/disk/by-id/virtio-{volume.id.replace('-', '')[:20]}"
    seen = cloud.run(cloud.host, spec.id, f"until [ -e {link} ]; do sleep 0.1; done; readlink {link}")
    assert seen.endswith(target)
    sectors = f"cat /sys/block/{target}/size"
    assert int(cloud.run(cloud.host, spec.id, sectors)) == (1 << 30) // 512
    cloud.driver.grow_volume(cloud.host, cloud.pool, volume.id, 2, within=cloud.limit)
    cloud.wait("the guest sees 2 GiB", lambda: int(cloud.run(cloud.host, spec.id, sectors)) == (2 << 30) // 512)
    cloud.wait_detached(spec, volume.id)
    assert cloud.run(cloud.host, spec.id, f"[ -e /sys/block/{target} ] || echo gone") == "gone"


def test_what_a_guest_wrote_is_overwritten_on_the_medium(cloud: QemuCloud) -> None:
    """A second link to each file shows what its blocks hold after the first link is gone."""
    spec, volume = cloud.booted_instance(), cloud.volume()
    cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    fill = f"yes '{PATTERN}' | head -c 4000000"
    cloud.run(cloud.host, spec.id, f"{fill} > /root/secret; {fill} > /dev/vdb; sync")
    root, data = _file(cloud, cloud.host, f"root-{spec.id}"), _file(cloud, cloud.host, f"vol-{volume.id}")
    kept = [cloud.directory / "root-kept", cloud.directory / "data-kept"]
    for path, link in zip((root, data), kept, strict=True):
        os.link(path, link)
    cloud.driver.stop_instance(cloud.host, spec.id, force=True, within=cloud.limit)
    assert all(PATTERN.encode() in link.read_bytes() for link in kept)
    first = cloud.driver.wipe_instance(cloud.host, spec.id, within=cloud.patience)
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    second = cloud.driver.wipe_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)
    cloud.driver.delete_volume(cloud.host, cloud.pool, volume.id, within=cloud.patience)
    assert not root.exists()
    assert not data.exists()
    for record, link in zip((first, second), kept, strict=True):
        assert record is not None
        assert record.bytes_wiped >= link.stat().st_size
        assert not link.read_bytes().strip(b"\0")
        link.unlink()


def _reaches(cloud: QemuCloud, spec: InstanceSpec, address: str, port: int) -> bool:
    return "SSH" in cloud.run(cloud.host, spec.id, f"nc -w 3 {address} {port} </dev/null | head -c 8; true")


def test_security_group_blocks_allows_and_changes_under_a_running_guest(cloud: QemuCloud) -> None:
    network = cloud.default_network()
    ssh = RuleSpec("ingress", "tcp", 22, 22)
    from_host = replace(ssh, cidr=f"{network.gateway}/32")
    group = SecurityGroupSpec(new_id(), "guarded", (from_host,))
    probe = cloud.booted_instance()
    guarded = cloud.booted_instance(nics=(cloud.nic(network, group),))
    address = guarded.nics[0].address
    assert cloud.run(cloud.host, guarded.id, "hostname") == guarded.hostname
    assert not _reaches(cloud, probe, address, 22)
    cloud.driver.ensure_security_group(cloud.host, replace(group, rules=(from_host, ssh)), within=cloud.limit)
    assert _reaches(cloud, probe, address, 22)
    cloud.driver.ensure_security_group(cloud.host, group, within=cloud.limit)
    assert not _reaches(cloud, probe, address, 22)
    closed = replace(group, rules=(from_host, RuleSpec("egress", "udp", 53, 53)))
    assert _reaches(cloud, guarded, probe.nics[0].address, 22)
    cloud.driver.ensure_security_group(cloud.host, closed, within=cloud.limit)
    assert not _reaches(cloud, guarded, probe.nics[0].address, 22)


def test_guest_cannot_take_another_address(cloud: QemuCloud) -> None:
    spec = cloud.booted_instance()
    gateway, stolen = spec.nics[0].network.gateway, spec.nics[0].address.rsplit(".", 1)[0] + ".251"
    ping = f"ping -c 1 -W 2 -I {stolen} {gateway} >/dev/null && echo heard || echo dropped"
    add = f"ip addr add {stolen}/32 dev eth0"
    assert cloud.run(cloud.host, spec.id, f"{add}; {ping}; ip addr del {stolen}/32 dev eth0") == "dropped"
    assert cloud.run(cloud.host, spec.id, f"ping -c 1 -W 5 {gateway} >/dev/null && echo heard") == "heard"


def test_volume_keeps_what_was_written_above_a_snapshot_when_its_instance_goes(cloud: QemuCloud) -> None:
    spec, volume = cloud.booted_instance(), cloud.volume()
    cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, volume.id, within=cloud.limit)
    cloud.driver.create_snapshot(cloud.host, spec.id, new_id(), external=True, quiesce=False, within=cloud.patience)
    with pytest.raises(Conflict):
        cloud.driver.detach_volume(cloud.host, spec.id, volume.id, within=cloud.limit)
    cloud.run(cloud.host, spec.id, "echo above the snapshot > /dev/vdb; sync")
    cloud.driver.delete_instance(cloud.host, spec.id, within=cloud.patience)
    heir = cloud.booted_instance()
    cloud.driver.attach_volume(cloud.host, heir.id, cloud.pool, volume.id, within=cloud.limit)
    assert cloud.run(cloud.host, heir.id, "head -c 18 /dev/vdb") == "above the snapshot"
    names = [path.name for path in (cloud.directory / cloud.host / "pool").iterdir()]
    assert not [name for name in names if spec.id in name]


def test_driver_and_guest_outlive_libvirtd(cloud: QemuCloud) -> None:
    spec = cloud.booted_instance()
    cloud.hosts_.kill(cloud.host)
    with pytest.raises(Transient):
        cloud.driver.observe_instance(cloud.host, spec.id, within=5)
    cloud.hosts_.restart(cloud.host)
    cloud.reconnect()

    def seen() -> bool:
        try:
            return cloud.facts(spec).power is Power.RUNNING
        except Transient:
            return False

    cloud.wait("the host is taken back", seen)
    assert cloud.run(cloud.host, spec.id, "hostname") == spec.hostname


@pytest.mark.parametrize("step", ["migration.networks", "migration.disks", "migration.ready", "migration.moved"])
@pytest.mark.parametrize("shared", [True, False])
def test_migration_killed_on_its_way_ends_with_one_running_copy(cloud: QemuCloud, step: str, shared: bool) -> None:
    pool = cloud.shared_pool if shared else cloud.pool
    spec = cloud.booted_instance(pool=pool)
    cloud.write(cloud.host, spec.id, "carried")
    cloud.prepare(spec, cloud.second)

    def reaper(passed: str) -> None:
        if passed == step:
            raise Killed(step)

    with pytest.raises(Killed):
        cloud.drive("contract", reaper).live_migrate(
            spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience
        )
    running = [
        host
        for host in (cloud.host, cloud.second)
        if (facts := cloud.driver.observe_instance(host, spec.id, within=cloud.limit)) and facts.power is Power.RUNNING
    ]
    assert len(running) == 1
    ref = cloud.driver.live_migrate(spec.id, cloud.host, cloud.second, shared=shared, within=cloud.patience)
    assert ref.host == cloud.second
    assert cloud.driver.observe_instance(cloud.host, spec.id, within=cloud.limit) is None
    assert cloud.read(cloud.second, spec.id) == "carried"
    assert cloud.owned(OwnedKind.INSTANCE, spec.id, cloud.host) == []


def test_disk_on_shared_storage_is_never_left_over_while_its_guest_runs_elsewhere(cloud: QemuCloud) -> None:
    spec = cloud.instance(pool=cloud.shared_pool)
    disk = next(path for path in (cloud.directory / "shared").iterdir() if f"root-{spec.id}" in path.name)
    assert cloud.owned(OwnedKind.INSTANCE, spec.id, cloud.second) == []
    with pytest.raises(Conflict) as caught:
        cloud.driver.delete_owned(Owned(OwnedKind.INSTANCE, spec.id, str(disk), cloud.second), within=cloud.patience)
    assert caught.value.code == "instance.in_use"
    with cloud.hanging(cloud.host), pytest.raises(Transient):
        cloud.driver.delete_owned(Owned(OwnedKind.INSTANCE, spec.id, str(disk), cloud.second), within=cloud.patience)
    assert disk.exists()
    cloud.wait("the host answers again", lambda: _power(cloud, spec) is Power.RUNNING)


def _power(cloud: QemuCloud, spec: InstanceSpec) -> Power | None:
    try:
        return cloud.facts(spec).power
    except Transient:
        return None
