"""The overview as a page of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from egovcloud.cli.declare import columns
from egovcloud.cli.output import Output
from egovcloud.cli.values import plain, styled, title

QUOTA = columns("resource limit used reserved committed unmanaged")
OPERATIONS = columns("kind state subject created=created_at:time id")
REQUESTS = columns("number title state department")


def show_overview(output: Output, answer: Mapping[str, Any]) -> None:
    """Counts first, then what needs a look. Parts that one may not see are not there."""
    lines: dict[str, Any] = {}
    for noun in ("instances", "hosts", "requests"):
        part = answer.get(noun)
        if isinstance(part, Mapping):
            lines[noun] = _count(part)
    for resource, key, style in (
        ("vcpus", "vcpus", "text"),
        ("memory_mib", "memory", "mib"),
        ("storage_gib", "storage", "gib"),
    ):
        part = (answer.get("capacity") or {}).get(resource)
        if isinstance(part, Mapping):
            lines[key] = f"{styled(part.get('allocated'), style)} / {styled(part.get('total'), style)}"
    operations = answer.get("operations") or {}
    lines["approvals_pending"] = answer.get("approvals_pending")
    lines["drifts_open"] = answer.get("drifts_open")
    lines["operations_running"] = operations.get("running")
    lines["operations_failed_24h"] = operations.get("failed_24h")
    lines["storage_days_to_full"] = (answer.get("forecast") or {}).get("storage_days_to_full")
    output.one(lines, ())
    quota = answer.get("quota") or {}
    for heading, rows, shown in (
        ("quota", [_used(line) for line in quota.get("resources") or []], QUOTA),
        ("recent_operations", answer.get("recent_operations") or [], OPERATIONS),
        ("recent_requests", answer.get("recent_requests") or [], REQUESTS),
    ):
        if rows:
            output.write(f"\n{title(heading)}:")
            output.rows(rows, shown)


def _count(part: Mapping[str, Any]) -> str:
    states = ", ".join(f"{state} {plain(count)}" for state, count in (part.get("by_state") or {}).items())
    total = part.get("total")
    if part.get("up") is not None:
        total = f"{part['up']}/{total}"
    return f"{plain(total)} ({states})" if states and total is not None else states or plain(total)


def _used(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "used": sum(int(line.get(part) or 0) for part in ("reserved", "committed", "unmanaged"))}
