"""Key pairs in Nova: the first key of an instance, for images that ask the metadata service and for Nova's own tools.

https://docs.openstack.org/api-ref/compute/#keypairs-keypairs. All keys go in with the user data as well, so that a key
of a kind that Nova does not know, or a full quota of key pairs, is no reason to refuse an instance. A name may hold
letters, digits, blanks, ``-`` and ``_`` alone before microversion 2.92.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.service import Json

KIND = "key_pair"


def name_of(call: Call, key: str) -> str | None:
    """``egov-DIGEST-FINGERPRINT``, of the bytes of the key alone; ``None`` for what is no key."""
    parts = key.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error):
        return None
    return f"{_prefix(call)}{hashlib.sha256(blob).hexdigest()[:32]}"


def _prefix(call: Call) -> str:
    return call.marker.tag.replace(".", "-") + "-"


def ensure(call: Call, keys: tuple[str, ...]) -> str | None:
    """The name of the first key's pair, made when there is none; ``None`` when Nova does not take it."""
    name = name_of(call, keys[0]) if keys else None
    if name is None or call.cloud.names.get(KIND, name) is not None:
        return name
    body: Json = {"name": name, "public_key": " ".join(keys[0].split()), "type": "ssh"}
    try:
        call.compute.post("/os-keypairs", {"keypair": body})
    except Refused as refused:
        if refused.status in (400, 403, 413):  # not of a kind that it knows, not allowed, no room for another one
            return None
        if refused.status != 409:  # it is there: the name is the key
            raise
    return call.cloud.names.put(KIND, name, name)


def leave(call: Call, servers: list[Json]) -> None:
    """Before these servers go, the pairs that no other server of ours has: Nova keeps a copy with each server."""
    going = {str(one["id"]) for one in servers}
    for name in {str(one["key_name"]) for one in servers if one.get("key_name")}:
        discard(call, name, going)


def discard(call: Call, name: str, going: set[str]) -> None:
    """The pair, if it bears our mark and no server that stays was made with it."""
    if not name.startswith(_prefix(call)):
        return
    asked: Json = {"key_name": name, "tags": call.marker.tag, "limit": len(going) + 1, **call.wide}
    using = call.compute.get("/servers", **asked)["servers"]
    if {str(one["id"]) for one in using} <= going:
        call.cloud.names.drop(KIND, name)
        call.compute.delete(f"/os-keypairs/{name}")
