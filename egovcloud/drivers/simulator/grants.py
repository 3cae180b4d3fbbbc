"""The quota of the cloud itself, which knows nothing of ours: none until the switch ``grants`` sets one."""

from __future__ import annotations

import sqlite3

from egovcloud.domain.errors import QuotaExceeded
from egovcloud.drivers.base import Allowance
from egovcloud.drivers.simulator import faults

# What is used of each resource: all of the cloud's account, whoever made it.
_USED = {
    "instances": "SELECT count(*) FROM instances",
    "vcpus": "SELECT coalesce(sum(used_vcpus), 0) FROM hosts",
    "memory_mib": "SELECT coalesce(sum(used_memory_mib), 0) FROM hosts",
    "volume_gib": "SELECT coalesce(sum(size_gib), 0) FROM volumes",
    "addresses": "SELECT count(*) FROM nics",
}
RESOURCES = tuple(_USED)


def told(tx: sqlite3.Connection) -> list[Allowance]:
    """Limit and use of every resource."""
    limits = faults.load(tx).grants
    return [Allowance(resource, limits.get(resource), _used(tx, resource)) for resource in RESOURCES]


def take(tx: sqlite3.Connection, host: str, **wanted: int) -> None:
    """``QuotaExceeded("cloud.quota")`` when that much more is not granted."""
    limits = faults.load(tx).grants
    for resource, count in wanted.items():
        limit = limits.get(resource)
        if limit is not None and count > 0 and _used(tx, resource) + count > limit:
            detail = f"{resource}: {limit} granted, {_used(tx, resource)} used, {count} more wanted"
            raise QuotaExceeded("cloud.quota", host=host, service="simulator", detail=detail)


def _used(tx: sqlite3.Connection, resource: str) -> int:
    return int(tx.execute(_USED[resource]).fetchone()[0])
