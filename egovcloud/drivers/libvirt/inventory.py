"""What a host is and has."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import libvirt

from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import HostFacts
from egovcloud.drivers.libvirt.host import Session


def facts(session: Session) -> HostFacts:
    """Counts and versions as libvirtd states them."""
    model, memory, cpus, *_ = session.conn.getInfo()
    with suppress(libvirt.libvirtError):  # the first number omits memory that was plugged in later
        memory = session.conn.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)["total"] // 1024
    number = session.conn.getVersion()
    version = f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
    library = session.conn.getLibVersion()
    return HostFacts(
        session.host,
        int(cpus),
        int(memory),
        True,
        str(session.conn.getType()).lower(),
        str(model),
        version,
        f"libvirt {library // 1_000_000}.{library // 1000 % 1000}.{library % 1000}",
    )


def unreachable(host: str, last: HostFacts | None, problem: Problem) -> HostFacts:
    """The counts of when it last answered, and why it does not now."""
    known = last or HostFacts(host, 0, 0)
    return replace(known, reachable=False, detail=problem.text("en"))
