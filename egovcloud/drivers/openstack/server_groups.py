"""Server groups in Nova: what is kept apart by our placement stays apart when Nova itself moves it.

https://docs.openstack.org/api-ref/compute/#server-groups-os-server-groups. A group has no metadata, so that its name
bears our mark; Nova enforces no unique names, and the lowest id of two is the one that counts. It lies in the project
of its servers. Where the cloud's quota takes no more groups, or no more members of one, servers are made without: our
placement has kept them apart already.
"""

from __future__ import annotations

import hashlib

from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.service import PAGE, Json, Service

KIND = "server_group"
METADATA = "egov_apart"  # on a server: the key of the group that it was made in
POLICY = "anti-affinity"


def key_of(group: str) -> str:
    """Any text as what fits into a name."""
    return hashlib.sha256(group.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _name(call: Call, key: str) -> str:
    return f"{call.marker.tag}.{key}"


def is_full(refused: Refused) -> bool:
    """Whether Nova refused a server, or a group, for the quota of groups and their members alone."""
    words = refused.detail.lower()
    return refused.status in (403, 413) and ("server group" in words or "servers in group" in words)


def _search(nova: Service, name: str) -> list[Json]:
    """The one that counts comes first. The list has pages by number alone."""
    found: dict[str, Json] = {}
    while True:
        page = nova.get("/os-server-groups", limit=PAGE, offset=len(found))["server_groups"]
        fresh = {str(one["id"]): one for one in page if str(one["id"]) not in found}
        found.update(fresh)
        if not fresh or len(page) < PAGE:
            break
    return sorted((one for one in found.values() if one["name"] == name), key=lambda one: str(one["id"]))


def ensure(call: Call, project_id: str | None, group: str) -> str | None:
    """Nova's id of the group in this project, or ours, made when there is none; ``None`` when there is no room."""
    key = key_of(group)
    known_as, name, nova = _known_as(project_id, key), _name(call, key), call.service("compute", project_id)
    with call.alone(f"{KIND}/{known_as}"):
        known = call.cloud.names.get(KIND, known_as)
        if known is not None:
            return known
        found = _search(nova, name)
        if not found:
            try:
                body = {"name": name, "policy": POLICY}
                made = str(nova.post("/os-server-groups", {"server_group": body})["server_group"]["id"])
            except Refused as refused:
                if not is_full(refused):
                    raise
                return None
            found = _search(nova, name) or [{"id": made}]
            if made != str(found[0]["id"]):  # somebody else was at it too
                nova.delete(f"/os-server-groups/{made}")
        return call.cloud.names.put(KIND, known_as, str(found[0]["id"]))


def _known_as(project_id: str | None, key: str) -> str:
    return f"{project_id or ''}/{key}"


def leave(call: Call, servers: list[Json]) -> None:
    """Before these servers go, the groups in which nobody else is: a worker that dies in between finds them again."""
    going = {str(one["id"]) for one in servers}
    for one in servers:
        key = (one.get("metadata") or {}).get(METADATA)
        if key:
            discard(call, str(one["tenant_id"]) if call.config.tenancy else None, str(key), going)


def discard(call: Call, project_id: str | None, key: str, going: set[str]) -> None:
    """The group, unless it has members that stay."""
    known_as, nova = _known_as(project_id, key), call.service("compute", project_id)
    with call.alone(f"{KIND}/{known_as}"):
        for group in _search(nova, _name(call, key)):
            if set(map(str, group.get("members") or ())) <= going:
                call.cloud.names.drop(KIND, known_as)
                nova.delete(f"/os-server-groups/{group['id']}")
