"""Floating addresses in Neutron, which bear our mark as their description from the request that makes them.

https://docs.openstack.org/api-ref/network/v2/#floating-ips-floatingips. Neutron lets any number of them have one
description, so that the mark is searched for before every creation.
"""

from __future__ import annotations

import re

from egovcloud.domain.errors import Conflict, NotFound, QuotaExceeded
from egovcloud.drivers.base import Ref
from egovcloud.drivers.floating import FloatingFacts, FloatingLook, FloatingSpec
from egovcloud.drivers.openstack import servers, subnets, tenants
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.looks import Lists
from egovcloud.drivers.openstack.service import Json
from egovcloud.drivers.survey import FOREIGN

KIND = "floating_address"
# Neutron's IpAddressGenerationFailure, ExternalIpAddressExhausted and ExternalGatewayForFloatingIPNotFound.
_EXHAUSTED = re.compile(r"no more ip addresses|unable to find any ip address", re.I)
_UNREACHABLE = re.compile(r"is not reachable from subnet", re.I)
_TAKEN = re.compile(r"already has a floating ip", re.I)


def search(call: Call, floating_id: str) -> list[Json]:
    """Floating addresses that bear our mark, in an order that stays, since Neutron tells creation by the second."""
    listed = call.network.list("/floatingips", "floatingips", description=call.marker.description(KIND, floating_id))
    return sorted(listed, key=lambda one: (str(one.get("created_at")), str(one["id"])))


def create(call: Call, spec: FloatingSpec) -> FloatingFacts:
    with call.alone(spec.id):
        made = call.make(
            f"{KIND}/{spec.id}",
            lambda: next(iter(search(call, spec.id)), None),
            lambda: _create(call, spec),
        )
        return _facts(call, spec.id, made)


def _create(call: Call, spec: FloatingSpec) -> Json:
    outer = subnets.outer(call, spec.network.id)
    if outer is None:
        raise Conflict("floating_address.no_router", network=spec.network.name)
    body = {"floating_network_id": outer, "description": call.marker.description(KIND, spec.id)}
    home = tenants.home(call, spec.tenant)
    if home is not None:
        body["project_id"] = home
    try:
        made: Json = call.network.post("/floatingips", {"floatingip": body})["floatingip"]
    except Refused as refused:
        if _EXHAUSTED.search(refused.detail):
            raise QuotaExceeded("floating_address.exhausted", network=spec.network.name) from refused
        raise
    return made


def observe(call: Call, floating_id: str) -> FloatingFacts | None:
    found = search(call, floating_id)
    return _facts(call, floating_id, found[0]) if found else None


def _facts(call: Call, floating_id: str, one: Json) -> FloatingFacts:
    held = _holder(call, str(one["port_id"])) if one.get("port_id") else None
    return FloatingFacts(floating_id, Ref(str(one["id"]), call.host), str(one["floating_ip_address"]), held)


def _holder(call: Call, port_id: str) -> str | None:
    """Our id of the instance that has the port, ``None`` for a port that no instance has."""
    found = call.network.find(f"/ports/{port_id}")
    device = str(found["port"].get("device_id") or "") if found else ""
    if not device:
        return None
    server = servers.get(call, device)
    return (call.marker.of_tags(server.get("tags") or ()) if server else None) or FOREIGN


def associate(call: Call, floating_id: str, instance_id: str, mac: str) -> FloatingFacts:
    with call.alone(floating_id):
        one = next(iter(search(call, floating_id)), None)
        if one is None:
            raise NotFound("floating_address.absent", id=floating_id, host=call.host)
        server = servers.require(call, instance_id)
        port = _port(call, instance_id, str(server["id"]), mac)
        if one.get("port_id") != port["id"]:
            one = _put(call, floating_id, instance_id, str(one["id"]), str(port["id"]))
        return FloatingFacts(floating_id, Ref(str(one["id"]), call.host), str(one["floating_ip_address"]), instance_id)


def _port(call: Call, instance_id: str, server_id: str, mac: str) -> Json:
    for port in call.network.list("/ports", "ports", device_id=server_id):
        if str(port["mac_address"]).lower() == mac.lower():
            return port
    raise NotFound("floating_address.no_port", instance=instance_id, mac=mac)


def _put(call: Call, floating_id: str, instance_id: str, neutron_id: str, port_id: str) -> Json:
    try:
        answer: Json = call.network.put(f"/floatingips/{neutron_id}", {"floatingip": {"port_id": port_id}})
    except Refused as refused:
        if _UNREACHABLE.search(refused.detail):
            raise Conflict("floating_address.no_way", id=floating_id, instance=instance_id) from refused
        if _TAKEN.search(refused.detail):
            raise Conflict("floating_address.taken", instance=instance_id) from refused
        raise
    changed: Json = answer["floatingip"]
    return changed


def disassociate(call: Call, floating_id: str) -> None:
    with call.alone(floating_id):
        for one in search(call, floating_id):
            if one.get("port_id"):
                call.network.put(f"/floatingips/{one['id']}", {"floatingip": {"port_id": None}})


def delete(call: Call, floating_id: str) -> None:
    with call.alone(floating_id):
        for one in call.all_of(f"{KIND}/{floating_id}", lambda: search(call, floating_id)):
            remove(call, floating_id, str(one["id"]))


def remove(call: Call, _floating_id: str, neutron_id: str) -> None:
    call.network.delete(f"/floatingips/{neutron_id}")


def look(lists: Lists, one: Json) -> FloatingLook:
    """A port that is not in the lists is in nobody's project that we know: it is foreign."""
    address = str(one["floating_ip_address"])
    if not one.get("port_id"):
        return FloatingLook(address, "")
    port = next((each for each in lists.ports if each["id"] == one["port_id"]), None)
    if port is None:
        return FloatingLook(address, FOREIGN)
    return FloatingLook(address, lists.ours(port["device_id"]) if port.get("device_id") else "")
