"""Freezing a guest's file systems around a moment, where its agent answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import libvirt

from egovcloud.drivers.libvirt import domains
from egovcloud.drivers.libvirt.domain_xml import AGENT

AGENT_LIMIT = 5


@contextmanager
def frozen(domain: libvirt.virDomain, *, wanted: bool) -> Iterator[bool]:
    """Yields whether the file systems are frozen; thaws them whatever happens inside."""
    done = wanted and _freeze(domain)
    try:
        yield done
    finally:
        if done:
            with suppress(libvirt.libvirtError):
                domain.fsThaw()


def _freeze(domain: libvirt.virDomain) -> bool:
    channel = domains.read(domain, live=True).find(f"devices/channel/target[@name='{AGENT}']")
    if channel is None or channel.get("state") != "connected":
        return False
    try:
        domain.agentSetResponseTimeout(AGENT_LIMIT, 0)
        return int(domain.fsFreeze()) >= 0
    except libvirt.libvirtError:
        return False
