"""How the simulated cloud lies in its own file, and how such a file is made.

All things share ``objects`` (kind, mark, place, name), so that a search for a mark or a list of a host is one indexed
query whatever the kind; each kind keeps the rest in a table of its own. ``scope`` is where a mark should be unique:
the host for instances, networks and security groups; the store for images and volumes; the instance for snapshots;
the volume for its own snapshots.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egovcloud.drivers.simulator import buckets

GIB = 1024**3
MEMORY_OVERCOMMIT = 2  # generous, yet a test can fill a host
VCPU_OVERCOMMIT = 32
POOL_OVERCOMMIT = 8  # thin provisioning

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hosts (
    name TEXT PRIMARY KEY, vcpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL, cpu_model TEXT NOT NULL,
    version TEXT NOT NULL, used_vcpus INTEGER NOT NULL DEFAULT 0, used_memory_mib INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stores (
    name TEXT PRIMARY KEY, capacity_gib REAL NOT NULL, provisioned_gib INTEGER NOT NULL DEFAULT 0,
    allocated INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pools (
    host TEXT NOT NULL, name TEXT NOT NULL, store TEXT NOT NULL, shared INTEGER NOT NULL, PRIMARY KEY (host, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY, ext TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, owner TEXT, id TEXT NOT NULL,
    scope TEXT NOT NULL, host TEXT NOT NULL, name TEXT NOT NULL, created_at REAL NOT NULL, visible_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_mark ON objects (id, kind, scope);
CREATE INDEX IF NOT EXISTS objects_by_host ON objects (host, owner);

CREATE TABLE IF NOT EXISTS instances (
    ext TEXT PRIMARY KEY, pool TEXT NOT NULL, store TEXT NOT NULL, hostname TEXT NOT NULL, vcpus INTEGER NOT NULL,
    memory_mib INTEGER NOT NULL, disk_gib INTEGER NOT NULL, allocated INTEGER NOT NULL, image TEXT, seed TEXT NOT NULL,
    power TEXT NOT NULL, ready_at REAL NOT NULL, stop_at REAL, starts TEXT NOT NULL, content TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS instances_by_image ON instances (image);
CREATE TABLE IF NOT EXISTS nics (
    instance TEXT NOT NULL, position INTEGER NOT NULL, network TEXT NOT NULL, mac TEXT NOT NULL, address TEXT NOT NULL,
    PRIMARY KEY (instance, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nics_by_address ON nics (network, address);
CREATE TABLE IF NOT EXISTS nic_groups (
    instance TEXT NOT NULL, position INTEGER NOT NULL, security_group TEXT NOT NULL,
    PRIMARY KEY (instance, position, security_group)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nic_groups_by_group ON nic_groups (security_group);

CREATE TABLE IF NOT EXISTS networks (
    ext TEXT PRIMARY KEY, mode TEXT NOT NULL, cidr TEXT NOT NULL, gateway TEXT NOT NULL, bridge TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS security_groups (ext TEXT PRIMARY KEY, rules TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS images (
    ext TEXT PRIMARY KEY, store TEXT NOT NULL, sha256 TEXT NOT NULL, min_disk_gib INTEGER NOT NULL,
    allocated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS volumes (
    ext TEXT PRIMARY KEY, pool TEXT NOT NULL, store TEXT NOT NULL, size_gib INTEGER NOT NULL,
    allocated INTEGER NOT NULL DEFAULT 0, instance TEXT, target TEXT, detach_at REAL, content TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS volumes_by_instance ON volumes (instance);
CREATE TABLE IF NOT EXISTS snapshots (
    ext TEXT PRIMARY KEY, instance TEXT NOT NULL, external INTEGER NOT NULL, quiesced INTEGER NOT NULL,
    allocated INTEGER NOT NULL, content TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS snapshots_by_instance ON snapshots (instance);
CREATE TABLE IF NOT EXISTS snapshot_volumes (
    snapshot TEXT NOT NULL, volume TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (snapshot, volume)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS snapshot_volumes_by_volume ON snapshot_volumes (volume);
CREATE TABLE IF NOT EXISTS checksums (
    path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, pid INTEGER NOT NULL, call TEXT NOT NULL, host TEXT NOT NULL,
    our_id TEXT NOT NULL, external_id TEXT NOT NULL, answer TEXT NOT NULL, changed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_id ON calls (our_id);
"""


@dataclass(frozen=True)
class SimPool:
    """A storage pool; a shared one is the same storage on every host that lists it by this name."""

    name: str
    capacity_gib: float = 2000.0
    shared: bool = False


@dataclass(frozen=True)
class SimHost:
    """A hypervisor of the simulated cloud. Memory in MiB."""

    name: str
    vcpus: int = 64
    memory_mib: int = 262_144
    pools: Sequence[SimPool] = (SimPool("local"),)
    cpu_model: str = "Simulated-v1"
    version: str = "simulator 1"


# A file of an earlier version has no such tables.
LATER = (
    "CREATE TABLE IF NOT EXISTS adopted (ext TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS tenants (ext TEXT PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL,"
    " name TEXT NOT NULL, limits TEXT NOT NULL, UNIQUE (owner, id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS tenancy (ext TEXT PRIMARY KEY, tenant TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS volume_snapshots (ext TEXT PRIMARY KEY, volume TEXT NOT NULL,"
    " size_gib INTEGER NOT NULL, allocated INTEGER NOT NULL, content TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS floating_addresses (ext TEXT PRIMARY KEY, network TEXT NOT NULL,"
    " address TEXT NOT NULL UNIQUE, instance TEXT) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS tenancy_by_tenant ON tenancy (tenant)",
    "CREATE INDEX IF NOT EXISTS volume_snapshots_by_volume ON volume_snapshots (volume)",
    "CREATE INDEX IF NOT EXISTS floating_addresses_by_instance ON floating_addresses (instance)",
)


def create_cloud(
    path: Path | str,
    hosts: Sequence[SimHost],
    *,
    boot_seconds: float = 0.0,
    shutdown_seconds: float = 0.0,
    detach_seconds: float = 0.0,
) -> None:
    """Make the file of a new cloud; where one is already, missing hosts and pools are added and nothing else changes.

    ``boot_seconds``, ``shutdown_seconds`` and ``detach_seconds`` are how long guests take; ``Faults`` changes them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        buckets.prepare(connection)
        for statement in LATER:
            connection.execute(statement)
        times = {"boot": boot_seconds, "shutdown": shutdown_seconds, "detach": detach_seconds}
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('faults', ?)", (json.dumps(times),))
        for host in hosts:
            _add_host(connection, host)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _add_host(connection: sqlite3.Connection, host: SimHost) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO hosts (name, vcpus, memory_mib, cpu_model, version) VALUES (?, ?, ?, ?, ?)",
        (host.name, host.vcpus, host.memory_mib, host.cpu_model, host.version),
    )
    for pool in host.pools:
        store = pool.name if pool.shared else f"{host.name}/{pool.name}"
        connection.execute(
            "INSERT OR IGNORE INTO stores (name, capacity_gib) VALUES (?, ?)", (store, pool.capacity_gib)
        )
        connection.execute(
            "INSERT OR IGNORE INTO pools VALUES (?, ?, ?, ?)", (host.name, pool.name, store, int(pool.shared))
        )
