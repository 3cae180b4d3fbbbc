"""Volumes at servers.

https://docs.openstack.org/api-ref/compute/#servers-with-volume-attachments-servers-os-volume-attachments. Cinder calls
a volume available before Nova has dropped the attachment: both have to agree before it counts as free.
"""

from __future__ import annotations

from egovcloud.domain.errors import Transient
from egovcloud.drivers.openstack import servers, volumes
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.service import Json

QUICK = 3.0  # seconds for which a detach is watched before the caller is told to ask again


def of_server(call: Call, server_id: str) -> dict[str, str]:
    """Cinder's id of each volume at the server to the guest's device."""
    listed = call.compute.get(f"/servers/{server_id}/os-volume_attachments")["volumeAttachments"]
    return {str(one["volumeId"]): str(one.get("device") or "").removeprefix("/dev/") for one in listed}


def seen(call: Call, server: Json) -> tuple[tuple[str, str], ...]:
    """Our id of each data volume of ours at the server, with its device."""
    if not server.get("os-extended-volumes:volumes_attached"):
        return ()
    found = []
    for cinder_id, device in of_server(call, str(server["id"])).items():
        volume = volumes.get(call, cinder_id)
        our_id = None if volume is None else call.marker.of_properties(volumes.KIND, volume["metadata"])
        if our_id:
            found.append((our_id, device))
    return tuple(found)


def attach(call: Call, instance_id: str, pool: str, volume_id: str) -> str:
    """The guest's device; ``Conflict("volume.in_use")`` when another server has the volume."""
    with call.alone(volume_id):
        server = servers.require(call, instance_id)
        server_id, cinder_id = str(server["id"]), str(volumes.require(call, pool, volume_id)["id"])
        known = _held(call, server_id, cinder_id)
        if known is None:
            volume = volumes.at_rest(call, pool, volume_id, cinder_id)
            known = _held(call, server_id, cinder_id)
            if known is None:
                volumes.refuse_attached(call, volume_id, volume)
                _post(call, instance_id, server, cinder_id)
        return call.until(lambda: _held(call, server_id, cinder_id))


def _post(call: Call, instance_id: str, server: Json, cinder_id: str) -> None:
    """Nova refuses a second attachment of a volume, so that one whose answer was lost is never doubled."""
    server_id = str(server["id"])
    if servers.busy(server):
        servers.settle(call, instance_id, server_id, lambda one: not servers.busy(one))
    try:
        call.compute.post(f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": cinder_id}})
    except Refused as refused:
        if refused.status in (400, 409) and cinder_id in of_server(call, server_id):
            return
        if refused.status == 400 and "reserved" in refused.detail:
            raise Transient("driver.busy", host=call.host, detail=refused.detail) from refused
        raise


def _held(call: Call, server_id: str, cinder_id: str) -> str | None:
    """The device, once both sides agree that the volume is at the server."""
    device = of_server(call, server_id).get(cinder_id)
    if not device:
        return None
    volume = volumes.get(call, cinder_id)
    return device if volume and volume["status"] == "in-use" else None


def detach(call: Call, instance_id: str, volume_id: str) -> bool:
    """True when the volume is not at this instance, and free unless another one has it."""
    with call.alone(volume_id):
        server = next(iter(servers.here(call, instance_id)), None)
        volume = next(iter(volumes.search(call, volume_id)), None)
        if server is None or volume is None:
            return True
        server_id, cinder_id = str(server["id"]), str(volume["id"])
        if cinder_id in of_server(call, server_id):
            _let_go(call, server_id, cinder_id)
        return call.watch(lambda: _free(call, server_id, cinder_id) or None, QUICK) is True


def _let_go(call: Call, server_id: str, cinder_id: str) -> None:
    try:
        call.compute.delete(f"/servers/{server_id}/os-volume_attachments/{cinder_id}")
    except Refused as refused:
        # It is on its way already, or the server is busy: the caller asks again.
        if refused.status not in (400, 409):
            raise


def _free(call: Call, server_id: str, cinder_id: str) -> bool:
    if cinder_id in of_server(call, server_id):
        return False
    volume = volumes.get(call, cinder_id)
    return volume is None or all(one["server_id"] != server_id for one in volume.get("attachments") or ())
