"""One Keystone project for each of ours: made with our mark, held to native quotas, removed when it is empty.

https://docs.openstack.org/api-ref/identity/v3/#projects. Keystone takes tags in the request that makes a project, and
holds names unique in their domain. What consumes is made in there, servers, volumes, ports and floating addresses; what
several projects share, images, networks and security groups, stays in the project of our login, whose administrator may
use both.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from egovcloud.domain.errors import Conflict, NotFound
from egovcloud.drivers.base import TenantSpec
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.marker import display
from egovcloud.drivers.openstack.service import PAGE, Json

KIND = "tenant"
FRESH = 3600.0  # seconds after which quotas are set again, whoever may have changed them there
NAME_LIMIT = 64  # characters of a project's name
# Our resource → the service's, by service: where its quotas lie, and under which key.
QUOTAS = {
    "compute": ("/os-quota-sets", "quota_set", {"instances": "instances", "vcpus": "cores", "memory_mib": "ram"}),
    "block-storage": ("/os-quota-sets", "quota_set", {"volume_gib": "gigabytes"}),
    "network": ("/quotas", "quota", {"addresses": "port"}),
}
# What no quota of ours counts must not stand in the way of what one does.
UNBOUND = {
    "block-storage": ("volumes", "snapshots"),
    "compute": ("server_groups", "server_group_members"),
    "network": ("floatingip",),
}
# Where something may lie in a project: service, path, key, and how the list is narrowed to a project.
CONTENTS = (
    ("compute", "/servers", "servers", {"all_tenants": 1, "project_id": ""}),
    ("block-storage", "/volumes", "volumes", {"all_tenants": 1, "project_id": ""}),
    ("block-storage", "/snapshots", "snapshots", {"all_tenants": 1, "project_id": ""}),
    ("image", "/images", "images", {"owner": "", "limit": PAGE}),
    ("network", "/ports", "ports", {"project_id": ""}),
    ("network", "/networks", "networks", {"project_id": ""}),
    ("network", "/routers", "routers", {"project_id": ""}),
    ("network", "/floatingips", "floatingips", {"project_id": ""}),
    ("network", "/security-groups", "security_groups", {"project_id": ""}),
)
DEFAULT_GROUP = "default"  # which Neutron makes for every project


def search(call: Call, tenant_id: str) -> list[Json]:
    """Projects that bear our mark for this one."""
    return call.identity.list("/projects", "projects", tags=f"{call.marker.tag},{call.marker.server_tag(tenant_id)}")


def every(call: Call) -> dict[str, Json]:
    """All projects of ours by Keystone's ids; empty where projects are not kept apart."""
    if not call.config.tenancy:
        return {}
    return {str(one["id"]): one for one in call.identity.list("/projects", "projects", tags=call.marker.tag)}


def require(call: Call, tenant_id: str) -> str:
    """Keystone's id of a project that was ensured; ``NotFound("tenant.absent")`` when it was not."""
    known = call.cloud.names.get(KIND, tenant_id)
    if known is not None:
        return known
    found = search(call, tenant_id)
    if not found:
        raise NotFound("tenant.absent", id=tenant_id, host=call.host)
    return call.cloud.names.put(KIND, tenant_id, str(found[0]["id"]))


def home(call: Call, tenant_id: str | None) -> str | None:
    """Where to make something of this project: Keystone's id, or ``None`` for the project of our login."""
    return require(call, tenant_id) if tenant_id and call.config.tenancy else None


def ensure(call: Call, spec: TenantSpec) -> str:
    """The project with our role in it and its quotas; asked again with the same limits, it is only looked for."""
    limits, until = call.cloud.limits.get(spec.id, ((), 0.0))
    if limits == spec.limits and time.monotonic() < until:
        with suppress(NotFound):  # somebody removed it: it is made anew
            return require(call, spec.id)
    with call.alone(spec.id):
        found = call.make(
            f"{KIND}/{spec.id}", lambda: next(iter(search(call, spec.id)), None), lambda: _create(call, spec)
        )
        keystone_id = str(found["id"])
        _grant(call, keystone_id)
        _push(call, keystone_id, dict(spec.limits))
        call.cloud.limits[spec.id] = (spec.limits, time.monotonic() + FRESH)
        return call.cloud.names.put(KIND, spec.id, keystone_id)


def _create(call: Call, spec: TenantSpec) -> Json:
    """In the domain of our login's project; a part of our id keeps names apart that are the same elsewhere."""
    login = call.login()
    ending = f" ({spec.id[:8]})"
    body: Json = {
        "name": display(spec.name, spec.id)[: NAME_LIMIT - len(ending)].strip() + ending,
        "description": display(spec.name, spec.id),
        "domain_id": login.project_domain_id,
        "tags": [call.marker.tag, call.marker.server_tag(spec.id)],
    }
    made: Json = call.identity.post("/projects", {"project": body})["project"]
    return made


def _grant(call: Call, keystone_id: str) -> None:
    """Our user gets in there the roles that it has at home."""
    login = call.login()
    for role in login.role_ids or ():
        call.identity.put(f"/projects/{keystone_id}/users/{login.user_id}/roles/{role}", None)


def _push(call: Call, keystone_id: str, limits: Mapping[str, int]) -> None:
    """``force``: a limit below what is in use stops growth, as ours does, and is no error."""
    for service, (path, key, names) in _quotas(call):
        quota: Json = {theirs: limits.get(ours, -1) for ours, theirs in names.items()}
        quota |= dict.fromkeys(UNBOUND.get(service, ()), -1)
        if service == "compute":
            quota["force"] = True
        call.service(service).put(f"{path}/{keystone_id}", {key: quota})


def _quotas(call: Call) -> Iterator[tuple[str, tuple[str, str, dict[str, str]]]]:
    """Cinder is asked where the cloud is used for volumes."""
    volumes = any(pool.volume_type for pool in call.config.pools.values())
    return ((name, about) for name, about in QUOTAS.items() if volumes or name != "block-storage")


def remove(call: Call, tenant_id: str, keystone_id: str) -> None:
    """Only when it is empty, of others' things too: Keystone itself would leave them without a project."""
    with call.alone(tenant_id):
        left = {key: count for key, count in _contents(call, keystone_id) if count}
        if left:
            detail = ", ".join(f"{count} {key}" for key, count in left.items())
            raise Conflict("tenant.in_use", id=tenant_id, host=call.host, detail=detail)
        for group in call.network.list("/security-groups", "security_groups", project_id=keystone_id):
            call.network.delete(f"/security-groups/{group['id']}")
        for service, (path, _, _) in _quotas(call):
            call.service(service).delete(f"{path}/{keystone_id}")
        call.identity.delete(f"/projects/{keystone_id}")
        call.cloud.names.drop(KIND, tenant_id)
        call.cloud.limits.pop(tenant_id, None)


def _contents(call: Call, keystone_id: str) -> Iterator[tuple[str, int]]:
    for service, path, key, narrow in CONTENTS:
        if service == "block-storage" and not any(pool.volume_type for pool in call.config.pools.values()):
            continue
        listed = call.service(service).list(path, key, **{name: value or keystone_id for name, value in narrow.items()})
        yield key, sum(1 for one in listed if not (key == "security_groups" and one["name"] == DEFAULT_GROUP))
