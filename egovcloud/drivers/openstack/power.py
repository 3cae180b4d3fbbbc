"""Power, size, and what a guest wrote to its serial port.

https://docs.openstack.org/api-ref/compute/#servers-run-an-action-servers-action
"""

from __future__ import annotations

from egovcloud.domain.errors import Conflict
from egovcloud.drivers.base import Power
from egovcloud.drivers.openstack import flavors, servers
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.instances import refuse_adopted
from egovcloud.drivers.openstack.service import Json

_ON = {"SHUTOFF": "os-start", "PAUSED": "unpause", "SUSPENDED": "resume"}


def _at_rest(call: Call, instance_id: str, server: Json | None = None) -> Json:
    """The server once nothing is under way on it, for Nova refuses a second action with 409."""
    server = server or servers.require(call, instance_id)
    if not servers.busy(server):
        return server
    return servers.settle(call, instance_id, str(server["id"]), lambda one: not servers.busy(one))


def start(call: Call, instance_id: str) -> None:
    with call.alone(instance_id):
        server = _at_rest(call, instance_id)
        if server["status"] == "ACTIVE":
            return
        if servers.power_of(server) is Power.SHELVED:
            raise Conflict("instance.shelved", id=instance_id)
        if server["status"] in _ON:
            servers.act(call, server["id"], _ON[server["status"]])
        else:
            servers.act(call, server["id"], "reboot", {"type": "HARD"})
        servers.settle(call, instance_id, server["id"], servers.rests("ACTIVE"))


def stop(call: Call, instance_id: str, *, force: bool) -> None:
    """Nova asks the guest first and cuts its power after the image's ``os_shutdown_timeout`` (60 s unless set).

    It knows no other way: ``force`` waits for that.
    """
    with call.alone(instance_id):
        server = servers.require(call, instance_id)
        if server.get("OS-EXT-STS:task_state") != "powering-off":
            server = _at_rest(call, instance_id)
            if server["status"] == "SHUTOFF" or servers.power_of(server) is Power.SHELVED:
                return
            if server["status"] in ("PAUSED", "SUSPENDED"):
                servers.act(call, server["id"], _ON[server["status"]])
                servers.settle(call, instance_id, server["id"], servers.rests("ACTIVE"))
            servers.act(call, server["id"], "os-stop")
        if force:
            servers.settle(call, instance_id, server["id"], servers.rests("SHUTOFF"))


def reboot(call: Call, instance_id: str, *, force: bool) -> None:
    with call.alone(instance_id):
        server = _at_rest(call, instance_id)
        if servers.power_of(server) in (Power.STOPPED, Power.SHELVED):
            raise Conflict("instance.stopped", id=instance_id)
        servers.act(call, server["id"], "reboot", {"type": "HARD" if force else "SOFT"})
        servers.settle(call, instance_id, server["id"], servers.rests("ACTIVE"))


def resize(call: Call, instance_id: str, vcpus: int, memory_mib: int) -> None:
    """Confirmed at once. Nova may choose another host for the new size; it is brought back to the one that we chose.

    What was interrupted is taken up where it stands.
    """
    with call.alone(instance_id):
        server = _at_rest(call, instance_id, servers.meant_here(call, instance_id))
        refuse_adopted(call, instance_id, server)
        server = _confirm(call, instance_id, server)
        if (server["flavor"]["vcpus"], server["flavor"]["ram"]) != (vcpus, memory_mib):
            if server["status"] != "SHUTOFF":
                raise Conflict("instance.running", id=instance_id)
            flavor = flavors.of_size(call, vcpus, memory_mib, int(server["flavor"]["disk"]))
            servers.act(call, server["id"], "resize", {"flavorRef": flavor})
            server = servers.settle(call, instance_id, server["id"], servers.rests("VERIFY_RESIZE"))
            server = _confirm(call, instance_id, server)
        elif server["status"] != "SHUTOFF":
            raise Conflict("instance.running", id=instance_id)
        if servers.host_of(server) != call.host:
            servers.act(call, server["id"], "migrate", {"host": call.host})
            server = servers.settle(call, instance_id, server["id"], servers.rests("VERIFY_RESIZE"))
            _confirm(call, instance_id, server)


def _confirm(call: Call, instance_id: str, server: Json) -> Json:
    if server["status"] != "VERIFY_RESIZE":
        return server
    servers.act(call, server["id"], "confirmResize")
    return servers.settle(call, instance_id, server["id"], servers.rests("SHUTOFF", "ACTIVE"))


def serial_log(call: Call, instance_id: str, limit: int) -> bytes:
    """All of it is asked for, since Nova counts in lines.

    https://docs.openstack.org/api-ref/compute/#show-console-output-os-getconsoleoutput-action
    """
    server = servers.require(call, instance_id)
    text = str(servers.act(call, server["id"], "os-getConsoleOutput", {}).get("output") or "")
    return text.encode()[-limit:] if limit > 0 else b""
