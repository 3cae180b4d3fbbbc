"""What bears our mark, what does not, and the removal of one object after another look at its mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from egovcloud.domain.errors import Forbidden
from egovcloud.drivers.base import Owned, OwnedKind, Unmanaged
from egovcloud.drivers.openstack import groups, images, instances, networks, ports, servers, snapshots, volumes
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.marker import name_of
from egovcloud.drivers.openstack.service import PAGE

EVERYWHERE = ""  # the host of what has none
PORT = "port/"  # before Neutron's id of a port that was left over from an instance


def list_owned(call: Call) -> list[Owned]:
    """The call's host has its instances; everything else belongs to all hosts of the cloud and is listed on each.

    The whole cloud is looked at, once for all hosts that are asked about at the same time.
    """
    seen = call.cloud.owned.ask(lambda: _everything(call), call.deadline.left())
    if seen is None:
        raise call.late()
    return [replace(one, host=call.host) for one in seen if one.host in (call.host, EVERYWHERE)]


def _everything(call: Call) -> tuple[Owned, ...]:
    return (*_instances(call), *_ports(call), *_volumes(call), *_images(call), *_networks(call), *_groups(call))


def _instances(call: Call) -> Iterator[Owned]:
    for server in call.compute.list("/servers/detail", "servers", tags=call.marker.tag):
        our_id = call.marker.of_tags(server.get("tags") or ())
        if our_id is None or server["status"] in servers.GONE:
            continue
        name = name_of(server["metadata"], str(server["name"]))
        power = servers.power_of(server)
        yield Owned(OwnedKind.INSTANCE, our_id, str(server["id"]), servers.host_of(server), name, power)


def _ports(call: Call) -> Iterator[Owned]:
    """Ports that no server has: what remains of a creation that was given up."""
    for port in call.network.list("/ports", "ports", project_id=call.project_id(), device_id=""):
        our_id = call.marker.of_description(ports.KIND, port.get("description"))
        if our_id and not port.get("device_id"):
            yield Owned(OwnedKind.INSTANCE, our_id, f"{PORT}{port['id']}", EVERYWHERE, str(port.get("name") or ""))


def _volumes(call: Call) -> Iterator[Owned]:
    wanted = str({"egov_installation": call.marker.digest})
    for volume in call.storage.list("/volumes/detail", "volumes", metadata=wanted):
        our_id = call.marker.of_properties(volumes.KIND, volume["metadata"])
        if our_id and volume["status"] != "deleting":
            yield Owned(OwnedKind.VOLUME, our_id, str(volume["id"]), EVERYWHERE, str(volume.get("name") or ""))


def _images(call: Call) -> Iterator[Owned]:
    kinds = {images.KIND: OwnedKind.IMAGE, snapshots.KIND: OwnedKind.SNAPSHOT}
    for image in call.image.list("/images", "images", limit=PAGE, egov_installation=call.marker.digest):
        for kind, owned in kinds.items():
            our_id = call.marker.of_properties(kind, image)
            if our_id:
                yield Owned(owned, our_id, str(image["id"]), EVERYWHERE, str(image.get("name") or ""))


def _networks(call: Call) -> Iterator[Owned]:
    for network in call.network.list("/networks", "networks", project_id=call.project_id()):
        our_id = call.marker.of_description(networks.KIND, network.get("description"))
        if our_id:
            yield Owned(OwnedKind.NETWORK, our_id, str(network["id"]), EVERYWHERE, str(network["name"]))


def _groups(call: Call) -> Iterator[Owned]:
    for group in call.network.list("/security-groups", "security_groups", project_id=call.project_id()):
        our_id = call.marker.of_description(groups.KIND, group.get("description"))
        if our_id:
            yield Owned(OwnedKind.SECURITY_GROUP, our_id, str(group["id"]), EVERYWHERE, str(group["name"]))


def list_unmanaged(call: Call) -> list[Unmanaged]:
    """Servers of the host, and volumes and networks of our project, that are not ours."""
    found, ours = [], set()
    for server in call.compute.list("/servers/detail", "servers"):
        if call.marker.of_tags(server.get("tags") or ()):
            ours.add(str(server["id"]))
        elif servers.host_of(server) == call.host:
            flavor = server["flavor"]
            size = (int(flavor["vcpus"]), int(flavor["ram"]), float(flavor["disk"]))
            found.append(Unmanaged(OwnedKind.INSTANCE, str(server["id"]), call.host, str(server["name"]), *size))
    for volume in call.storage.list("/volumes/detail", "volumes"):
        # What Nova made as the root disk of a server of ours goes with it.
        held_by_ours = any(one["server_id"] in ours for one in volume.get("attachments") or ())
        if call.marker.of_properties(volumes.KIND, volume["metadata"]) is None and not held_by_ours:
            name, size_gib = str(volume.get("name") or ""), float(volume["size"])
            found.append(Unmanaged(OwnedKind.VOLUME, str(volume["id"]), call.host, name, size_gib=size_gib))
    for network in call.network.list("/networks", "networks", project_id=call.project_id()):
        if call.marker.of_description(networks.KIND, network.get("description")) is None:
            found.append(Unmanaged(OwnedKind.NETWORK, str(network["id"]), call.host, str(network["name"])))
    return found


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
    remove(call, owned.id, owned.external_id)


def _of_server(call: Call, external_id: str) -> str | None:
    server = servers.get(call, external_id)
    return None if server is None else call.marker.of_tags(server.get("tags") or ()) or ""


def _of_volume(call: Call, external_id: str) -> str | None:
    volume = volumes.get(call, external_id)
    return None if volume is None else call.marker.of_properties(volumes.KIND, volume["metadata"]) or ""


def _of_image(kind: str) -> Callable[[Call, str], str | None]:
    def read(call: Call, external_id: str) -> str | None:
        image = call.image.find(f"/images/{external_id}")
        return None if image is None else call.marker.of_properties(kind, image) or ""

    return read


def _of_neutron(path: str, key: str, kind: str) -> Callable[[Call, str], str | None]:
    def read(call: Call, external_id: str) -> str | None:
        found = call.network.find(f"/{path}/{external_id}")
        return None if found is None else call.marker.of_description(kind, found[key].get("description")) or ""

    return read


def _remove_snapshot(call: Call, _our_id: str, external_id: str) -> None:
    call.image.delete(f"/images/{external_id}")


# For each kind: how our id is read off an object (empty when it is not ours), and how the object is removed.
_WAYS: dict[OwnedKind, tuple[Callable[[Call, str], str | None], Callable[[Call, str, str], None]]] = {
    OwnedKind.INSTANCE: (_of_server, instances.remove_copy),
    OwnedKind.VOLUME: (_of_volume, volumes.remove),
    OwnedKind.IMAGE: (_of_image(images.KIND), images.remove),
    OwnedKind.SNAPSHOT: (_of_image(snapshots.KIND), _remove_snapshot),
    OwnedKind.NETWORK: (_of_neutron("networks", "network", networks.KIND), networks.remove),
    OwnedKind.SECURITY_GROUP: (_of_neutron("security-groups", "security_group", groups.KIND), groups.remove),
}
