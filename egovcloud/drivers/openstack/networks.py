"""Networks in Neutron: ``isolated`` alone, ``nat`` with a router, ``bridged`` on a physical network.

https://docs.openstack.org/api-ref/network/v2/#networks. What is half made is completed when it is ensured again.
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import NetworkSpec, Ref
from egovcloud.drivers.openstack import subnets
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import display
from egovcloud.drivers.openstack.service import Json

KIND = "network"


def search(call: Call, network_id: str) -> list[Json]:
    """Networks that bear our mark; the oldest comes first."""
    listed = call.network.list("/networks", "networks", description=call.marker.description(KIND, network_id))
    return sorted(listed, key=lambda one: (str(one.get("created_at")), str(one["id"])))


def require(call: Call, network_id: str) -> str:
    """Neutron's id of a network that was ensured; ``NotFound("network.absent")`` when it was not."""
    known = call.cloud.names.get(KIND, network_id)
    if known is not None:
        return known
    found = search(call, network_id)
    if not found:
        raise NotFound("network.absent", id=network_id, host=call.host)
    return call.cloud.names.put(KIND, network_id, str(found[0]["id"]))


def ensure(call: Call, spec: NetworkSpec) -> Ref:
    with call.alone(spec.id):
        network = call.make(
            f"{KIND}/{spec.id}",
            lambda: next(iter(search(call, spec.id)), None),
            lambda: call.network.post("/networks", {"network": body(spec, call.marker.description(KIND, spec.id))})[
                "network"
            ],
        )
        subnets.ensure(call, spec, network)
        return Ref(call.cloud.names.put(KIND, spec.id, str(network["id"])), call.host)


def body(spec: NetworkSpec, description: str) -> Json:
    """A bridge's name is that of a physical network, ``physnet1``, or of a VLAN on it, ``physnet1:100``."""
    network: Json = {"name": display(spec.name, spec.id), "description": description, "admin_state_up": True}
    if spec.mode == "bridged":
        physical, _, vlan = (spec.bridge or "").partition(":")
        network["provider:physical_network"] = physical
        network["provider:network_type"] = "vlan" if vlan else "flat"
        if vlan:
            network["provider:segmentation_id"] = int(vlan)
    return network


def delete(call: Call, network_id: str) -> None:
    """Every copy with its subnet and router; ``Conflict("network.in_use")`` while an instance has a port in it."""
    with call.alone(network_id):
        for one in call.all_of(f"{KIND}/{network_id}", lambda: search(call, network_id)):
            remove(call, network_id, str(one["id"]))


def remove(call: Call, network_id: str, neutron_id: str) -> None:
    call.cloud.names.drop(KIND, network_id)
    _refuse_used(call, network_id, neutron_id)
    if len(search(call, network_id)) <= 1:
        subnets.remove_router(call, network_id)
    try:
        call.network.delete(f"/networks/{neutron_id}")
    except Refused as refused:
        if refused.status == 409:
            _refuse_used(call, network_id, neutron_id)
        raise


def _refuse_used(call: Call, network_id: str, neutron_id: str) -> None:
    ports = call.network.list("/ports", "ports", network_id=neutron_id)
    users = [one for one in ports if not str(one.get("device_owner")).startswith("network:")]
    if users:
        raise Conflict("network.in_use", id=network_id, host=call.host, count=len(users))
