"""Flavors: Nova takes no sizes but those of a flavor, so that each size that is asked for needs one.

https://docs.openstack.org/api-ref/compute/#flavors. A flavor's id is ours to choose and unique: two that make the same
one at once get one. They are shared by all projects and never removed.
"""

from __future__ import annotations

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.openstack.call import Call
from egovcloud.drivers.openstack.errors import Refused
from egovcloud.drivers.openstack.service import Json

Size = tuple[int, int, int]  # vCPU, MiB, GiB


def name_of(size: Size) -> str:
    """Of a flavor that we make; also its id."""
    vcpus, memory_mib, disk_gib = size
    return f"egov-{vcpus}c-{memory_mib}m-{disk_gib}g"


def of_size(call: Call, vcpus: int, memory_mib: int, disk_gib: int) -> str:
    """The id of a flavor of exactly this size, made when there is none.

    ``Permanent("cloud.no_flavor")`` when there is none and we may not make it.
    """
    size = (vcpus, memory_mib, disk_gib)
    known = call.cloud.flavors.get(lambda: _every(call))
    if size not in known:
        call.cloud.flavors.forget()
        known = call.cloud.flavors.get(lambda: _every(call))
    if size not in known:
        known[size] = _make(call, size)
    return known[size]


def _every(call: Call) -> dict[Size, str]:
    """Flavors by size, ours before others; those with properties of their own mean more than a size."""
    found: dict[Size, str] = {}
    for one in call.compute.list("/flavors/detail", "flavors"):
        size = (int(one["vcpus"]), int(one["ram"]), int(one["disk"]))
        ours = one["id"] == name_of(size)
        plain = not one.get("OS-FLV-EXT-DATA:ephemeral") and not one.get("swap") and not one.get("extra_specs")
        if ours or (plain and size not in found and not one.get("OS-FLV-DISABLED:disabled")):
            found[size] = str(one["id"])
    return found


def _make(call: Call, size: Size) -> str:
    vcpus, memory_mib, disk_gib = size
    problem = Permanent("cloud.no_flavor", vcpus=vcpus, memory_mib=memory_mib, disk_gib=disk_gib)
    if not call.config.make_flavors:
        raise problem
    name = name_of(size)
    flavor: Json = {"id": name, "name": name, "vcpus": vcpus, "ram": memory_mib, "disk": disk_gib}
    try:
        call.compute.post("/flavors", {"flavor": flavor})
    except Refused as refused:
        if refused.status == 403:
            raise problem from refused
        if refused.status != 409:
            raise
    return name
