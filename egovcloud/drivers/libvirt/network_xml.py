"""Networks in libvirt's words (https://libvirt.org/formatnetwork.html)."""

from __future__ import annotations

import ipaddress

from egovcloud.domain.errors import Invalid
from egovcloud.drivers.base import NetworkSpec
from egovcloud.drivers.libvirt.markup import Element, Marker, el, legal, mark
from egovcloud.drivers.libvirt.naming import Naming

MODES = ("nat", "isolated", "bridged")
NOBODY = "02:00:00:00:00:01"


def network(spec: NetworkSpec, names: Naming) -> Element:
    """The network of ``spec``. DHCP serves reservations alone: it has hosts, never a range.

    STP stays off: with it a new port is dead for some four seconds. One reservation for nobody keeps the DHCP server
    running, which libvirt would otherwise restart, for two seconds, with the first guest and after the last.
    """
    if spec.mode not in MODES:
        raise Invalid("input.choice", field="mode", name="mode", allowed=", ".join(MODES))
    marker = mark(Marker(names.installation, "network", spec.id, (("name", legal(spec.name)),)))
    head = [el("name", text=names.network(spec.id)), el("uuid", text=spec.id), marker]
    if spec.mode == "bridged":
        return el("network", *head, el("forward", mode="bridge"), el("bridge", name=spec.bridge))
    subnet = ipaddress.ip_network(spec.cidr, strict=False)
    return el(
        "network",
        *head,
        el("forward", mode="nat") if spec.mode == "nat" else None,
        el("bridge", name=names.bridge(spec.id), stp="off", delay="0"),
        el(
            "ip",
            el("dhcp", el("host", mac=NOBODY, ip=spec.gateway)),
            address=spec.gateway,
            netmask=str(subnet.netmask),
        ),
    )


def reservation(mac: str, address: str) -> Element:
    """The DHCP entry of one port. Without a name: two departments may call their machines alike."""
    return el("host", mac=mac.lower(), ip=address)


def reservations(network_document: Element) -> dict[str, str]:
    """MAC → address of every entry of the network."""
    return {
        host.get("mac", "").lower(): host.get("ip", "")
        for host in network_document.iterfind("ip/dhcp/host")
        if host.get("mac")
    }
