"""One look at a host tells of everything of ours; a fact that it does not tell is ``None``, never a guess."""

from __future__ import annotations

from dataclasses import replace

from egovcloud.drivers.base import Capability, OwnedKind, Power, RuleSpec
from egovcloud.drivers.survey import GroupLook, InstanceLook, NetworkLook, SnapshotLook, Thing, VolumeLook
from tests.contract.adapter import NETWORK_MODES, Cloud, new_id
from tests.contract.marks import needs, requires


def things(cloud: Cloud, kind: OwnedKind, our_id: str) -> list[Thing]:
    survey = cloud.driver.survey(cloud.host, within=cloud.limit)
    assert survey.host == cloud.host
    return [one for one in survey.things if (one.owned.kind, one.owned.id) == (kind, our_id)]


def instance(cloud: Cloud, our_id: str) -> InstanceLook:
    (found,) = things(cloud, OwnedKind.INSTANCE, our_id)
    assert isinstance(found.look, InstanceLook)
    return found.look


def volume(cloud: Cloud, our_id: str) -> VolumeLook:
    (found,) = things(cloud, OwnedKind.VOLUME, our_id)
    assert isinstance(found.look, VolumeLook)
    return found.look


def test_it_lists_what_the_list_lists(cloud: Cloud) -> None:
    cloud.instance()
    survey = cloud.driver.survey(cloud.host, within=cloud.limit)
    assert list(survey.owned) == list(cloud.driver.list_owned(cloud.host, within=cloud.limit))
    assert survey.owned


def test_instance_is_seen_as_it_was_made(cloud: Cloud) -> None:
    spec = cloud.instance()
    (found,) = things(cloud, OwnedKind.INSTANCE, spec.id)
    assert found.owned.power is Power.RUNNING
    assert found.owned.external_id == cloud.facts(spec).ref.external_id
    look = instance(cloud, spec.id)
    assert (look.vcpus, look.memory_mib) == (spec.vcpus, spec.memory_mib)
    assert look.disk_gib in (None, spec.disk_gib)
    assert look.image in (None, spec.image.id)
    assert look.name == look.given_name
    assert look.foreign_disks in (None, ())
    assert look.foreign_snapshots in (None, ())
    assert look.nics is not None
    assert {nic.mac: nic.network for nic in look.nics} == {nic.mac.lower(): nic.network.id for nic in spec.nics}
    wanted = {nic.mac.lower(): nic.address for nic in spec.nics}
    assert all(nic.address in (None, wanted[nic.mac]) for nic in look.nics)
    assert all(nic.groups in (None, ()) for nic in look.nics)


@requires(Capability.RESIZE)
def test_another_size_is_seen(cloud: Cloud) -> None:
    spec = cloud.stopped_instance()
    cloud.driver.resize_instance(cloud.host, spec.id, spec.vcpus + 1, spec.memory_mib + 64, within=cloud.limit)
    look = instance(cloud, spec.id)
    assert (look.vcpus, look.memory_mib) == (spec.vcpus + 1, spec.memory_mib + 64)
    (found,) = things(cloud, OwnedKind.INSTANCE, spec.id)
    assert found.owned.power is Power.STOPPED


@requires(Capability.SECURITY_GROUP)
def test_guards_and_their_rules_are_seen(cloud: Cloud) -> None:
    group = cloud.group(
        rules=(
            RuleSpec("ingress", "tcp", 22, 22, "10.0.0.0/8"),
            RuleSpec("ingress", "udp", 5000, 5010),
            RuleSpec("ingress", "icmp"),
            RuleSpec("egress", "any", None, None, "192.168.0.0/16"),
        )
    )
    nic = cloud.nic(cloud.default_network(), group)
    spec = cloud.instance(nics=(nic,))
    (seen,) = instance(cloud, spec.id).nics or ()
    assert (seen.groups, seen.address) == ((group.id,), nic.address)
    (found,) = things(cloud, OwnedKind.SECURITY_GROUP, group.id)
    assert isinstance(found.look, GroupLook)
    assert found.look.rules is not None
    assert set(found.look.rules) == set(group.rules)
    cloud.driver.ensure_security_group(cloud.host, replace(group, rules=()), within=cloud.limit)
    (found,) = things(cloud, OwnedKind.SECURITY_GROUP, group.id)
    assert found.look == GroupLook(())


@requires(Capability.VOLUME)
def test_a_volume_is_seen_with_its_size_and_its_holder(cloud: Cloud) -> None:
    spec, disk = cloud.booted_instance(), cloud.volume()
    free = volume(cloud, disk.id)
    assert free.size_gib == disk.size_gib
    assert free.instance in (None, "")
    cloud.driver.attach_volume(cloud.host, spec.id, cloud.pool, disk.id, within=cloud.limit)
    assert volume(cloud, disk.id).instance == spec.id
    assert instance(cloud, spec.id).foreign_disks in (None, ())
    cloud.wait_detached(spec, disk.id)
    assert volume(cloud, disk.id).instance in (None, "")
    cloud.driver.grow_volume(cloud.host, cloud.pool, disk.id, disk.size_gib + 1, within=cloud.limit)
    assert volume(cloud, disk.id).size_gib == disk.size_gib + 1


@requires(Capability.SNAPSHOT_INTERNAL)
def test_a_snapshot_is_seen_at_its_instance(cloud: Cloud) -> None:
    spec, snapshot = cloud.instance(), new_id()
    cloud.driver.create_snapshot(cloud.host, spec.id, snapshot, external=False, quiesce=False, within=cloud.patience)
    (found,) = things(cloud, OwnedKind.SNAPSHOT, snapshot)
    assert isinstance(found.look, SnapshotLook)
    assert found.look.instance in (None, spec.id)
    assert instance(cloud, spec.id).foreign_snapshots in (None, ())


def test_networks_are_seen_as_they_were_made(cloud: Cloud) -> None:
    for capability, mode in NETWORK_MODES.items():
        if not cloud.has(capability) or (mode == "bridged" and cloud.bridge is None):
            continue
        spec = replace(cloud.network(), mode=mode, bridge=cloud.bridge if mode == "bridged" else None)
        cloud.driver.ensure_network(cloud.host, spec, within=cloud.limit)
        (found,) = things(cloud, OwnedKind.NETWORK, spec.id)
        assert isinstance(found.look, NetworkLook)
        assert found.look.mode in (None, mode)
        assert found.look.cidr in (None, spec.cidr)
        assert found.look.gateway in (None, spec.gateway)
        assert found.look.bridge in (None, spec.bridge or "")
        cloud.driver.delete_network(cloud.host, spec.id, within=cloud.limit)


@needs("duplicates")
def test_duplicates_are_seen_one_by_one(cloud: Cloud) -> None:
    spec = cloud.instance()
    second = cloud.duplicate(cloud.host, spec.id)
    first = cloud.facts(spec).ref.external_id
    assert {one.owned.external_id for one in things(cloud, OwnedKind.INSTANCE, spec.id)} == {first, second}


@needs("outside")
def test_what_somebody_did_is_seen_and_what_is_not_ours_is_left_out(cloud: Cloud) -> None:
    spec = cloud.instance()
    stray = cloud.plant(cloud.host, OwnedKind.INSTANCE)
    cloud.stop_outside(cloud.host, spec.id)
    (found,) = things(cloud, OwnedKind.INSTANCE, spec.id)
    assert found.owned.power is Power.STOPPED
    survey = cloud.driver.survey(cloud.host, within=cloud.limit)
    assert stray not in {one.owned.external_id for one in survey.things}
