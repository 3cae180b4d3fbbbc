"""``python docs/generate.py [--check]``: writes the parts of the docs that are made from code, between their markers.

``<!-- generated: NAME -->`` … ``<!-- end -->`` in a Markdown file is filled by the function of that name below.
With ``--check`` nothing is written and the exit code is 1 when a page is out of date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from egovcloud.domain.drift import KINDS
from egovcloud.domain.lifecycle import LIFECYCLES
from egovcloud.domain.messages import CATALOGUE
from egovcloud.domain.permissions import ROLES
from egovcloud.drivers.base import Capability
from egovcloud.engine.operations import REGISTRY

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def lifecycles() -> str:
    """A state diagram for each noun, out of the one table of transitions."""
    parts = []
    for noun, table in LIFECYCLES.items():
        lines = [f"### {noun}", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {table.initial}"]
        edges: dict[tuple[str, str], list[str]] = {}
        for (source, event), target in table.moves.items():
            edges.setdefault((source, target), []).append(event)
        lines += [f"    {source} --> {target}: {', '.join(events)}" for (source, target), events in edges.items()]
        lines += [f"    {state} --> [*]" for state in table.states if state in table.final]
        parts.append("\n".join([*lines, "```"]))
    return "\n\n".join(parts)


def operations() -> str:
    """Every kind of operation with its steps; ↶ marks a step that has an undo."""
    lines = ["| operation | steps | deadline | can be cancelled |", "|---|---|---|---|"]
    for kind in REGISTRY.kinds.values():
        steps = " → ".join(f"{s.name}{' ↶' if s.undo or s.undo_record else ''}" for s in kind.steps)
        more = kind.time({"gib": 1}) - kind.time({}) if kind.gib else None
        deadline = f"{kind.seconds} s" + (f" + {more.seconds} s/GiB" if more else "")
        lines.append(f"| `{kind.name}` | {steps} | {deadline} | {'yes' if kind.cancellable else 'no'} |")
    return "\n".join(lines)


def capabilities() -> str:
    """Which capability each driver declares, as the contract suite has proved it."""
    from egovcloud.drivers.libvirt import HostConfig, LibvirtDriver
    from egovcloud.drivers.openstack import CloudConfig, OpenStackDriver, PoolConfig
    from egovcloud.drivers.simulator import SimulatorDriver

    cloud = CloudConfig(
        "docs", pools={"ssd": PoolConfig("ssd"), "local": PoolConfig(root="hypervisor")}, external_network="internet"
    )
    drivers = {
        "simulator": SimulatorDriver("docs", "/nonexistent").capabilities,
        "libvirt (QEMU)": LibvirtDriver("docs", {"h": HostConfig("qemu:///system")}).capabilities,
        "libvirt (test)": LibvirtDriver("docs", {"h": HostConfig("test:///default")}).capabilities,
        "OpenStack": OpenStackDriver("docs", cloud).capabilities,
    }
    lines = [f"| capability | {' | '.join(drivers)} |", "|---|" + "---|" * len(drivers)]
    for one in Capability:
        marks = " | ".join("✓" if one in declared else "" for declared in drivers.values())
        lines.append(f"| {one.value.replace('_', ' ')} | {marks} |")
    return "\n".join(lines)


def objects() -> str:
    """Which capability each object storage declares."""
    from egovcloud.drivers.objects import ObjectCapability
    from egovcloud.drivers.openstack import CloudConfig, SwiftConfig, SwiftStore
    from egovcloud.drivers.s3 import EndpointConfig, S3Store
    from egovcloud.drivers.simulator import SimulatorStore

    stores = {
        "simulator": SimulatorStore("docs", "/nonexistent").capabilities,
        "S3": S3Store("docs", EndpointConfig("http://localhost", iam=True)).capabilities,
        "Swift": SwiftStore("docs", SwiftConfig(CloudConfig("docs"))).capabilities,
    }
    lines = [f"| capability | {' | '.join(stores)} |", "|---|" + "---|" * len(stores)]
    for one in ObjectCapability:
        marks = " | ".join("✓" if one in declared else "" for declared in stores.values())
        lines.append(f"| {one.value.replace('_', ' ')} | {marks} |")
    return "\n".join(lines)


def roles() -> str:
    """Every role with its permissions."""
    lines = ["| role | permissions |", "|---|---|"]
    lines += [f"| `{role}` | {', '.join(sorted(permissions))} |" for role, permissions in ROLES.items()]
    return "\n".join(lines)


def drifts() -> str:
    """Every kind of drift, what is compared, and what may be done about it."""
    lines = ["| kind | 名称 | what is compared | accept | repair | default |", "|---|---|---|---|---|---|"]
    for code, kind in KINDS.items():
        english, chinese = CATALOGUE[f"drift.kind.{code}"]
        marks = " | ".join("✓" if offered else "" for offered in (kind.accept, kind.repair))
        facts = ", ".join(kind.compares)
        lines.append(f"| `{code}`: {english} | {chinese} | {facts} | {marks} | {kind.default} |")
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "lifecycles": lifecycles,
    "operations": operations,
    "capabilities": capabilities,
    "objects": objects,
    "roles": roles,
    "drifts": drifts,
}


def main(check: bool) -> int:
    """Write or check every page."""
    stale = []
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text()
        made = BLOCK.sub(lambda m: f"{m[1]}{PARTS[m[2]]()}\n{m[3]}", text)
        if made != text:
            stale.append(page.name)
            if not check:
                page.write_text(made)
    if stale:
        print(("out of date: " if check else "written: ") + ", ".join(stale))
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
