"""Whether a host or a store has room left, which is generous here but finite, so that running out can be seen."""

from __future__ import annotations

import sqlite3
import zlib

from egovcloud.domain.errors import QuotaExceeded
from egovcloud.drivers.base import Power
from egovcloud.drivers.simulator.removal import charge, commit
from egovcloud.drivers.simulator.schema import GIB, MEMORY_OVERCOMMIT, POOL_OVERCOMMIT, VCPU_OVERCOMMIT


def take_host(tx: sqlite3.Connection, host: str, vcpus: int, memory_mib: int) -> None:
    """Commit processors and memory; ``QuotaExceeded("host.full")`` when there are not enough."""
    row = tx.execute(
        "SELECT vcpus, memory_mib, used_vcpus, used_memory_mib FROM hosts WHERE name = ?", (host,)
    ).fetchone()
    free_vcpus = row["vcpus"] * VCPU_OVERCOMMIT - row["used_vcpus"]
    free_memory = row["memory_mib"] * MEMORY_OVERCOMMIT - row["used_memory_mib"]
    if vcpus > free_vcpus:
        raise QuotaExceeded("host.full", host=host, resource="vCPU", free=free_vcpus, wanted=vcpus)
    if memory_mib > free_memory:
        raise QuotaExceeded("host.full", host=host, resource="MiB", free=free_memory, wanted=memory_mib)
    commit(tx, host, vcpus, memory_mib)


def keep_apart(tx: sqlite3.Connection, owner: str, our_id: str, group: str | None, host: str) -> None:
    """``QuotaExceeded("cloud.no_room")`` when another member of the group is on the host."""
    if group is None:
        return
    there = tx.execute(
        "SELECT o.id FROM objects o JOIN instances i ON i.ext = o.ext WHERE o.host = ? AND o.owner = ? AND o.id <> ?"
        " AND i.power <> ? AND json_extract(i.seed, '$.apart') = ? LIMIT 1",
        (host, owner, our_id, Power.SHELVED, group),
    ).fetchone()
    if there is not None:
        raise QuotaExceeded("cloud.no_room", host=host, detail=f"instance {there['id']} of the same group is there")


def take_store(tx: sqlite3.Connection, host: str, pool: str, store: str, size_gib: int, allocated: int = 0) -> None:
    """Provision space; ``QuotaExceeded("pool.no_space")`` when it is promised away or written full."""
    row = tx.execute("SELECT capacity_gib, provisioned_gib, allocated FROM stores WHERE name = ?", (store,)).fetchone()
    free = min(
        row["capacity_gib"] * POOL_OVERCOMMIT - row["provisioned_gib"],
        row["capacity_gib"] - row["allocated"] / GIB,
    )
    if size_gib > row["capacity_gib"] * POOL_OVERCOMMIT - row["provisioned_gib"] or allocated / GIB > free:
        raise QuotaExceeded("pool.no_space", host=host, pool=pool, free=int(max(0, free)), wanted=size_gib)
    charge(tx, store, size_gib, allocated)


def written(our_id: str, size_gib: int, low: int, high: int) -> int:
    """Bytes that a guest has written to a disk: between ``low`` and ``high`` percent, the same for the same id."""
    share = low + zlib.crc32(our_id.encode()) % (high - low + 1)
    return size_gib * GIB * share // 100
