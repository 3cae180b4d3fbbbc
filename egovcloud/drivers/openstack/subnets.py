"""The subnet of a network, and the router of one that reaches the outside.

https://docs.openstack.org/api-ref/network/v2/#subnets and #routers-routers
"""

from __future__ import annotations

import ipaddress

from egovcloud.domain.errors import Permanent, Unsupported
from egovcloud.drivers.base import Capability, NetworkSpec
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.marker import display
from egovcloud.drivers.openstack.service import Json

SUBNET, ROUTER = "subnet", "router"
SPARE = 3  # addresses at the end of a subnet that are left to Neutron's own DHCP ports


def ensure(call: Call, spec: NetworkSpec, network: Json) -> None:
    """The network's one subnet, and for ``nat`` its router with an interface in it."""
    subnets = network.get("subnets") or []
    subnet_id = str(subnets[0]) if subnets else str(_subnet(call, spec, str(network["id"]))["id"])
    if spec.mode == "nat":
        _router(call, spec, str(network["id"]), subnet_id)


def _subnet(call: Call, spec: NetworkSpec, network_id: str) -> Json:
    description = call.marker.description(SUBNET, spec.id)
    return call.make(
        f"{SUBNET}/{spec.id}",
        lambda: next(iter(call.network.list("/subnets", "subnets", description=description)), None),
        lambda: call.network.post("/subnets", {"subnet": body(spec, network_id, description)})["subnet"],
    )


def body(spec: NetworkSpec, network_id: str, description: str) -> Json:
    """Addresses are ours to give, so that what Neutron may choose from for itself is the end of the range alone."""
    net = ipaddress.IPv4Network(spec.cidr)
    taken = {int(ipaddress.IPv4Address(spec.gateway))} if spec.gateway else set[int]()
    last = int(net.broadcast_address) - 1
    first = max(int(net.network_address) + 1, last - SPARE + 1)
    spare = [number for number in range(first, last + 1) if number not in taken]
    pools = [{"start": str(ipaddress.IPv4Address(one)), "end": str(ipaddress.IPv4Address(one))} for one in spare]
    return {
        "network_id": network_id,
        "name": display(spec.name, spec.id),
        "description": description,
        "ip_version": 4,
        "cidr": spec.cidr,
        "gateway_ip": None if spec.mode == "isolated" else spec.gateway,
        "enable_dhcp": spec.mode != "bridged",
        "allocation_pools": pools,
    }


def _router(call: Call, spec: NetworkSpec, network_id: str, subnet_id: str) -> None:
    description = call.marker.description(ROUTER, spec.id)
    router = call.make(
        f"{ROUTER}/{spec.id}",
        lambda: next(iter(call.network.list("/routers", "routers", description=description)), None),
        lambda: _make_router(call, spec, description),
    )
    if call.network.list("/ports", "ports", device_id=str(router["id"]), network_id=network_id):
        return
    try:
        call.network.put(f"/routers/{router['id']}/add_router_interface", {"subnet_id": subnet_id})
    except Refused as refused:
        # 400: it has a port there already. Another call was faster.
        if refused.status != 400 or "already has a port" not in refused.detail:
            raise


def _make_router(call: Call, spec: NetworkSpec, description: str) -> Json:
    router: Json = {
        "name": display(spec.name, spec.id),
        "description": description,
        "external_gateway_info": {"network_id": _external(call)},
    }
    made: Json = call.network.post("/routers", {"router": router})["router"]
    return made


def _external(call: Call) -> str:
    name = call.config.external_network
    if name is None:
        raise Unsupported("driver.unsupported", capability=Capability.NETWORK_NAT.value)

    def ask() -> str:
        found = call.network.list("/networks", "networks", name=name, **{"router:external": "true"})
        if not found:
            raise Permanent("cloud.no_external_network", name=name)
        return str(found[0]["id"])

    return call.cloud.external_network.get(ask)


def outer(call: Call, network_id: str) -> str | None:
    """Neutron's id of the network that the router of our network ``network_id`` leads to."""
    description = call.marker.description(ROUTER, network_id)
    for router in call.network.list("/routers", "routers", description=description):
        gateway = router.get("external_gateway_info") or {}
        if gateway.get("network_id"):
            return str(gateway["network_id"])
    return None


def remove_router(call: Call, network_id: str) -> None:
    """The routers of our network ``network_id``, with their interfaces."""
    description = call.marker.description(ROUTER, network_id)
    for router in call.network.list("/routers", "routers", description=description):
        for port in call.network.list("/ports", "ports", device_id=str(router["id"])):
            if str(port.get("device_owner")).startswith("network:router_interface"):
                _let_go(call, str(router["id"]), str(port["id"]))
        call.network.delete(f"/routers/{router['id']}")


def _let_go(call: Call, router_id: str, port_id: str) -> None:
    try:
        call.network.put(f"/routers/{router_id}/remove_router_interface", {"port_id": port_id})
    except Refused as refused:
        if refused.status != 404:
            raise
