"""Operations of the past with the steps that the engine would have journalled, and the events that told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from egovcloud.cli.local.demo.city import City, Row


class Kind(NamedTuple):
    """One kind of operation: its noun, its deadline in seconds, and (step, least seconds, most seconds)."""

    noun: str
    seconds: int
    steps: tuple[tuple[str, float, float], ...]


# The same as the engine's registry, which a test compares.
KINDS: dict[str, Kind] = {
    "instance.create": Kind(
        "instance", 900, (("place", 0.05, 0.3), ("prepare", 0.5, 9), ("create", 1.5, 6), ("boot", 9, 38))
    ),
    "instance.start": Kind("instance", 300, (("start", 0.3, 1), ("confirm", 6, 30))),
    "instance.stop": Kind("instance", 1200, (("ask", 0.3, 1), ("confirm", 4, 40))),
    "instance.reboot": Kind("instance", 600, (("reboot", 0.3, 1), ("confirm", 10, 45))),
    "instance.resize": Kind(
        "instance",
        1500,
        (("claim", 0.05, 0.3), ("ask", 0.3, 1), ("stop", 4, 40),
         ("resize", 0.5, 2), ("start", 0.3, 1), ("confirm", 6, 30)),
    ),
    "instance.migrate": Kind("instance", 3600, (("place", 0.05, 0.3), ("prepare", 0.5, 4), ("migrate", 25, 240))),
    "instance.delete": Kind("instance", 3600, (("wipe", 20, 400), ("delete", 0.3, 2))),
    "volume.create": Kind("volume", 600, (("place", 0.05, 0.2), ("create", 0.5, 4))),
    "volume.attach": Kind("volume", 300, (("begin", 0.02, 0.1), ("attach", 0.5, 3))),
    "volume.detach": Kind("volume", 300, (("detach", 1, 8),)),
    "volume.grow": Kind("volume", 300, (("claim", 0.05, 0.2), ("grow", 0.5, 3))),
    "volume.delete": Kind("volume", 3600, (("wipe", 30, 600), ("delete", 0.3, 2))),
    "snapshot.create": Kind("snapshot", 1200, (("begin", 0.02, 0.1), ("create", 2, 30))),
    "host.drain": Kind("host", 21600, (("move", 60, 600), ("follow", 0.02, 0.1))),
    "request.provision": Kind("request", 21600, (("provision", 20, 60),)),
}  # fmt: skip


def operation(
    city: City,
    at: datetime,
    kind: str,
    subject: Row,
    *,
    by: Row | None,
    parent: Row | None = None,
    params: dict[str, Any] | None = None,
    results: Sequence[dict[str, Any]] = (),
    begin: tuple[str, str, str] | None = None,
    end: tuple[str, str, str] | None = None,
    starts: datetime | None = None,
) -> Row:
    """A finished operation. ``begin`` and ``end`` are (event, from, to) of its subject.

    ``starts`` is when what it waited for was done.
    """
    about = KINDS[kind]
    row = queued(city, at, kind, subject, by=by, parent=parent, params=params)
    clock = (starts or at) + city.draw.span(0.02, 0.4)
    row.update(state="succeeded", generation=3, lease=1, started_at=clock)
    _tell(city, at, subject, about.noun, row, begin)
    for position, (name, low, high) in enumerate(about.steps):
        done = clock + city.draw.span(low, high)
        result = results[position] if position < len(results) else {}
        step(city, row, position, name, "done", clock, done, result)
        _tell_step(city, row, position, name, clock, "start", "running")
        _tell_step(city, row, position, name, done, "finish", "done")
        clock = done
    row.update(finished_at=clock, updated_at=clock)
    _tell(city, clock, subject, about.noun, row, end)
    _tell_end(city, row, "succeed", "running", "succeeded")
    return row


def close_parent(city: City, row: Row, ended: datetime) -> None:
    """An operation that consisted of others has seen the last of them end."""
    about = KINDS[row["kind"]]
    started = row["created_at"] + city.draw.span(0.02, 0.4)
    row.update(state="succeeded", generation=3, lease=2, started_at=started, finished_at=ended, updated_at=ended)
    for position, (name, _, _) in enumerate(about.steps):
        begun = ended if position else started
        step(city, row, position, name, "done", begun, ended, {})
        _tell_step(city, row, position, name, begun, "start", "running")
        _tell_step(city, row, position, name, ended, "finish", "done")
    _tell_end(city, row, "succeed", "running", "succeeded")


def failed(
    city: City,
    at: datetime,
    kind: str,
    subject: Row,
    *,
    by: Row | None,
    error: dict[str, Any],
    at_step: int,
    ended: datetime,
    parent: Row | None = None,
    params: dict[str, Any] | None = None,
    tries: int = 0,
    begin: tuple[str, str, str] | None = None,
    end: tuple[str, str, str] | None = None,
) -> Row:
    """An operation that failed in the step ``at_step`` and was undone; ``tries`` counts its repetitions."""
    about = KINDS[kind]
    row = queued(city, at, kind, subject, by=by, parent=parent, params=params)
    clock = at + city.draw.span(0.02, 0.2)
    row.update(state="failed", generation=4, lease=1 + tries, started_at=clock, finished_at=ended, updated_at=ended)
    row["error"] = error
    _tell(city, at, subject, about.noun, row, begin)
    for position, (name, low, high) in enumerate(about.steps):
        if position > at_step:
            step(city, row, position, name, "pending", None, None, None)
            continue
        last = position == at_step
        done = ended if last else clock + city.draw.span(low, high)
        made = step(city, row, position, name, "undone", clock, done, None if last else {})
        _tell_step(city, row, position, name, clock, "start", "running")
        if last:
            made.update(error=error, attempts=tries)
            _tell_step(city, row, position, name, done, "fail", "failed")
        clock = done
    _tell_end(city, row, "undo", "running", "undoing")
    _tell(city, ended, subject, about.noun, row, end)
    _tell_end(city, row, "fail", "undoing", "failed")
    return row


def queued(
    city: City,
    at: datetime,
    kind: str,
    subject: Row,
    *,
    by: Row | None,
    parent: Row | None = None,
    params: dict[str, Any] | None = None,
) -> Row:
    """An operation that was asked for and not begun; its steps are the caller's to write."""
    about = KINDS[kind]
    row = city.entity(
        "operations",
        at,
        kind=kind,
        state="queued",
        subject_type=about.noun,
        subject_id=subject["id"],
        department_id=subject.get("department_id"),
        parent_id=parent["id"] if parent else None,
        requested_by=by["id"] if by else None,
        params=params or {},
        worker=None,
        lease=0,
        lease_until=None,
        not_before=at,
        deadline_at=at + timedelta(seconds=about.seconds),
        attempts=0,
        cancel_requested=False,
        cancelled_by=None,
        error=None,
        unique_key=None,
        started_at=None,
        finished_at=None,
    )
    told = {"kind": kind, "subject_type": about.noun, "subject_id": subject["id"]}
    owner = subject.get("department_id")
    city.event(at, "operation.queue", "operation", row["id"], department_id=owner, operation_id=row["id"], data=told)
    return row


def step(
    city: City,
    row: Row,
    position: int,
    name: str,
    state: str,
    started: datetime | None,
    finished: datetime | None,
    result: dict[str, Any] | None,
) -> Row:
    """One row of the journal."""
    return city.add(
        "steps",
        {
            "operation_id": row["id"],
            "position": position,
            "name": name,
            "state": state,
            "generation": {"pending": 1, "running": 2, "done": 3}.get(state, 4),
            "attempts": 0,
            "result": result,
            "error": None,
            "started_at": started,
            "finished_at": finished,
        },
    )


def _tell(city: City, at: datetime, subject: Row, noun: str, row: Row, move: tuple[str, str, str] | None) -> None:
    if move:
        event, before, after = move
        owner = subject.get("department_id")
        data = {"from": before, "to": after}
        city.event(at, f"{noun}.{event}", noun, subject["id"], department_id=owner, operation_id=row["id"], data=data)


def _tell_step(city: City, row: Row, position: int, name: str, at: datetime, event: str, state: str) -> None:
    data = {"step": name, "position": position, "state": state}
    city.event(at, f"step.{event}", "operation", row["id"], department_id=None, operation_id=row["id"], data=data)


def _tell_end(city: City, row: Row, event: str, before: str, after: str) -> None:
    data = {"from": before, "to": after}
    owner = row["department_id"]
    at = row["finished_at"]
    city.event(at, f"operation.{event}", "operation", row["id"], department_id=owner, operation_id=row["id"], data=data)
