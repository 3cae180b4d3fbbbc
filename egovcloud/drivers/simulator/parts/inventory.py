"""Hosts, pools, and what lies on them, ours and not ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from egovcloud.domain.errors import Forbidden, Transient
from egovcloud.drivers.base import Allowance, HostFacts, Owned, OwnedKind, PoolFacts, Unmanaged
from egovcloud.drivers.simulator import find, grants
from egovcloud.drivers.simulator.calls import Call
from egovcloud.drivers.simulator.parts import tenants
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.removal import REMOVERS
from egovcloud.drivers.simulator.schema import GIB

_UNMANAGED = (
    "SELECT o.kind, o.ext, o.host, o.name, i.vcpus, i.memory_mib, coalesce(i.disk_gib, v.size_gib, 0) AS size_gib,"
    " n.id AS tenant FROM objects o LEFT JOIN instances i ON i.ext = o.ext LEFT JOIN volumes v ON v.ext = o.ext"
    " LEFT JOIN tenancy t ON t.ext = o.ext LEFT JOIN tenants n ON n.ext = t.tenant AND n.owner = ?1"
    " WHERE o.host = ?2 AND o.owner IS NOT ?1 ORDER BY o.seq"
)


class InventoryPart(Part):
    """Inventory never changes anything but in ``delete_owned``."""

    def hosts(self, *, within: float) -> Sequence[HostFacts]:
        with self.ask("hosts", within=within) as call, call.read() as tx:
            rows = tx.execute("SELECT name, vcpus, memory_mib, cpu_model, version FROM hosts ORDER BY name").fetchall()
        silent = self._silent([row["name"] for row in rows], call)
        return [
            HostFacts(
                row["name"],
                row["vcpus"],
                row["memory_mib"],
                row["name"] not in silent,
                "simulator",
                row["cpu_model"],
                row["version"],
                silent.get(row["name"], ""),
            )
            for row in rows
        ]

    def _silent(self, names: list[str], call: Call) -> dict[str, str]:
        """Why a host does not answer; all are asked at once, so that the wait is one limit in all."""
        if not (call.faults.unreachable or call.faults.hung):
            return {}
        silent: dict[str, str] = {}
        for name in names:
            try:
                with Call(self.cloud, self.installation, "hosts", (name,), "", call.left(), False):
                    pass
            except Transient as error:
                silent[name] = error.text()
        return silent

    def pools(self, host: str, *, within: float) -> Sequence[PoolFacts]:
        with self.ask("pools", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            rows = tx.execute(
                "SELECT p.name, p.shared, s.capacity_gib, s.allocated FROM pools p JOIN stores s ON s.name = p.store"
                " WHERE p.host = ? ORDER BY p.name",
                (host,),
            ).fetchall()
        return [
            PoolFacts(
                row["name"],
                host,
                "simulated",
                row["capacity_gib"],
                round(row["allocated"] / GIB, 3),
                bool(row["shared"]),
            )
            for row in rows
        ]

    def allowances(self, *, tenant: str | None = None, within: float) -> Sequence[Allowance]:
        with self.ask("allowances", within=within) as call, call.read() as tx:
            inside = tenant if self.tenancy else None
            return grants.told(tx, grants.tenant_of(tx, self.installation, inside, "simulator"))

    def list_unmanaged(self, host: str, *, within: float) -> Sequence[Unmanaged]:
        with self.ask("list_unmanaged", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            rows = tx.execute(_UNMANAGED, (self.installation, host)).fetchall()
        return [
            Unmanaged(
                OwnedKind(row["kind"]),
                row["ext"],
                row["host"],
                row["name"],
                row["vcpus"] or 0,
                row["memory_mib"] or 0,
                float(row["size_gib"]),
                row["tenant"],
            )
            for row in rows
        ]

    def delete_owned(self, owned: Owned, *, within: float) -> None:
        with self.change("delete_owned", owned.host, our_id=owned.id, within=within) as call:
            call.external_id = owned.external_id
            with call.write() as tx:
                find.check_host(tx, owned.host)
                if owned.kind is OwnedKind.TENANT:
                    tenants.remove_owned(tx, self.installation, owned)
                    return
                row = tx.execute(
                    "SELECT kind, owner, id, host FROM objects WHERE ext = ?", (owned.external_id,)
                ).fetchone()
                if row is None:
                    return
                everywhere = row["host"] == ""  # the cloud's as a whole, which every host lists
                if tuple(row)[:3] != (owned.kind, self.installation, owned.id) or not (
                    everywhere or row["host"] == owned.host
                ):
                    raise Forbidden("driver.foreign", external_id=owned.external_id, host=owned.host)
                if find.adopted(tx, owned.external_id):
                    find.give_back(tx, owned.external_id)
                    return
                remove: Callable[[sqlite3.Connection, str, float], object] = REMOVERS[owned.kind]
                remove(tx, owned.external_id, call.now)
