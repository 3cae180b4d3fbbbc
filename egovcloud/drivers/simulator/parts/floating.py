"""Floating addresses of the whole cloud, out of one outer network."""

from __future__ import annotations

import sqlite3
from ipaddress import IPv4Network

from egovcloud.domain.errors import Conflict, NotFound, QuotaExceeded
from egovcloud.drivers.base import OwnedKind, Ref
from egovcloud.drivers.floating import FloatingFacts, FloatingSpec
from egovcloud.drivers.simulator import find, grants
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.removal import remove_floating_address
from egovcloud.drivers.survey import FOREIGN

CLOUD = ""  # the scope of their mark, and their host
OUTER = IPv4Network("203.0.113.0/24")  # RFC 5737: for examples, and nobody's
_ROW = (
    "SELECT f.ext, f.address, f.network, f.instance, h.id AS holder, h.owner FROM floating_addresses f"
    " LEFT JOIN objects h ON h.ext = f.instance WHERE f.ext = ?"
)


class FloatingPart(Part):
    """Given by the lowest free address; every ``nat`` network leads to the same outer network."""

    def create_floating_address(self, host: str, spec: FloatingSpec, *, within: float) -> FloatingFacts:
        with self.change("create_floating_address", host, our_id=spec.id, within=within) as call:
            call.look(OwnedKind.FLOATING_ADDRESS, spec.id, lambda _: CLOUD)
            with call.write() as tx:
                find.check_host(tx, host)
                ext = call.known(tx, OwnedKind.FLOATING_ADDRESS, spec.id, CLOUD)
                if ext is None:
                    self._need_router(tx, host, spec)
                    address = _free_address(tx, spec)
                    visible = call.now + call.faults.visibility
                    tenant = grants.tenant_of(tx, self.installation, spec.tenant if self.tenancy else None, host)
                    name = (spec.id, CLOUD, CLOUD, address)
                    ext = find.add_object(tx, OwnedKind.FLOATING_ADDRESS, self.installation, *name, call.now, visible)
                    tx.execute("INSERT INTO floating_addresses VALUES (?, ?, ?, NULL)", (ext, spec.network.id, address))
                    grants.settle(tx, ext, tenant)
                call.external_id = ext
                return self._floating_facts(tx, host, spec.id, ext)

    def _need_router(self, tx: sqlite3.Connection, host: str, spec: FloatingSpec) -> None:
        network = find.first(tx, OwnedKind.NETWORK, self.installation, spec.network.id, host, None)
        if network is None or _mode(tx, network) != "nat":
            raise Conflict("floating_address.no_router", network=spec.network.name)

    def observe_floating_address(self, host: str, floating_id: str, *, within: float) -> FloatingFacts | None:
        with self.ask("observe_floating_address", host, within=within) as call, call.read() as tx:
            find.check_host(tx, host)
            ext = find.first(tx, OwnedKind.FLOATING_ADDRESS, self.installation, floating_id, CLOUD, call.now)
            return None if ext is None else self._floating_facts(tx, host, floating_id, ext)

    def associate_floating_address(
        self, host: str, floating_id: str, instance_id: str, mac: str, *, within: float
    ) -> FloatingFacts:
        name = "associate_floating_address"
        with self.change(name, host, our_id=floating_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            ext = find.first(tx, OwnedKind.FLOATING_ADDRESS, self.installation, floating_id, CLOUD, call.now)
            if ext is None:
                raise NotFound("floating_address.absent", id=floating_id, host=host)
            call.external_id = ext
            instance = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if instance is None:
                raise NotFound("instance.absent", id=instance_id, host=host)
            port = tx.execute(
                "SELECT network FROM nics WHERE instance = ? AND lower(mac) = ?", (instance, mac.lower())
            ).fetchone()
            if port is None:
                raise NotFound("floating_address.no_port", instance=instance_id, mac=mac)
            if _mode(tx, port["network"]) != "nat":
                raise Conflict("floating_address.no_way", id=floating_id, instance=instance_id)
            if tx.execute(
                "SELECT 1 FROM floating_addresses WHERE instance = ? AND ext <> ?", (instance, ext)
            ).fetchone():
                raise Conflict("floating_address.taken", instance=instance_id)
            tx.execute(
                "UPDATE floating_addresses SET instance = ? WHERE ext = ? AND instance IS NOT ?",
                (instance, ext, instance),
            )
            return self._floating_facts(tx, host, floating_id, ext)

    def disassociate_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        name = "disassociate_floating_address"
        with self.change(name, host, our_id=floating_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            for ext in find.every(tx, OwnedKind.FLOATING_ADDRESS, self.installation, floating_id, CLOUD, call.now):
                call.external_id = ext
                tx.execute(
                    "UPDATE floating_addresses SET instance = NULL WHERE ext = ? AND instance IS NOT NULL", (ext,)
                )

    def delete_floating_address(self, host: str, floating_id: str, *, within: float) -> None:
        name = "delete_floating_address"
        with self.change(name, host, our_id=floating_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            for ext in find.every(tx, OwnedKind.FLOATING_ADDRESS, self.installation, floating_id, CLOUD, call.now):
                call.external_id = ext
                remove_floating_address(tx, ext, call.now)

    def _floating_facts(self, tx: sqlite3.Connection, host: str, floating_id: str, ext: str) -> FloatingFacts:
        row = tx.execute(_ROW, (ext,)).fetchone()
        holder = None
        if row["instance"] is not None:
            holder = row["holder"] if row["owner"] == self.installation else FOREIGN
        return FloatingFacts(floating_id, Ref(ext, host), row["address"], holder)


def _mode(tx: sqlite3.Connection, network: str) -> str:
    row = tx.execute("SELECT mode FROM networks WHERE ext = ?", (network,)).fetchone()
    return str(row[0]) if row else ""


def _free_address(tx: sqlite3.Connection, spec: FloatingSpec) -> str:
    taken = {row[0] for row in tx.execute("SELECT address FROM floating_addresses")}
    for address in OUTER.hosts():
        if str(address) not in taken:
            return str(address)
    raise QuotaExceeded("floating_address.exhausted", network=spec.network.name)
