"""A server's screen: the WebSocket behind the noVNC page that Nova gives out.

https://docs.openstack.org/api-ref/compute/#server-consoles-servers-remote-consoles
"""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from egovcloud.domain.errors import Conflict, NotFound, Problem, Unsupported
from egovcloud.drivers.base import Power, Screen
from egovcloud.drivers.openstack import servers
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused

_WANTED = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
_SCHEMES = {"http": "ws", "https": "wss"}
_AS_IT_IS = "/?=&%:@!$'()*+,;~"  # characters that a path and its query may hold, RFC 3986 §3.3


def screen(call: Call, instance_id: str) -> Screen:
    """Nova hands out a new address, good for a while, at every asking.

    ``Conflict("instance.stopped")`` for a server that is off, for which some hypervisors give an address all the
    same; ``Unsupported("cloud.no_screens")`` for a cloud without a console service.
    """
    server = servers.require(call, instance_id)
    if servers.power_of(server) is Power.STOPPED:
        raise Conflict("instance.stopped", id=instance_id)
    try:
        made = call.compute.post(f"/servers/{server['id']}/remote-consoles", _WANTED)
    except Refused as refused:
        raise _problem(call, instance_id, str(server["id"]), refused) from refused
    page = str(made["remote_console"]["url"])
    try:
        url, origin = websocket_of(page)
    except ValueError:
        told = page.partition("?")[0][:200]  # what follows is the secret
        raise Unsupported("cloud.no_screens", detail=f"{told!r} is no address of a page") from None
    return Screen(url=url, origin=origin, verify=call.cloud.verify())


def websocket_of(page: str) -> tuple[str, str]:
    """The WebSocket that noVNC opens on this page, and the origin that it names; ``ValueError`` for what is no page.

    As noVNC's ``vnc_lite.html`` does it: the page's parameter ``path``, below the root of the page's ``host`` and
    ``port`` unless other ones are given. Before Nova 19 the token was a parameter of its own.
    """
    parts = urlsplit(page)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError("no address of a web page")
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    port = given.get("port") or parts.port
    place = given.get("host") or (f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname)
    path = given.get("path", "websockify")
    if "token" in given:
        path = f"{path}?token={given['token']}"
    address = f"{place}:{port}" if port else place
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return f"{_SCHEMES[parts.scheme]}://{address}/{quote(path.lstrip('/'), safe=_AS_IT_IS)}", origin


def _problem(call: Call, instance_id: str, server_id: str, refused: Refused) -> Problem:
    """Nova answers 409 or 404 for a server that is not there to be looked at, 400 and 501 for want of a console."""
    if refused.status == 404 and servers.get(call, server_id) is None:
        return NotFound("instance.absent", id=instance_id, host=call.host)
    if refused.status == 404 or (refused.status == 409 and isinstance(refused.problem, Conflict)):
        return Conflict("instance.stopped", id=instance_id)
    if refused.status in (400, 501):
        return Unsupported("cloud.no_screens", detail=refused.detail)
    return refused.problem
