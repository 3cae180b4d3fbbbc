"""Networks and security groups of a host, which must be there before an instance that needs them."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import asdict

from egovcloud.domain.errors import NotFound, Permanent
from egovcloud.drivers.base import NetworkSpec, NicSpec, OwnedKind, Ref, SecurityGroupSpec
from egovcloud.drivers.simulator import find
from egovcloud.drivers.simulator.parts.base import Part
from egovcloud.drivers.simulator.ports import guard
from egovcloud.drivers.simulator.removal import remove_network, remove_security_group

_MODES = ("nat", "isolated", "bridged")


class NetworksPart(Part):
    """Asked again with another specification, the cloud follows the last one."""

    def ensure_network(self, host: str, network: NetworkSpec, *, within: float) -> Ref:
        with self.change("ensure_network", host, our_id=network.id, within=within) as call:
            call.look(OwnedKind.NETWORK, network.id, lambda _: host)
            self._check_network(host, network)
            with call.write() as tx:
                find.check_host(tx, host)
                ext = call.known(tx, OwnedKind.NETWORK, network.id, host)
                values = (network.mode, network.cidr, network.gateway, network.bridge)
                if ext is None:
                    ext = find.add_object(
                        tx,
                        OwnedKind.NETWORK,
                        self.installation,
                        network.id,
                        host,
                        host,
                        network.name,
                        call.now,
                        call.now + call.faults.visibility,
                    )
                    tx.execute("INSERT INTO networks VALUES (?, ?, ?, ?, ?)", (ext, *values))
                    tx.execute("UPDATE nics SET network = ? WHERE network = ?", (ext, find.lost(network.id, host)))
                else:
                    held = tx.execute(
                        "SELECT mode, cidr, gateway, bridge FROM networks WHERE ext = ?", (ext,)
                    ).fetchone()
                    if tuple(held) != values:
                        tx.execute(
                            "UPDATE networks SET mode = ?, cidr = ?, gateway = ?, bridge = ? WHERE ext = ?",
                            (*values, ext),
                        )
                    tx.execute(
                        "UPDATE objects SET name = ? WHERE ext = ? AND name <> ?", (network.name, ext, network.name)
                    )
                call.external_id = ext
        return Ref(ext, host)

    @staticmethod
    def _check_network(host: str, network: NetworkSpec) -> None:
        """What a hypervisor would refuse."""
        try:
            subnet = ipaddress.IPv4Network(network.cidr)
            good = ipaddress.IPv4Address(network.gateway) in subnet and network.mode in _MODES
        except ValueError as error:
            raise Permanent("driver.failed", host=host, detail=str(error)) from None
        if not good or (network.mode == "bridged") != (network.bridge is not None):
            raise Permanent(
                "driver.failed",
                host=host,
                detail=f"network {network.id}: mode {network.mode}, gateway {network.gateway}, bridge {network.bridge}",
            )

    def delete_network(self, host: str, network_id: str, *, within: float) -> None:
        """``Conflict("network.in_use")`` while an instance has a port on it."""
        with self.change("delete_network", host, our_id=network_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            for ext in find.every(tx, OwnedKind.NETWORK, self.installation, network_id, host, call.now):
                call.external_id = ext
                remove_network(tx, ext, call.now)

    def ensure_security_group(self, host: str, group: SecurityGroupSpec, *, within: float) -> Ref:
        rules = json.dumps([asdict(rule) for rule in group.rules])
        with self.change("ensure_security_group", host, our_id=group.id, within=within) as call:
            call.look(OwnedKind.SECURITY_GROUP, group.id, lambda _: host)
            with call.write() as tx:
                find.check_host(tx, host)
                ext = call.known(tx, OwnedKind.SECURITY_GROUP, group.id, host)
                if ext is None:
                    ext = find.add_object(
                        tx,
                        OwnedKind.SECURITY_GROUP,
                        self.installation,
                        group.id,
                        host,
                        host,
                        group.name,
                        call.now,
                        call.now + call.faults.visibility,
                    )
                    tx.execute("INSERT INTO security_groups VALUES (?, ?)", (ext, rules))
                    tx.execute(
                        "UPDATE nic_groups SET security_group = ? WHERE security_group = ?",
                        (ext, find.lost(group.id, host)),
                    )
                else:
                    tx.execute("UPDATE security_groups SET rules = ? WHERE ext = ? AND rules <> ?", (rules, ext, rules))
                    tx.execute("UPDATE objects SET name = ? WHERE ext = ? AND name <> ?", (group.name, ext, group.name))
                call.external_id = ext
        return Ref(ext, host)

    def delete_security_group(self, host: str, group_id: str, *, within: float) -> None:
        """``Conflict("security_group.in_use")`` while it guards a port."""
        with self.change("delete_security_group", host, our_id=group_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            for ext in find.every(tx, OwnedKind.SECURITY_GROUP, self.installation, group_id, host, call.now):
                call.external_id = ext
                remove_security_group(tx, ext, call.now)

    def apply_security_groups(self, host: str, instance_id: str, nics: Sequence[NicSpec], *, within: float) -> None:
        """``NotFound`` for an instance, or for a group that nobody ensured on the host."""
        with self.change("apply_security_groups", host, our_id=instance_id, within=within) as call, call.write() as tx:
            find.check_host(tx, host)
            ext = find.first(tx, OwnedKind.INSTANCE, self.installation, instance_id, host, call.now)
            if ext is None:
                raise NotFound("instance.absent", id=instance_id, host=host)
            call.external_id = ext
            guard(tx, self.installation, ext, host, nics)
