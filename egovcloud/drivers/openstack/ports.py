"""Ports of an instance in Neutron, with the MAC and the address that we chose.

https://docs.openstack.org/api-ref/network/v2/#ports. A network holds a MAC once and a subnet an address once, and Nova
refuses a port that another server has: whoever has its ports cannot be created twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from egovcloud.domain.errors import Conflict, Forbidden
from egovcloud.drivers.base import InstanceSpec, NicSpec
from egovcloud.drivers.openstack import groups, networks, tenants
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.service import Json

KIND = "port"


def search(call: Call, instance_id: str) -> list[Json]:
    """Ports of the instance that bear our mark."""
    return call.network.list("/ports", "ports", description=call.marker.description(KIND, instance_id))


def ensure(call: Call, spec: InstanceSpec) -> list[str]:
    """Neutron's ids of the instance's ports, in the order of its NICs.

    ``Conflict("address.in_use")`` when an address belongs to another instance.
    """
    placed = [(nic, networks.require(call, nic.network.id), guards(call, nic)) for nic in spec.nics]
    return [_ensure(call, spec, nic, network, wanted) for nic, network, wanted in placed]


def guards(call: Call, nic: NicSpec) -> list[str]:
    """Neutron's ids of the groups that guard this NIC."""
    return [groups.require(call, group.id) for group in nic.security_groups] or [groups.open_group(call)]


def _ensure(call: Call, spec: InstanceSpec, nic: NicSpec, network: str, wanted: list[str]) -> str:
    """Created at once: where it is there already, its MAC and its address are taken, and it is looked for then."""
    body: Json = {
        "network_id": network,
        "name": spec.hostname,
        "description": call.marker.description(KIND, spec.id),
        "mac_address": nic.mac,
        "fixed_ips": [{"ip_address": nic.address}],
        "security_groups": wanted,
    }
    tenant = tenants.home(call, spec.tenant)
    if tenant:
        body["project_id"] = tenant
    try:
        return str(call.network.post("/ports", {"port": body})["port"]["id"])
    except Refused as refused:
        if refused.status != 409:
            raise
        for port in search(call, spec.id):
            if str(port["mac_address"]).lower() == nic.mac.lower():
                _guard(call, port, wanted)
                return str(port["id"])
        holder = _holder(call, network, nic.address)
        if holder is None:
            raise
        raise Conflict(
            "address.in_use", address=nic.address, network=nic.network.id, host=call.host, instance=holder
        ) from refused


def _guard(call: Call, port: Json, wanted: list[str]) -> None:
    if set(port.get("security_groups") or ()) != set(wanted):
        call.network.put(f"/ports/{port['id']}", {"port": {"security_groups": wanted}})


def _holder(call: Call, network_id: str, address: str) -> str | None:
    """Whose port has the address: our instance, or whatever device Neutron names."""
    for port in call.network.list("/ports", "ports", network_id=network_id, fixed_ips=f"ip_address={address}"):
        ours = call.marker.of_description(KIND, port.get("description"))
        return ours or str(port.get("device_id") or port["id"])
    return None


def apply_groups(call: Call, server_id: str, nics: Sequence[NicSpec]) -> None:
    """Let other groups guard the ports of a server, which are matched by MAC; what runs follows at once."""
    call.cloud.names.forget()
    wanted = {nic.mac.lower(): guards(call, nic) for nic in nics}
    for port in call.network.list("/ports", "ports", device_id=server_id):
        guarded = wanted.get(str(port["mac_address"]).lower())
        if guarded is not None:
            _guard(call, port, guarded)


def discard(call: Call, instance_id: str, server_ids: Collection[str] = ()) -> None:
    """Ports of an instance that never was, or of these servers of it that are no more; never one that a server has."""
    for port in search(call, instance_id):
        if not port.get("device_id") or port["device_id"] in server_ids:
            call.network.delete(f"/ports/{port['id']}")


def remove_orphan(call: Call, instance_id: str, port_id: str) -> None:
    """One port that nobody uses, after its mark was looked at again; absent succeeds."""
    found = call.network.find(f"/ports/{port_id}")
    if found is None:
        return
    port = found["port"]
    if call.marker.of_description(KIND, port.get("description")) != instance_id:
        raise Forbidden("driver.foreign", external_id=f"port/{port_id}", host=call.host)
    if port.get("device_id"):
        raise Conflict("instance.in_use", id=instance_id, host=call.host)
    call.network.delete(f"/ports/{port_id}")
