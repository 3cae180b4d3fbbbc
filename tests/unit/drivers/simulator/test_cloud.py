"""What the simulated cloud keeps to beyond the contract: limits, true byte counts, checksums, its log, its speed."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from egovcloud.domain.errors import Conflict, Forbidden, NotFound, Permanent, QuotaExceeded, Unsupported
from egovcloud.drivers.base import (
    Capability,
    ImageSpec,
    NetworkSpec,
    Owned,
    OwnedKind,
    Power,
    SecurityGroupSpec,
    TenantSpec,
)
from egovcloud.drivers.floating import FloatingSpec
from egovcloud.drivers.simulator import SimulatorDriver
from egovcloud.drivers.simulator.__main__ import main
from egovcloud.drivers.simulator.schema import GIB, MEMORY_OVERCOMMIT, VCPU_OVERCOMMIT
from egovcloud.drivers.volume_copies import VolumeSnapshotSpec
from tests.unit.drivers.simulator.conftest import IMAGE, NETWORK, Bench


def test_host_is_generous_and_finite(bench: Bench) -> None:
    big = bench.instance(memory_mib=8192 * MEMORY_OVERCOMMIT)
    with pytest.raises(QuotaExceeded) as caught:
        bench.create(bench.spec(memory_mib=64))
    assert caught.value.code == "host.full"
    with pytest.raises(QuotaExceeded):
        bench.driver.live_migrate(bench.instance(host="b").id, "b", "a", shared=False, within=1)
    bench.driver.stop_instance("a", big.id, force=True, within=1)
    bench.driver.resize_instance("a", big.id, 4 * VCPU_OVERCOMMIT, 1024, within=1)
    with pytest.raises(QuotaExceeded):
        bench.create(bench.spec(memory_mib=64))
    bench.driver.delete_instance("a", big.id, within=1)
    bench.instance(memory_mib=8192 * MEMORY_OVERCOMMIT, vcpus=4 * VCPU_OVERCOMMIT)


def test_pool_is_generous_and_finite(bench: Bench) -> None:
    volume = bench.volume(size_gib=790)
    with pytest.raises(QuotaExceeded) as caught:
        bench.volume(size_gib=11)
    assert caught.value.code == "pool.no_space"
    with pytest.raises(QuotaExceeded):
        bench.driver.grow_volume("a", "local", volume.id, 801, within=1)
    bench.driver.delete_volume("a", "local", volume.id, within=1)
    bench.volume(size_gib=800)


def test_space_is_given_back_to_the_byte(bench: Bench) -> None:
    def used() -> list[float]:
        return [pool.used_gib for host in "ab" for pool in bench.driver.pools(host, within=1)]

    empty = used()
    spec, volume = bench.instance(), bench.volume()
    bench.driver.attach_volume("a", spec.id, "local", volume.id, within=1)
    bench.driver.create_snapshot("a", spec.id, "s", external=True, quiesce=False, within=1)
    assert used() > empty
    bench.driver.delete_snapshot("a", spec.id, "s", within=1)
    bench.driver.live_migrate(spec.id, "a", "b", shared=False, within=1)
    bench.driver.stop_instance("b", spec.id, force=True, within=1)
    bench.driver.rebuild_instance(replace(spec, host="b"), within=1)
    bench.driver.delete_instance("b", spec.id, within=1)
    bench.driver.delete_volume("b", "local", volume.id, within=1)
    assert used() == empty


def test_wiped_bytes_are_those_of_the_disks(bench: Bench) -> None:
    spec, volume = bench.instance(disk_gib=7), bench.volume(size_gib=3)
    record = bench.driver.wipe_instance("a", spec.id, within=1)
    assert record is not None
    assert (record.bytes_wiped, len(record.disks)) == (7 * GIB, 1)
    bench.driver.grow_volume("a", "local", volume.id, 5, within=1)
    record = bench.driver.wipe_volume("a", "local", volume.id, within=1)
    assert record is not None
    assert record.bytes_wiped == 5 * GIB


def test_external_snapshots_are_disks_to_wipe(bench: Bench) -> None:
    spec = bench.instance(disk_gib=7)
    bench.driver.create_snapshot("a", spec.id, "outside", external=True, quiesce=False, within=1)
    record = bench.driver.wipe_instance("a", spec.id, within=1)
    assert record is not None
    assert record.bytes_wiped > 7 * GIB
    assert len(record.disks) == 2


def test_checksum_is_computed_again_when_the_file_changed(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "image.raw"
    file.write_bytes(b"good")
    image = ImageSpec("real", "real", str(file), hashlib.sha256(b"good").hexdigest(), "raw")
    first = bench.driver.ensure_image("a", "local", image, within=5)
    assert bench.driver.ensure_image("b", "local", image, within=5) != first
    file.write_bytes(b"evil")
    os.utime(file, ns=(1, 1))
    with pytest.raises(Permanent) as caught:
        bench.driver.ensure_image("a", "shared", image, within=5)
    assert caught.value.code == "image.checksum"
    file.unlink()
    with pytest.raises(Permanent):
        bench.driver.ensure_image("a", "shared", image, within=5)


def test_image_of_one_id_has_one_checksum(bench: Bench) -> None:
    with pytest.raises(Permanent) as caught:
        bench.driver.ensure_image("a", "local", replace(IMAGE, sha256="1" * 64), within=5)
    assert caught.value.code == "image.checksum"


def test_disk_is_no_smaller_than_its_image(bench: Bench) -> None:
    with pytest.raises(Permanent):
        bench.create(bench.spec(disk_gib=1, image=replace(IMAGE, min_disk_gib=2)))


@pytest.mark.parametrize(
    "network",
    [
        NetworkSpec("n", "n", "nat", "10.0.0.0/33", "10.0.0.1"),
        NetworkSpec("n", "n", "nat", "10.0.0.0/24", "10.0.1.1"),
        NetworkSpec("n", "n", "bridged", "10.0.0.0/24", "10.0.0.1"),
        NetworkSpec("n", "n", "magic", "10.0.0.0/24", "10.0.0.1"),
    ],
)
def test_network_that_no_hypervisor_would_take_is_refused(bench: Bench, network: NetworkSpec) -> None:
    with pytest.raises(Permanent):
        bench.driver.ensure_network("a", network, within=1)


def test_address_outside_its_network_is_refused(bench: Bench) -> None:
    spec = bench.spec()
    with pytest.raises(Permanent):
        bench.create(replace(spec, nics=(replace(spec.nics[0], address="192.0.2.1"),)))


def test_migration_keeps_to_what_a_hypervisor_can_do(bench: Bench) -> None:
    spec = bench.instance()
    with pytest.raises(Permanent):
        bench.driver.live_migrate(spec.id, "a", "b", shared=True, within=1)
    bench.driver.create_snapshot("a", spec.id, "s", external=False, quiesce=False, within=1)
    with pytest.raises(Conflict) as caught:
        bench.driver.live_migrate(spec.id, "a", "b", shared=False, within=1)
    assert caught.value.code == "instance.has_snapshots"
    bench.driver.delete_snapshot("a", spec.id, "s", within=1)
    bench.driver.delete_network("b", "network", within=1)
    with pytest.raises(NotFound) as absent:
        bench.driver.live_migrate(spec.id, "a", "b", shared=False, within=1)
    assert absent.value.code == "network.absent"
    assert bench.driver.observe_instance("a", spec.id, within=1) is not None


def test_copy_onto_the_same_storage_is_refused(bench: Bench) -> None:
    bench.driver.ensure_image("a", "shared", IMAGE, within=1)
    spec = bench.instance(pool="shared")
    with pytest.raises(Conflict) as caught:
        bench.driver.live_migrate(spec.id, "a", "b", shared=False, within=1)
    assert caught.value.code == "migration.same_storage"


def test_snapshots_keep_to_what_a_hypervisor_can_do(bench: Bench) -> None:
    spec, volume = bench.instance(), bench.volume()
    bench.driver.attach_volume("a", spec.id, "local", volume.id, within=1)
    bench.outside.write(volume.id, "before")
    for name in ("first", "second"):
        bench.driver.create_snapshot("a", spec.id, name, external=True, quiesce=False, within=1)
    bench.outside.write(volume.id, "after")
    with pytest.raises(Conflict) as caught:
        bench.driver.create_snapshot("a", spec.id, "third", external=False, quiesce=False, within=1)
    assert caught.value.code == "snapshot.mixed"
    with pytest.raises(Conflict) as caught:
        bench.driver.detach_volume("a", spec.id, volume.id, within=1)
    assert caught.value.code == "volume.has_snapshots"
    bench.driver.stop_instance("a", spec.id, force=True, within=1)
    with pytest.raises(Conflict) as caught:
        bench.driver.revert_snapshot("a", spec.id, "first", within=1)
    assert caught.value.code == "snapshot.newer"
    bench.driver.revert_snapshot("a", spec.id, "second", within=1)
    assert bench.outside.read(volume.id) == "before"
    for name in ("first", "second"):
        bench.driver.delete_snapshot("a", spec.id, name, within=1)
    assert bench.driver.detach_volume("a", spec.id, volume.id, within=1)


def test_uefi_guest_has_no_internal_snapshot(bench: Bench) -> None:
    spec = bench.instance(image=replace(IMAGE, firmware="uefi"))
    with pytest.raises(Unsupported) as caught:
        bench.driver.create_snapshot("a", spec.id, "s", external=False, quiesce=False, within=1)
    assert caught.value.code == "snapshot.firmware"


def test_volume_in_a_shared_pool_is_one_for_both_hosts(bench: Bench) -> None:
    volume = bench.volume(pool="shared")
    seen = [bench.driver.observe_volume(host, "shared", volume.id, within=1) for host in "ab"]
    assert seen[0] is not None
    assert seen[1] is not None
    assert seen[0].ref.external_id == seen[1].ref.external_id
    bench.volume(id=volume.id, pool="shared", host="b")
    assert bench.log.doubled() == []


def test_last_slot_for_a_disk(bench: Bench) -> None:
    spec = bench.instance()
    for _ in range(25):
        volume = bench.volume(size_gib=1)
        bench.driver.attach_volume("a", spec.id, "local", volume.id, within=1)
    with pytest.raises(Permanent):
        bench.driver.attach_volume("a", spec.id, "local", bench.volume(size_gib=1).id, within=1)


def test_refused_calls_are_logged_without_effect(bench: Bench) -> None:
    spec, volume = bench.instance(), bench.volume()
    bench.driver.attach_volume("a", spec.id, "local", volume.id, within=1)
    with pytest.raises(Conflict):
        bench.driver.delete_volume("a", "local", volume.id, within=1)
    last = bench.log.records(our_id=volume.id)[-1]
    assert (last.call, last.host, last.answer, last.changed) == ("delete_volume", "a", "conflict volume.in_use", False)
    assert last.pid == os.getpid()
    bench.log.clear()
    bench.driver.observe_instance("a", spec.id, within=1)
    assert bench.log.records() == []


def test_hands_from_outside_make_drift(bench: Bench) -> None:
    spec, volume = bench.instance(), bench.volume()
    bench.driver.attach_volume("a", spec.id, "local", volume.id, within=1)

    def facts() -> tuple[Power, int, int, int]:
        seen = bench.driver.observe_instance("a", spec.id, within=1)
        assert seen is not None
        return seen.power, seen.vcpus, seen.memory_mib, len(seen.volumes)

    bench.outside.resize(spec.id, 3, 768)
    bench.outside.detach(volume.id)
    assert facts() == (Power.RUNNING, 3, 768, 0)
    bench.outside.crash(spec.id)
    assert facts()[0] is Power.CRASHED
    bench.driver.start_instance("a", spec.id, within=1)
    bench.outside.power(spec.id, Power.PAUSED)
    assert facts()[0] is Power.PAUSED
    bench.outside.rename(spec.id, "someone was here")
    assert [one.name for one in bench.driver.list_owned("a", within=1) if one.id == spec.id] == ["someone was here"]
    (listed,) = [one for one in bench.driver.list_owned("a", within=1) if one.id == spec.id]
    bench.outside.mark(spec.id, None)
    with pytest.raises(Forbidden):
        bench.driver.delete_owned(listed, within=1)
    bench.outside.mark(listed.external_id, "here")
    bench.outside.delete(spec.id)
    assert bench.driver.observe_instance("a", spec.id, within=1) is None
    with pytest.raises(NotFound):
        bench.outside.stop(spec.id)


@pytest.mark.parametrize("kind", list(OwnedKind))
def test_sweep_takes_every_kind(bench: Bench, kind: OwnedKind) -> None:
    bench.driver.ensure_tenant(TenantSpec("tenant", "t"), within=1)
    bench.driver.ensure_security_group("a", SecurityGroupSpec("group", "g", ()), within=1)
    spec, volume = bench.instance(), bench.volume()
    if kind is OwnedKind.VOLUME_SNAPSHOT:
        bench.driver.create_volume_snapshot(VolumeSnapshotSpec("v", "v", "a", "local", volume.id), within=1)
    if kind is OwnedKind.FLOATING_ADDRESS:
        bench.driver.create_floating_address("a", FloatingSpec("f", NETWORK), within=1)
    bench.driver.create_snapshot("a", spec.id, "s", external=False, quiesce=False, within=1)
    if kind in (OwnedKind.IMAGE, OwnedKind.NETWORK):
        bench.driver.delete_instance("a", spec.id, within=1)
    listed = [one for one in bench.driver.list_owned("a", within=1) if one.kind is kind]
    assert len(listed) == 1
    bench.driver.delete_owned(listed[0], within=1)
    assert not [one for one in bench.driver.list_owned("a", within=1) if one.kind is kind]


def test_sweep_respects_what_is_in_use(bench: Bench) -> None:
    bench.instance()
    for one in bench.driver.list_owned("a", within=1):
        if one.kind in (OwnedKind.IMAGE, OwnedKind.NETWORK):
            with pytest.raises(Conflict):
                bench.driver.delete_owned(one, within=1)
    with pytest.raises(NotFound):
        bench.driver.delete_owned(Owned(OwnedKind.IMAGE, "x", "y", "nowhere"), within=1)


def test_every_capability_is_declared(tmp_path: Path) -> None:
    """Projects are kept apart where the configuration says so."""
    whole, plain = (SimulatorDriver("here", tmp_path / "none", tenancy=tenancy) for tenancy in (True, False))
    assert whole.capabilities == frozenset(Capability)
    assert whole.capabilities - plain.capabilities == {Capability.TENANCY}


def test_no_query_reads_a_whole_table(bench: Bench) -> None:
    """What is asked of thousands of objects must come from an index, whatever the planner thinks of an empty file."""
    spec, volume = bench.spec(), bench.volume()
    connection = bench.driver.cloud.connection()
    seen: set[str] = set()
    connection.set_trace_callback(seen.add)
    bench.create(spec)
    bench.driver.attach_volume("a", spec.id, "local", volume.id, within=1)
    bench.driver.observe_instance("a", spec.id, within=1)
    bench.driver.observe_volume("a", "local", volume.id, within=1)
    bench.driver.create_snapshot("a", spec.id, "s", external=True, quiesce=True, within=1)
    bench.driver.list_owned("a", within=1)
    bench.driver.list_unmanaged("a", within=1)
    bench.driver.delete_snapshot("a", spec.id, "s", within=1)
    bench.driver.detach_volume("a", spec.id, volume.id, within=1)
    bench.driver.live_migrate(bench.instance().id, "a", "b", shared=False, within=1)
    bench.driver.delete_instance("a", spec.id, within=1)
    bench.driver.delete_volume("a", "local", volume.id, within=1)
    connection.set_trace_callback(None)
    explained = 0
    for statement in seen:
        if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
            continue
        plan = " ".join(row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement))
        assert "SCAN" not in plan, (statement, plan)
        explained += 1
    assert explained > 30


def test_command_line_flips_switches(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    settings = [
        "latency=0.2,0.1", "latency.create_instance=1", "fail.transient=0.5", "fail.conflict.delete_volume=1",
        "drop_answer=0.25", "hang=a,b", "unreachable=b", "duplicate_creation=1", "visibility=2", "deaf=*", "boot=4",
    ]  # fmt: skip
    assert main([str(bench.path), "set", *settings]) == 0
    state = bench.faults.show()
    assert state.latency == {"*": (0.2, 0.1), "create_instance": (1.0, 0.0)}
    assert [(rule.kind, rule.rate, rule.call) for rule in state.rules] == [
        ("transient", 0.5, "*"),
        ("conflict", 1.0, "delete_volume"),
        ("lost", 0.25, "*"),
    ]
    assert (state.hung, state.unreachable, state.deaf) == (("a", "b"), ("b",), ("*",))
    assert (state.duplicate_creation, state.visibility, state.boot) == (True, 2.0, 4.0)
    assert main([str(bench.path), "set", "fail.transient=0", "hang=", "nonsense=1"]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert main([str(bench.path), "show"]) == 0
    assert '"hung": []' in capsys.readouterr().out
    assert main([str(bench.path), "calm"]) == 0
    assert bench.faults.show().rules == ()
    assert main([str(bench.path), "calls", "--id", "image"]) == 0
    assert '"ensure_image"' in capsys.readouterr().out


def test_command_line_makes_a_cloud(tmp_path: Path) -> None:
    path = tmp_path / "made.sqlite"
    assert main([str(path), "create", "x:8:4096:fast=50,+san=900", "y"]) == 0
    driver = SimulatorDriver("here", path)
    hosts = {host.name: (host.vcpus, host.memory_mib) for host in driver.hosts(within=1)}
    assert hosts == {"x": (8, 4096), "y": (64, 262144)}
    pools = {pool.name: (pool.capacity_gib, pool.shared) for pool in driver.pools("x", within=1)}
    assert pools == {"fast": (50.0, False), "san": (900.0, True)}


def test_file_is_plain_sqlite_for_anyone_to_look_at(bench: Bench) -> None:
    bench.instance()
    connection = sqlite3.connect(f"file:{bench.path}?mode=ro", uri=True)
    assert connection.execute("SELECT count(*) FROM instances").fetchone() == (1,)
    connection.close()
