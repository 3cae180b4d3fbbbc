"""A new root disk for a stopped server, from an image or from a snapshot.

https://docs.openstack.org/api-ref/compute/#rebuild-server-rebuild-action
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict
from egovcloud.drivers.base import InstanceSpec, Power, Ref
from egovcloud.drivers.openstack import images, servers, user_data
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.service import Json


def rebuild(call: Call, spec: InstanceSpec) -> Ref:
    """A new root disk, stopped. The old disk's space is given back by the cloud, which wipes it as it is set up to."""
    with call.alone(spec.id):
        server = servers.require(call, spec.id)
        if call.marker.is_adopted(server.get("tags") or ()):
            raise Conflict("adoption.kept", id=spec.id)
        image = images.require(call, spec.image.id)
        return renew(call, spec.id, server, {"imageRef": image, "user_data": user_data.of(spec)})


def renew(call: Call, instance_id: str, server: Json, argument: Json) -> Ref:
    """Rebuild a stopped server; ``Conflict("instance.running")`` for any other."""
    server_id = str(server["id"])
    if servers.busy(server):
        server = servers.settle(call, instance_id, server_id, lambda one: not servers.busy(one))
    if servers.power_of(server) is not Power.STOPPED:
        raise Conflict("instance.running", id=instance_id)
    servers.act(call, server_id, "rebuild", argument)
    return servers.ref_of(call, servers.settle(call, instance_id, server_id, servers.rests("SHUTOFF")))
