"""Compares what is desired with what is seen. Pure: it reads nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Wanted:
    """A row that should exist in the cloud. ``settled`` is false while an operation owns it.

    ``shared``: it lies in storage that several hosts list. ``facts`` are what else is wanted of it, by name.
    """

    kind: str
    id: str
    state: str
    generation: int
    host: str
    external_id: str | None
    settled: bool
    shared: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Seen:
    """An object in the cloud that bears our marker. ``facts`` are what else is seen of it; ``None`` is not known."""

    kind: str
    id: str
    external_id: str
    host: str
    power: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Finding:
    """``event`` is of the noun's lifecycle; it counts only while the row still has this generation."""

    kind: str
    id: str
    event: str
    generation: int
    was: str
    seen: str


EVERYWHERE = ""  # the host of a row whose thing belongs to the cloud as a whole
POWER_EVENTS = {
    "running": "seen_running",
    "stopped": "seen_stopped",
    "crashed": "seen_stopped",
    "shelved": "seen_shelved",
}
STATE_OF_POWER = {"seen_running": "active", "seen_stopped": "stopped", "seen_shelved": "shelved"}


def differences(wanted: Iterable[Wanted], seen: Sequence[Seen], answered: frozenset[str]) -> list[Finding]:
    """Instances whose power differs, and settled things that their host, which answered, does not have."""
    there = {(one.kind, one.id, one.host, one.external_id): one for one in seen}
    findings = []
    for row in wanted:
        if not row.settled or row.host not in answered:
            continue
        found = there.get((row.kind, row.id, row.host, row.external_id or ""))
        if found is None:
            if row.external_id is not None and row.state not in ("error", "deleted"):
                findings.append(Finding(row.kind, row.id, "gone", row.generation, row.state, "absent"))
        elif row.kind == "instance" and found.power in POWER_EVENTS:
            event = POWER_EVENTS[found.power]
            if STATE_OF_POWER[event] != row.state:
                findings.append(Finding(row.kind, row.id, event, row.generation, row.state, found.power))
    return findings


def orphans(seen: Iterable[Seen], rows: Mapping[tuple[str, str], Wanted]) -> list[Seen]:
    """What bears our marker and belongs to no row, or is a second one of a row's thing.

    ``rows`` must have been read *after* ``seen``: a thing is never made before its row. What remains of a thing that
    somebody else took apart (a disk without its machine) is no orphan: its row stands, and its data may be all there
    is. A volume that several hosts list, since their pool is the same storage, is still one volume.
    """
    listed = list(seen)
    whole = {
        (one.kind, one.id)
        for one in listed
        if (row := rows.get((one.kind, one.id)))
        and row.host in (one.host, EVERYWHERE)
        and row.external_id == one.external_id
    }
    found = []
    for one in listed:
        row = rows.get((one.kind, one.id))
        remains = row is not None and row.state != "deleted" and row.external_id is not None
        if disowned(one, row) and not (remains and (one.kind, one.id) not in whole):
            found.append(one)
    return found


def disowned(one: Seen, row: Wanted | None) -> bool:
    """Whether ``one`` is certainly not what ``row`` stands for; while an operation is at work, nobody can say."""
    if row is None or row.state == "deleted":
        return True
    itself = one.external_id == row.external_id and (row.shared or one.host == row.host)
    return row.settled and not itself
