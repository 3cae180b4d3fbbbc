"""What bears our mark, what does not, and the removal of one object after another look at its mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from egovcloud.domain.errors import Forbidden
from egovcloud.drivers.base import Owned, OwnedKind, Unmanaged
from egovcloud.drivers.openstack import (
    adoption,
    floating,
    groups,
    images,
    instances,
    looks,
    networks,
    ports,
    servers,
    snapshots,
    tenants,
    volume_snapshots,
    volumes,
)
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.looks import Lists
from egovcloud.drivers.openstack.marker import name_of
from egovcloud.drivers.openstack.service import PAGE, Json
from egovcloud.drivers.survey import ImageLook, SnapshotLook, Survey, Thing

EVERYWHERE = ""  # the host of what has none
AT_ONCE = 40  # projects that one list of Neutron's is narrowed to
PORT = "port/"  # before Neutron's id of a port that was left over from an instance


def survey(call: Call) -> Survey:
    """The call's host has its instances; everything else belongs to all hosts of the cloud and is listed on each.

    The whole cloud is looked at, once for all hosts that are asked about at the same time, with one list of each kind.
    """
    seen = call.cloud.owned.ask(lambda: _everything(call), call.deadline.left())
    if seen is None:
        raise call.late()
    here = [thing for thing in seen if thing.owned.host in (call.host, EVERYWHERE)]
    return Survey(call.host, tuple(replace(one, owned=replace(one.owned, host=call.host)) for one in here))


def _everything(call: Call) -> tuple[Thing, ...]:
    mine = call.project_id()
    projects = tenants.every(call)
    installation = str({"egov_installation": call.marker.digest})
    lists = Lists(
        call.marker,
        call.compute.list("/servers/detail", "servers", tags=call.marker.tag, **call.wide),
        call.storage.list("/volumes/detail", "volumes", metadata=installation, **call.wide),
        call.storage.list("/snapshots/detail", "snapshots", metadata=installation, **call.wide),
        call.image.list("/images", "images", limit=PAGE, egov_installation=call.marker.digest),
        call.network.list("/networks", "networks", project_id=mine),
        call.network.list("/subnets", "subnets", project_id=mine),
        call.network.list("/security-groups", "security_groups", project_id=mine),
        _ports_of(call, [mine, *projects]),
        # Without an outer network there are none, and perhaps no routing at all.
        call.network.list("/floatingips", "floatingips", project_id=mine) if call.config.external_network else [],
    )
    return (
        *_instances(lists),
        *_ports(lists),
        *_volumes(lists),
        *_volume_snapshots(lists),
        *_images(lists),
        *_networks(lists),
        *_groups(lists),
        *_floating(lists),
        *_tenants(lists, projects),
    )


def _ports_of(call: Call, project_ids: Sequence[str]) -> list[Json]:
    """Ports of these projects: of as many at once as an address can name."""
    pieces = [list(project_ids[start : start + AT_ONCE]) for start in range(0, len(project_ids), AT_ONCE)]
    return [port for piece in pieces for port in call.network.list("/ports", "ports", project_id=piece)]


def _tenants(lists: Lists, projects: Mapping[str, Json]) -> Iterator[Thing]:
    for keystone_id, project in projects.items():
        our_id = lists.marker.of_tags(project.get("tags") or ())
        if our_id:
            yield Thing(Owned(OwnedKind.TENANT, our_id, keystone_id, EVERYWHERE, str(project["name"])))


def _instances(lists: Lists) -> Iterator[Thing]:
    plugged = lists.plugged()
    for server in lists.servers:
        our_id = lists.marker.of_tags(server.get("tags") or ())
        if our_id is None or server["status"] in servers.GONE:
            continue
        name = name_of(server["metadata"], str(server["name"]))
        power = servers.power_of(server)
        owned = Owned(OwnedKind.INSTANCE, our_id, str(server["id"]), servers.host_of(server), name, power)
        yield Thing(owned, looks.instance(lists, server, plugged.get(str(server["id"]), ())))


def _ports(lists: Lists) -> Iterator[Thing]:
    """Ports that no server has: what remains of a creation that was given up."""
    for port in lists.ports:
        our_id = lists.marker.of_description(ports.KIND, port.get("description"))
        if our_id and not port.get("device_id"):
            name = str(port.get("name") or "")
            yield Thing(Owned(OwnedKind.INSTANCE, our_id, f"{PORT}{port['id']}", EVERYWHERE, name))


def _volumes(lists: Lists) -> Iterator[Thing]:
    for volume in lists.volumes:
        our_id = lists.marker.of_properties(volumes.KIND, volume["metadata"])
        if our_id and volume["status"] != "deleting":
            owned = Owned(OwnedKind.VOLUME, our_id, str(volume["id"]), EVERYWHERE, str(volume.get("name") or ""))
            yield Thing(owned, looks.volume(lists, volume))


def _volume_snapshots(lists: Lists) -> Iterator[Thing]:
    for one in lists.volume_snapshots:
        our_id = lists.marker.of_properties(volume_snapshots.KIND, one["metadata"])
        if our_id and one["status"] != "deleting":
            owned = Owned(OwnedKind.VOLUME_SNAPSHOT, our_id, str(one["id"]), EVERYWHERE, str(one.get("name") or ""))
            yield Thing(owned, looks.volume_snapshot(lists, one))


def _images(lists: Lists) -> Iterator[Thing]:
    """Glance keeps an image's content as it was; what may change is only what it says of it."""
    for image in lists.images:
        name = str(image.get("name") or "")
        our_id = images.ours(lists.marker, images.KIND, image)
        if our_id:
            look = ImageLook(sha256=str(image["egov_sha256"]) if image.get("egov_sha256") else None)
            yield Thing(Owned(OwnedKind.IMAGE, our_id, str(image["id"]), EVERYWHERE, name), look)
        our_id = images.ours(lists.marker, snapshots.KIND, image)
        if our_id:
            yield Thing(Owned(OwnedKind.SNAPSHOT, our_id, str(image["id"]), EVERYWHERE, name), SnapshotLook())


def _networks(lists: Lists) -> Iterator[Thing]:
    for network in lists.networks:
        our_id = lists.marker.of_description(networks.KIND, network.get("description"))
        if our_id:
            owned = Owned(OwnedKind.NETWORK, our_id, str(network["id"]), EVERYWHERE, str(network["name"]))
            yield Thing(owned, looks.network(lists, network))


def _groups(lists: Lists) -> Iterator[Thing]:
    for group in lists.groups:
        our_id = lists.marker.of_description(groups.KIND, group.get("description"))
        if our_id:
            owned = Owned(OwnedKind.SECURITY_GROUP, our_id, str(group["id"]), EVERYWHERE, str(group["name"]))
            yield Thing(owned, looks.group(group))


def _floating(lists: Lists) -> Iterator[Thing]:
    for one in lists.floating:
        our_id = lists.marker.of_description(floating.KIND, one.get("description"))
        if our_id:
            name = str(one["floating_ip_address"])
            owned = Owned(OwnedKind.FLOATING_ADDRESS, our_id, str(one["id"]), EVERYWHERE, name)
            yield Thing(owned, floating.look(lists, one))


def list_unmanaged(call: Call) -> list[Unmanaged]:
    """What is not ours: servers of the host, and volumes and networks of our project, or of all where ours are apart.

    One look for all hosts.
    """
    seen = call.cloud.strangers.ask(lambda: tuple(_strangers(call)), call.deadline.left())
    if seen is None:
        raise call.late()
    return [replace(one, host=call.host) for one in seen if one.host in (call.host, EVERYWHERE)]


def _strangers(call: Call) -> Iterator[Unmanaged]:
    ours = set()
    tenant_of = {id_: call.marker.of_tags(one.get("tags") or ()) for id_, one in tenants.every(call).items()}
    for server in call.compute.list("/servers/detail", "servers", **call.wide):
        if call.marker.of_tags(server.get("tags") or ()):
            ours.add(str(server["id"]))
            continue
        flavor, host = server["flavor"], servers.host_of(server)
        if host:
            size = (int(flavor["vcpus"]), int(flavor["ram"]), float(flavor["disk"]))
            tenant = tenant_of.get(str(server["tenant_id"]))
            yield Unmanaged(OwnedKind.INSTANCE, str(server["id"]), host, str(server["name"]), *size, tenant=tenant)
    for volume in call.storage.list("/volumes/detail", "volumes", **call.wide):
        # What Nova made as the root disk of a server of ours goes with it.
        held_by_ours = any(one["server_id"] in ours for one in volume.get("attachments") or ())
        if call.marker.of_properties(volumes.KIND, volume["metadata"]) is None and not held_by_ours:
            name, size_gib = str(volume.get("name") or ""), float(volume["size"])
            tenant = tenant_of.get(str(volume.get("os-vol-tenant-attr:tenant_id")))
            yield Unmanaged(OwnedKind.VOLUME, str(volume["id"]), EVERYWHERE, name, size_gib=size_gib, tenant=tenant)
    # A way outside that the cloud offers to all is nobody's stray.
    everyone = {} if call.config.tenancy else {"project_id": call.project_id()}
    for network in call.network.list("/networks", "networks", **everyone):
        our_id = call.marker.of_description(networks.KIND, network.get("description"))
        if our_id is None and not network.get("router:external"):
            tenant = tenant_of.get(str(network.get("project_id")))
            yield Unmanaged(OwnedKind.NETWORK, str(network["id"]), EVERYWHERE, str(network["name"]), tenant=tenant)


def delete_owned(call: Call, owned: Owned) -> None:
    """Absent succeeds; ``Forbidden("driver.foreign")`` for what does not bear our mark with this id."""
    if owned.external_id.startswith(PORT):
        ports.remove_orphan(call, owned.id, owned.external_id.removeprefix(PORT))
        return
    read, remove = _WAYS[owned.kind]
    found = read(call, owned.external_id)
    if found is None:
        return
    if not found or found != owned.id:
        raise Forbidden("driver.foreign", external_id=owned.external_id, host=call.host)
    if adoption.give_back(call, owned.kind, owned.id, owned.external_id):
        return
    remove(call, owned.id, owned.external_id)


def _of_server(call: Call, external_id: str) -> str | None:
    server = servers.get(call, external_id)
    return None if server is None else call.marker.of_tags(server.get("tags") or ()) or ""


def _of_volume(call: Call, external_id: str) -> str | None:
    volume = volumes.get(call, external_id)
    return None if volume is None else call.marker.of_properties(volumes.KIND, volume["metadata"]) or ""


def _of_volume_snapshot(call: Call, external_id: str) -> str | None:
    one = volume_snapshots.get(call, external_id)
    return None if one is None else call.marker.of_properties(volume_snapshots.KIND, one["metadata"]) or ""


def _of_image(kind: str) -> Callable[[Call, str], str | None]:
    def read(call: Call, external_id: str) -> str | None:
        image = call.image.find(f"/images/{external_id}")
        return None if image is None else images.ours(call.marker, kind, image) or ""

    return read


def _of_neutron(path: str, key: str, kind: str) -> Callable[[Call, str], str | None]:
    def read(call: Call, external_id: str) -> str | None:
        found = call.network.find(f"/{path}/{external_id}")
        return None if found is None else call.marker.of_description(kind, found[key].get("description")) or ""

    return read


def _of_tenant(call: Call, external_id: str) -> str | None:
    found = call.identity.find(f"/projects/{external_id}")
    return None if found is None else call.marker.of_tags(found["project"].get("tags") or ()) or ""


def _remove_snapshot(call: Call, _our_id: str, external_id: str) -> None:
    call.image.delete(f"/images/{external_id}")


# For each kind: how our id is read off an object (empty when it is not ours), and how the object is removed.
_WAYS: dict[OwnedKind, tuple[Callable[[Call, str], str | None], Callable[[Call, str, str], None]]] = {
    OwnedKind.INSTANCE: (_of_server, instances.remove_copy),
    OwnedKind.VOLUME: (_of_volume, volumes.remove),
    OwnedKind.VOLUME_SNAPSHOT: (_of_volume_snapshot, volume_snapshots.remove),
    OwnedKind.IMAGE: (_of_image(images.KIND), images.remove),
    OwnedKind.SNAPSHOT: (_of_image(snapshots.KIND), _remove_snapshot),
    OwnedKind.NETWORK: (_of_neutron("networks", "network", networks.KIND), networks.remove),
    OwnedKind.FLOATING_ADDRESS: (_of_neutron("floatingips", "floatingip", floating.KIND), floating.remove),
    OwnedKind.SECURITY_GROUP: (_of_neutron("security-groups", "security_group", groups.KIND), groups.remove),
    OwnedKind.TENANT: (_of_tenant, tenants.remove),
}
