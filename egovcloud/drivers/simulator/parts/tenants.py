"""Projects of the simulated cloud: what is made in one counts against its limits, whoever made it."""

from __future__ import annotations

import json
import sqlite3
import uuid

from egovcloud.domain.errors import Conflict, Forbidden, Unsupported
from egovcloud.drivers.base import Capability, Owned, TenantSpec
from egovcloud.drivers.simulator.parts.base import Part


class TenantsPart(Part):
    """A cloud-wide thing, listed on every host."""

    def ensure_tenant(self, tenant: TenantSpec, *, within: float) -> str:
        if not self.tenancy:
            raise Unsupported("driver.unsupported", capability=Capability.TENANCY.value)
        with self.change("ensure_tenant", our_id=tenant.id, within=within) as call, call.write() as tx:
            row = tx.execute(
                "SELECT ext FROM tenants WHERE owner = ? AND id = ?", (self.installation, tenant.id)
            ).fetchone()
            call.external_id = row["ext"] if row else str(uuid.uuid4())
            limits = json.dumps(dict(tenant.limits))
            tx.execute(
                "INSERT INTO tenants (ext, owner, id, name, limits) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (ext) DO UPDATE SET limits = excluded.limits",
                (call.external_id, self.installation, tenant.id, tenant.name, limits),
            )
        return call.external_id


def remove_owned(tx: sqlite3.Connection, installation: str, owned: Owned) -> None:
    """``Conflict("tenant.in_use")`` while anything lies in it."""
    row = tx.execute("SELECT owner, id FROM tenants WHERE ext = ?", (owned.external_id,)).fetchone()
    if row is None:
        return
    if tuple(row) != (installation, owned.id):
        raise Forbidden("driver.foreign", external_id=owned.external_id, host=owned.host)
    (count,) = tx.execute("SELECT count(*) FROM tenancy WHERE tenant = ?", (owned.external_id,)).fetchone()
    if count:
        raise Conflict("tenant.in_use", id=owned.id, host=owned.host, detail=str(count))
    tx.execute("DELETE FROM tenants WHERE ext = ?", (owned.external_id,))
