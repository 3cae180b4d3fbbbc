"""For every kind of operation one way to bring it about, on an estate that has something of everything."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import InstanceSpec
from egovcloud.drivers.objects import BucketSpec
from egovcloud.drivers.simulator import Faults, Outside, Tamper
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.specs import image_spec, instance_spec, network_spec, security_group_spec
from egovcloud.services import (
    adoption,
    bucket,
    bucket_key,
    drift,
    floating_address,
    host_action,
    image,
    instance,
    network,
    request,
    security_group,
    snapshot,
    volume,
    volume_snapshot,
)
from egovcloud.store.models import (
    Bucket,
    Drift,
    FloatingAddress,
    Host,
    Image,
    Instance,
    Network,
    SecurityGroup,
    Snapshot,
    StoragePool,
    Volume,
    VolumeSnapshot,
)
from egovcloud.store.secrets import Cipher
from tests.world import Inside, World, enter, machine

Act = Callable[[Inside], Any]

RULE = {"direction": "ingress", "protocol": "tcp", "port_min": 22, "port_max": 22, "cidr": "0.0.0.0/0"}


def furnish(world: World) -> World:
    """Add the estate: ``web`` runs with ``data``, ``idle`` is stopped beside the free ``spare``, ``kept`` has ``past``.
    The floating address ``reach`` leads to ``web``, ``loose`` to nobody.

    ``moment`` is a snapshot of ``data``.

    From here on the cloud takes a second object with the same mark, as Nova does.
    """
    ids = dict(world.ids)
    with enter(world) as inside:
        asked = request.create(
            inside.house, world.requester, title="一期", project_id=world["project"], items=[machine(world, "web", [1])]
        )
        request.submit(inside.house, world.requester, asked.id)
        request.approve(inside.house, world.approver, asked.id)
        request.approve(inside.house, world.operator, asked.id)
        for name in ("idle", "kept"):
            ask_instance(inside, name)
        inside.settle()
        named = {row.name: row.id for row in inside.rows(Instance)}
        ids.update({name: named[name] for name in ("web", "idle", "kept")})
        ids["data"] = inside.rows(Volume)[0].id
        operator, project = world.operator, world["project"]
        volume.create(inside.house, operator, name="spare", project_id=project, size_gib=1, instance_id=ids["idle"])
        snapshot.create(inside.house, operator, instance_id=ids["kept"], name="past")
        inside.settle()
        ids["spare"] = next(row.id for row in inside.rows(Volume) if row.name == "spare")
        ids["past"] = inside.rows(Snapshot)[0].id
        volume.detach(inside.house, operator, ids["spare"])
        volume_snapshot.create(inside.house, operator, volume_id=ids["data"], name="moment")
        instance.stop(inside.house, operator, ids["idle"])
        inside.settle()
        ids["moment"] = inside.rows(VolumeSnapshot)[0].id
        _floating(inside, ids)
        _keep_apart(inside, replace(world, ids=ids))
        _spread(inside)
        wanted = [machine(world, "late", [1, 2]), {"kind": "bucket", "name": "late", "quota_gib": 5}]
        later = request.create(inside.house, world.requester, title="二期", project_id=project, items=wanted)
        request.submit(inside.house, world.requester, later.id)
        request.approve(inside.house, world.approver, later.id)
        ids["later"] = later.id
        cloud = Outside(world.cloud)
        ids["stray"] = cloud.add_instance("h0", "stray", owner=world.installation, our_id="no-row-has-this-id")
        ids["twin"] = cloud.duplicate(ids["kept"])
        inside.reconcile()
        _buckets(inside, ids)
    Faults(world.cloud).duplicate_creation()
    return replace(world, ids=ids)


def spec_of(inside: Inside, instance_id: str) -> InstanceSpec:
    """The instance as a driver is told of it."""
    with inside.database.read() as session:
        return instance_spec(session, Cipher(inside.world.key), session.get_one(Instance, instance_id))


def _floating(inside: Inside, ids: dict[str, str]) -> None:
    world = inside.world
    ask = {"project_id": world["project"], "network_id": world["network"]}
    floating_address.create(inside.house, world.operator, **ask, instance_id=ids["web"])
    floating_address.create(inside.house, world.operator, **ask)
    inside.settle()
    for row in inside.rows(FloatingAddress):
        ids["reach" if row.instance_id else "loose"] = row.id


def _buckets(inside: Inside, ids: dict[str, str]) -> None:
    """``papers`` holds an object, ``bare`` holds none."""
    for name in ("papers", "bare"):
        _bucket(inside, name)
    inside.settle()
    ids.update({row.name: row.id for row in inside.rows(Bucket)})
    inside.store.put_object(ids["papers"], "a/b.txt", io.BytesIO(b"kept"), 4, "", within=5.0)
    key, _ = bucket_key.create(
        inside.house, inside.providers, inside.world.operator, ids["papers"], name="program", writes=True
    )
    ids["key"] = key["id"]
    inside.meter()


def _bucket(inside: Inside, name: str) -> Any:
    world = inside.world
    return bucket.create(inside.house, world.operator, name=name, project_id=world["project"], quota_gib=10)


def _meter(inside: Inside) -> Any:
    """A bucket and a key that bear our mark and belong to no row are seen for the second time, and go."""
    inside.store.create_bucket(BucketSpec(new_id(), "stray"), within=5.0)
    inside.store.create_key(inside.world["papers"], new_id(), writes=True, within=5.0)
    inside.meter()
    with inside.database.unit() as session:
        return enqueue(
            session,
            "provider.meter",
            inside.world["provider"],
            now=inside.clock(),
            department_id=None,
            params={"sweep_age": 0.0},
        )


def _others(cloud: Tamper) -> dict[str, str]:
    """What nobody asked us for: a machine with a card in its own network and a volume, and a volume beside it."""
    ids = {
        "instance": cloud.add_instance("h1", "legacy", vcpus=3, memory_mib=700, disk_gib=7),
        "volume": cloud.add_volume("h1", "default", "archive", 6),
    }
    wire = cloud.add_network("h1", "office", "192.168.7.0/24")
    cloud.plug(ids["instance"], wire, "52:54:00:aa:bb:01", "192.168.7.5")
    cloud.attach(cloud.add_volume("h1", "default", "ledger", 4), ids["instance"])
    return ids


def ask_instance(inside: Inside, name: str) -> Any:
    """One more machine of the estate's usual kind."""
    world = inside.world
    return instance.create(
        inside.house,
        world.operator,
        name=name,
        project_id=world["project"],
        flavor_id=world["small"],
        image_id=world["image"],
        network_ids=[world["network"]],
        security_group_ids=[world["group"]],
    )


def _keep_apart(inside: Inside, world: World) -> None:
    """``web`` can leave its host: nothing there that has a past, since snapshots hold a machine where it is."""
    taken = {inside.row(Instance, world[name]).host_id for name in ("kept", "idle")}
    if inside.row(Instance, world["web"]).host_id in taken:
        free = next(host.id for host in inside.rows(Host) if host.id not in taken)
        instance.migrate(inside.house, world.operator, world["web"], host_id=free)
        inside.settle()


def _spread(inside: Inside) -> None:
    """What only deletion is about exists on every host."""
    world = inside.world
    with inside.database.read() as session:
        picture = image_spec(session.get_one(Image, world["other_image"]))
        wire = network_spec(session.get_one(Network, world["other_network"]))
        guard = security_group_spec(session, session.get_one(SecurityGroup, world["other_group"]))
    for host in inside.rows(Host):
        for pool in inside.rows(StoragePool, StoragePool.host_id == host.id):
            inside.driver.ensure_image(host.name, pool.name, picture, within=5.0)
        inside.driver.ensure_network(host.name, wire, within=5.0)
        inside.driver.ensure_security_group(host.name, guard, within=5.0)


def _reconcile(inside: Inside) -> Any:
    Outside(inside.world.cloud).stop(inside.world["web"])
    with inside.database.unit() as session:
        return enqueue(
            session,
            "provider.reconcile",
            inside.world["provider"],
            now=inside.clock(),
            department_id=None,
            params={"sweep_age": 0.0},
        )


def _repair(inside: Inside) -> Any:
    """Somebody gave a running machine another size, and it is to have its own again."""
    row = inside.row(Instance, inside.world["web"])
    Tamper(inside.world.cloud).resize(row.id, row.vcpus + 1, row.memory_mib)
    inside.reconcile(times=2)
    found = inside.rows(Drift, Drift.kind == "instance.vcpus", Drift.state == "open")
    return drift.repair(inside.house, inside.world.operator, found[0].id)


def _create_volume(inside: Inside) -> Any:
    world = inside.world
    return volume.create(
        inside.house, world.operator, name="new", project_id=world["project"], size_gib=3, instance_id=world["web"]
    )


def _clone(inside: Inside) -> Any:
    """Of the one that nobody has, for the machine beside it."""
    world = inside.world
    return volume.create(
        inside.house,
        world.operator,
        name="copy",
        project_id=world["project"],
        size_gib=2,
        instance_id=world["idle"],
        source={"kind": "volume", "id": world["spare"]},
    )


def _adopt(*kinds: str) -> Act:
    """Take what others made under management, all at once."""

    def act(inside: Inside) -> Any:
        ids, world = _others(Tamper(inside.world.cloud)), inside.world
        (host,) = inside.rows(Host, Host.name == "h1")
        items = [{"kind": kind, "host_id": host.id, "external_id": ids[kind]} for kind in kinds]
        return adoption.run(inside.house, inside.providers, world.operator, project_id=world["project"], items=items)

    return act


def _release(use_case: Callable[..., Any], kind: str) -> Act:
    """What was adopted is given back."""

    def act(inside: Inside) -> Any:
        model = Volume if kind == "volume" else Instance
        before = [row.id for row in inside.rows(model)]
        _adopt(kind)(inside)
        inside.settle()
        (row,) = inside.rows(model, model.id.not_in(before), model.name != "ledger")
        return use_case(inside.house, inside.world.operator, row.id, confirm=row.name)

    return act


def _drain(inside: Inside) -> Any:
    return host_action.drain(inside.house, inside.world.operator, inside.row(Instance, inside.world["web"]).host_id)


def _unshelve(inside: Inside) -> Any:
    """Of a machine without volumes, so that it may come back on any host."""
    instance.shelve(inside.house, inside.world.operator, inside.world["idle"])
    inside.settle()
    return instance.unshelve(inside.house, inside.world.operator, inside.world["idle"])


Act = Callable[[Inside], Any]


def _do(use_case: Callable[..., Any], name: str, /, **values: Any) -> Act:
    """The operator does this to the thing called ``name``."""
    return lambda inside: use_case(inside.house, inside.world.operator, inside.world[name], **values)


def _with(use_case: Callable[..., Any], name: str, **names: str) -> Act:
    """The same where the values are ids of other things."""
    return lambda inside: _do(use_case, name, **{key: inside.world[value] for key, value in names.items()})(inside)


SCENARIOS: dict[str, Act] = {
    "instance.create": lambda inside: ask_instance(inside, "new"),
    "instance.start": _do(instance.start, "idle"),
    "instance.stop": _do(instance.stop, "web"),
    "instance.reboot": _do(instance.reboot, "web"),
    "instance.resize": _with(instance.resize, "web", flavor_id="large"),
    "instance.rebuild": lambda inside: instance.rebuild(
        inside.house, inside.world.operator, inside.world["web"], image_id=inside.world["other_image"], confirm="web"
    ),
    "instance.migrate": _do(instance.migrate, "web"),
    "instance.shelve": _do(instance.shelve, "web"),
    "instance.unshelve": _unshelve,
    "instance.guard": lambda inside: instance.guard(
        inside.house, inside.world.operator, inside.world["web"], security_group_ids=[inside.world["other_group"]]
    ),
    "instance.delete": _do(instance.delete, "web", confirm="web"),
    "volume.create": _create_volume,
    "volume.clone": _clone,
    "volume.attach": _with(volume.attach, "spare", instance_id="idle"),
    "volume.detach": _do(volume.detach, "data"),
    "volume.grow": _do(volume.grow, "data", size_gib=5),
    "volume.delete": _do(volume.delete, "spare", confirm="spare"),
    "instance.adopt": _adopt("instance"),
    "instance.release": _release(instance.release, "instance"),
    "volume.adopt": _adopt("volume"),
    "volume.release": _release(volume.release, "volume"),
    "project.adopt": _adopt("instance", "volume"),
    "snapshot.create": lambda inside: snapshot.create(
        inside.house, inside.world.operator, instance_id=inside.world["idle"], name="now"
    ),
    "snapshot.revert": _do(snapshot.revert, "past"),
    "snapshot.delete": _do(snapshot.delete, "past"),
    "volume_snapshot.create": lambda inside: volume_snapshot.create(
        inside.house, inside.world.operator, volume_id=inside.world["spare"], name="now"
    ),
    "volume_snapshot.delete": _do(volume_snapshot.delete, "moment"),
    "floating_address.create": lambda inside: floating_address.create(
        inside.house, inside.world.operator, project_id=inside.world["project"], instance_id=inside.world["kept"]
    ),
    "floating_address.associate": _with(floating_address.associate, "loose", instance_id="idle"),
    "floating_address.disassociate": _do(floating_address.disassociate, "reach"),
    "floating_address.delete": _do(floating_address.delete, "loose"),
    "security_group.apply": _do(security_group.set_rules, "group", rules=[RULE]),
    "security_group.delete": _do(security_group.delete, "other_group"),
    "network.delete": _do(network.delete, "other_network"),
    "image.delete": _do(image.delete, "other_image"),
    "bucket.create": lambda inside: _bucket(inside, "new"),
    "bucket.update": _do(bucket.update, "papers", name="文书", quota_gib=20, versioning=True, expire_days=30),
    "bucket.delete": lambda inside: bucket.delete(
        inside.house,
        inside.providers,
        inside.world.operator,
        inside.world["papers"],
        confirm="papers",
        contents="papers",
    ),
    "bucket_key.delete": lambda inside: bucket_key.delete(
        inside.house, inside.world.operator, inside.world["papers"], inside.world["key"]
    ),
    "provider.meter": _meter,
    "request.provision": _do(request.approve, "later"),
    "host.drain": _drain,
    "drift.repair": _repair,
    "provider.reconcile": _reconcile,
}
