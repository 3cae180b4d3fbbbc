"""The quotas of the cloud itself: of its account, which the switch ``grants`` sets, and of each project there."""

from __future__ import annotations

import json
import sqlite3

from egovcloud.domain.errors import NotFound, QuotaExceeded
from egovcloud.drivers.base import Allowance
from egovcloud.drivers.simulator import faults

# What is used of each resource, whoever made it: of the cloud's whole account, or of one project.
_USED = {
    "instances": "SELECT count(*) FROM instances i",
    "vcpus": "SELECT coalesce(sum(i.vcpus), 0) FROM instances i",
    "memory_mib": "SELECT coalesce(sum(i.memory_mib), 0) FROM instances i",
    "volume_gib": "SELECT coalesce(sum(i.size_gib), 0) FROM"
    " (SELECT ext, size_gib FROM volumes UNION ALL SELECT ext, size_gib FROM volume_snapshots) i",
    "addresses": "SELECT count(*) FROM nics n JOIN instances i ON i.ext = n.instance",
}
_IN_TENANT = " JOIN tenancy t ON t.ext = i.ext WHERE t.tenant = ?"
RESOURCES = tuple(_USED)


def told(tx: sqlite3.Connection, tenant: str | None = None) -> list[Allowance]:
    """Limit and use of every resource."""
    limits = faults.load(tx).grants if tenant is None else _limits(tx, tenant)
    return [Allowance(resource, limits.get(resource), used(tx, resource, tenant)) for resource in RESOURCES]


def take(tx: sqlite3.Connection, host: str, tenant: str | None = None, **wanted: int) -> None:
    """``QuotaExceeded("cloud.quota")`` when the account or the project is not granted that much more."""
    walls = [(None, faults.load(tx).grants)] + ([(tenant, _limits(tx, tenant))] if tenant else [])
    for where, limits in walls:
        for resource, count in wanted.items():
            limit = limits.get(resource)
            if limit is not None and count > 0 and used(tx, resource, where) + count > limit:
                detail = f"{resource}: {limit} granted, {used(tx, resource, where)} used, {count} more wanted"
                raise QuotaExceeded("cloud.quota", host=host, service="simulator", detail=detail)


def tenant_of(tx: sqlite3.Connection, owner: str, our_id: str | None, host: str) -> str | None:
    """The cloud's id of a project of ours; ``NotFound("tenant.absent")`` when it was not ensured."""
    if our_id is None:
        return None
    row = tx.execute("SELECT ext FROM tenants WHERE owner = ? AND id = ?", (owner, our_id)).fetchone()
    if row is None:
        raise NotFound("tenant.absent", id=our_id, host=host)
    return str(row[0])


def settle(tx: sqlite3.Connection, ext: str, tenant: str | None) -> None:
    """Enter that an object lies in a project."""
    if tenant is not None:
        tx.execute("INSERT INTO tenancy (ext, tenant) VALUES (?, ?)", (ext, tenant))


def used(tx: sqlite3.Connection, resource: str, tenant: str | None = None) -> int:
    """By everything in the account, or in one project."""
    if tenant is None:
        return int(tx.execute(_USED[resource]).fetchone()[0])
    return int(tx.execute(_USED[resource] + _IN_TENANT, (tenant,)).fetchone()[0])


def _limits(tx: sqlite3.Connection, tenant: str) -> dict[str, int]:
    row = tx.execute("SELECT limits FROM tenants WHERE ext = ?", (tenant,)).fetchone()
    limits: dict[str, int] = json.loads(row[0]) if row else {}
    return limits
