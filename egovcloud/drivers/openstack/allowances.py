"""The quotas that Nova, Cinder and Neutron hold our project to, with what is used of them.

https://docs.openstack.org/api-ref/compute/#limits-limits,
https://docs.openstack.org/api-ref/block-storage/v3/#limits-limits and
https://docs.openstack.org/api-ref/network/v2/#show-quota-details-for-a-tenant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from egovcloud.drivers.base import Allowance
from egovcloud.drivers.openstack.call import Call

# Our resource: limit and use as the service names them. Nova's megabytes and Cinder's gigabytes are binary.
COMPUTE = {
    "instances": ("maxTotalInstances", "totalInstancesUsed"),
    "vcpus": ("maxTotalCores", "totalCoresUsed"),
    "memory_mib": ("maxTotalRAMSize", "totalRAMUsed"),
}
STORAGE = {"volume_gib": ("maxTotalVolumeGigabytes", "totalGigabytesUsed")}


def told(call: Call, project_id: str | None = None) -> Sequence[Allowance]:
    """One request to each service; Cinder is asked where the cloud is used for volumes.

    ``project_id`` is Keystone's id of the project to ask for, if not that of our login.
    """
    found = _of(call.service("compute", project_id).get("/limits")["limits"]["absolute"], COMPUTE)
    if any(pool.volume_type for pool in call.config.pools.values()):
        found += _of(call.service("block-storage", project_id).get("/limits")["limits"]["absolute"], STORAGE)
    ports = call.network.get(f"/quotas/{project_id or call.project_id()}/details")["quota"]["port"]
    return [*found, Allowance("addresses", _limit(ports["limit"]), max(0, int(ports["used"])))]


def _of(limits: Mapping[str, Any], names: Mapping[str, tuple[str, str]]) -> list[Allowance]:
    return [Allowance(ours, _limit(limits[most]), max(0, int(limits[used]))) for ours, (most, used) in names.items()]


def _limit(value: Any) -> int | None:
    """All three say -1 where there is none."""
    return None if int(value) < 0 else int(value)
