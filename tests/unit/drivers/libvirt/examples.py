"""Specifications for the builders' tests, and libvirt's own schemas to hold the results against."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree

from egovcloud.drivers.base import ImageSpec, InstanceSpec, NetworkSpec, NicSpec, RuleSpec, SecurityGroupSpec
from egovcloud.drivers.libvirt.markup import Element, render

SCHEMAS = Path("/usr/share/libvirt/schemas")
INSTANCE = "3f2a1c60-9d4e-4b7a-8f10-2b6c7d8e9f01"
NETWORK = "7c1b2a30-1111-4222-8333-444455556666"
GROUP = "0a0b0c0d-aaaa-4bbb-8ccc-ddddeeeeffff"
IMAGE = "9e8d7c6b-5a49-4838-9726-150403020100"
VOLUME = "12345678-9abc-4def-8123-456789abcdef"
SNAPSHOT = "fedcba98-7654-4321-8fed-cba987654321"

HOSTILE = [
    "社会救助系统 🏛️𠮷",
    "]]><x a='1'>&amp;<!--</domain>",
    '\'; "quoted" `id` $(id) \\',
    "first\nsecond\r\n\tthird",
    "{{ lookup('pipe', 'id') }} ${HOME} %s {0}",
    "nul\x00 bell\x07 escape\x1b ￾ \ud800",
    "",
    " ",
    "长" * 5000,
]

NAT = NetworkSpec(NETWORK, "政务外网", "nat", "10.20.0.0/22", "10.20.0.1")
WEB = SecurityGroupSpec(
    GROUP,
    "web",
    (
        RuleSpec("ingress", "tcp", 443, 443),
        RuleSpec("ingress", "tcp", 8000, 8100, "10.0.0.0/8"),
        RuleSpec("ingress", "udp", 53),
        RuleSpec("ingress", "icmp"),
        RuleSpec("ingress", "any", cidr="192.0.2.7/32"),
        RuleSpec("egress", "tcp", 443, 443, "203.0.113.0/24"),
    ),
)


def instance(name: str = "web-1", firmware: str = "bios", **changes: object) -> InstanceSpec:
    """One instance with one port that one group guards."""
    direct = {"kernel": "/k", "initrd": "/i", "cmdline": "console=ttyS0"} if firmware == "direct" else {}
    values: dict[str, object] = {
        "id": INSTANCE,
        "name": name,
        "hostname": "web-1",
        "host": "hv1",
        "pool": "local",
        "vcpus": 2,
        "memory_mib": 2048,
        "disk_gib": 20,
        "image": ImageSpec(IMAGE, "debian", "/images/debian.qcow2", "0" * 64, firmware=firmware, **direct),
        "nics": (NicSpec(NAT, "52:54:00:AA:BB:CC", "10.20.0.9", (WEB,)),),
        "ssh_keys": ("ssh-ed25519 AAAA me@office",),
    }
    return InstanceSpec(**{**values, **changes})  # type: ignore[arg-type]  # a test's own shorthand


@cache
def _schema(name: str) -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(SCHEMAS / f"{name}.rng"))


def complaints(schema: str, document: Element) -> str:
    """What libvirt's schema has against the document; empty when it is valid."""
    checker = _schema(schema)
    return "" if checker.validate(etree.fromstring(render(document))) else str(checker.error_log)
