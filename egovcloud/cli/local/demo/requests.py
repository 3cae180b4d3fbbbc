"""Requests from draft to end: who asked, who decided what and when, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from egovcloud.cli.local.demo import days, journal, machines, wishes
from egovcloud.cli.local.demo.audit import did
from egovcloud.cli.local.demo.city import App, City, Machine, Row
from egovcloud.cli.local.demo.data.words import BACK, NO, PURPOSES, TITLES, YES, YES_CENTRE
from egovcloud.cli.local.demo.machines import Order

LEVELS = ("office", "bureau", "district", "centre")
Make = Callable[[datetime, Order], datetime]


def for_machines(city: City, app: App, at: datetime, count: int, fate: str, *, first: bool = False) -> Row:
    """A request for instances with their volumes."""
    by = requester(city, app)
    wanted = wishes.of(city, app, count, at, first=first)
    items = [wishes.item(city, app, wish, by) for wish in wanted]
    roles = "、".join(wish.role.name.upper() for wish in wanted[:2])
    words = _words(city, app, "first" if first else "more", roles, count)

    def make(when: datetime, order: Order) -> datetime:
        return machines.deploy(city, app, when, wanted, order)

    return file(city, app, at, by, words, items, fate, make)


def for_disk(city: City, app: App, machine: Machine, at: datetime, fate: str) -> Row:
    """A further volume for a machine, or more of the one that it has."""
    by = requester(city, app)
    if machine.volumes and city.draw.chance(0.6):
        disk = machine.volumes[-1]
        size = disk.row["size_gib"] + city.draw.choice((100, 200, 500))
        items = [{"kind": "grow_volume", "volume_id": disk.row["id"], "size_gib": size}]

        def make(when: datetime, order: Order) -> datetime:
            alive = disk.row["state"] == "in_use" and disk.row["size_gib"] < size
            return machines.grow(city, machine, disk, when, size, order) if alive else when

        return file(city, app, at, by, _words(city, app, "grow_volume", "", 1), items, fate, make)
    size = city.draw.choice((100, 200, 300, 500))
    name = f"{machine.row['name']}-data{len(machine.volumes) + 1}"
    items = [{"kind": "volume", "name": name, "size_gib": size, "instance_id": machine.row["id"]}]

    def add(when: datetime, order: Order) -> datetime:
        if machine.row["state"] != "active":
            return when
        return machines.add_disk(city, machine, when, when, name, size, order)

    return file(city, app, at, by, _words(city, app, "volume", "", 1), items, fate, add)


def for_size(city: City, app: App, machine: Machine, flavor: str, at: datetime, fate: str) -> Row:
    """A larger flavor."""
    by = requester(city, app)
    items = [{"kind": "resize_instance", "instance_id": machine.row["id"], "flavor_id": city.flavors[flavor]["id"]}]

    def make(when: datetime, order: Order) -> datetime:
        target = city.flavors[flavor]
        more = target["memory_mib"] - machine.row["memory_mib"]
        fits = machine.row["state"] == "active" and 0 < more <= machine.host.free_memory
        return machines.resize(city, machine, when, flavor, order) if fits else when

    words = _words(city, app, "resize_instance", machine.role.upper(), 1)
    return file(city, app, at, by, words, items, fate, make)


def requester(city: City, app: App) -> Row:
    """Somebody of the bureau's information office."""
    return city.draw.choice(city.members[app.system.owner.partition("/")[0]])


def _words(city: City, app: App, kind: str, roles: str, count: int) -> tuple[str, str]:
    fill = {"system": app.system.name, "roles": roles, "count": count}
    return city.draw.choice(TITLES[kind]).format(**fill), city.draw.choice(PURPOSES[kind]).format(**fill)


def file(
    city: City,
    app: App,
    at: datetime,
    by: Row,
    words: tuple[str, str],
    items: Sequence[dict[str, Any]],
    fate: str,
    make: Make,
) -> Row:
    """Draft it and let it take its course.

    ``fate`` is ``yes``, ``no``, ``back`` (returned, and left so), ``again`` (returned, then yes), ``withdrawn``,
    ``draft``, or ``at:LEVEL`` for one that waits there; what would be decided after midnight still waits too.
    """
    day = at.strftime("R%Y%m%d-")
    city.numbers[day] = city.numbers.get(day, 0) + 1
    row = city.entity(
        "requests",
        at,
        number=f"{day}{city.numbers[day]:04d}",
        title=words[0],
        purpose=words[1],
        department_id=app.department["id"],
        project_id=app.project["id"],
        application_id=app.row["id"],
        requester_id=by["id"],
        items=list(items),
        state="draft",
        operation_id=None,
        submitted_at=None,
        closed_at=None,
    )
    did(city, at, by, "request.create", "request", row)
    if fate == "draft":
        return row
    clock = at + city.draw.span(300, 5400)
    if fate == "withdrawn":
        clock = submit(city, row, by, clock)
        enter_round(city, row, app, clock, 1, [], [])
        gone = clock + city.draw.span(1200, 9000)
        _move(city, gone, by, row, "withdraw", "submitted", "withdrawn")
        _void(city, row, gone)
        row["closed_at"] = gone
        return row
    if fate in ("back", "again"):
        clock = submit(city, row, by, clock)
        clock = _decide(city, row, app, clock, 1, "return")
        if fate == "back" or row["state"] != "returned":
            return row
        clock = days.later(city.draw, clock, 1, 20)
        if clock >= city.midnight:
            return row
        did(city, clock, by, "request.update", "request", row)
        clock += timedelta(minutes=5)
        submit(city, row, by, clock)
        clock = _decide(city, row, app, clock, 2, "approve")
    else:
        clock = submit(city, row, by, clock)
        wait = fate.partition(":")[2]
        clock = _decide(city, row, app, clock, 1, "reject" if fate == "no" else "approve", wait)
    if row["state"] == "approved":
        city.plan(clock, lambda when: provision(city, row, by, when, make))
    return row


def chain(city: City, app: App) -> list[tuple[str, Row]]:
    """(level, department) that decide on what this application asks for."""
    by_id = {department["id"]: department for department in city.departments.values()}
    node: Row | None = app.department
    nodes: list[Row] = []
    while node is not None:
        nodes.append(node)
        node = by_id.get(node["parent_id"])
    found = []
    for level in LEVELS:
        if level == "centre":
            found.append((level, nodes[-1]))
        else:
            found += [(level, node) for node in nodes if node["kind"] == level][:1]
    return found


def submit(city: City, row: Row, by: Row, at: datetime) -> datetime:
    """Hand it in; returns when that was."""
    _move(city, at, by, row, "submit", row["state"], "submitted")
    row["submitted_at"] = at
    return at


def _move(city: City, at: datetime, by: Row, row: Row, event: str, before: str, after: str) -> None:
    """A state of the request that somebody brought about."""
    row.update(state=after, updated_at=at, generation=row["generation"] + 1)
    data = {"from": before, "to": after}
    city.event(at, f"request.{event}", "request", row["id"], department_id=row["department_id"], data=data)
    if event in ("submit", "withdraw", "reject", "return"):
        did(city, at, by, f"request.{event}", "request", row, data={"number": row["number"]})


def _decide(city: City, row: Row, app: App, at: datetime, turn: int, last: str, wait: str = "") -> datetime:
    """Level by level, as far as it came before midnight; ``last`` is what the level that ends it says."""
    levels = chain(city, app)
    ends = len(levels) - 1
    if last != "approve" and city.draw.chance(0.35):
        ends = city.draw.randrange(len(levels))
    said, clock = [], at
    for place, (level, department) in enumerate(levels):
        moment = days.later(city.draw, clock, 0.4, 14 if level == "centre" else 9)
        if moment >= city.midnight or wait == level:
            break
        event = last if place == ends else "approve"
        user = city.approvers[department["id"]]
        if level == "centre" and city.draw.chance(0.5):
            user = city.draw.choice(city.operators)
        said.append((event, user, moment, _comment(city, event, level)))
        clock = moment
        if event != "approve":
            break
    enter_round(city, row, app, at, turn, levels, said)
    if said and (said[-1][0] != "approve" or len(said) == len(levels)):
        event, user, clock, _ = said[-1]
        after = {"approve": "approved", "reject": "rejected", "return": "returned"}[event]
        _move(city, clock, user, row, event, "submitted", after)
        if event == "reject":
            row["closed_at"] = clock
    return clock


def _comment(city: City, event: str, level: str) -> str:
    words = {"reject": NO, "return": BACK}.get(event, YES_CENTRE if level == "centre" else YES)
    return city.draw.choice(words)


def enter_round(
    city: City,
    row: Row,
    app: App,
    at: datetime,
    turn: int,
    levels: Sequence[tuple[str, Row]],
    said: Sequence[tuple[str, Row, datetime, str]],
) -> None:
    """The approvals of one round: decided, asked now, waiting for their turn, or no longer asked."""
    over = bool(said) and said[-1][0] != "approve"
    for place, (level, department) in enumerate(levels or chain(city, app)):
        approval = city.entity(
            "approvals",
            at + timedelta(milliseconds=place),
            request_id=row["id"],
            round=turn,
            position=place,
            level=level,
            department_id=department["id"],
            state="waiting",
            decided_by=None,
            decided_at=None,
            comment="",
        )
        opened = at if place == 0 else said[place - 1][2] if place <= len(said) and not over else None
        if place < len(said):
            event, user, moment, comment = said[place]
            after = {"approve": "approved", "reject": "rejected", "return": "returned"}[event]
            approval.update(
                state=after, decided_by=user["id"], decided_at=moment, comment=comment, updated_at=moment, generation=3
            )
            _tell(city, opened or at, approval, "open", "waiting", "pending")
            _tell(city, moment, approval, event, "pending", after)
            if event == "approve":
                did(city, moment, user, "request.approve", "request", row, data={"number": row["number"]})
        elif over:
            approval.update(state="void", updated_at=said[-1][2], generation=2)
        elif place == len(said):
            approval.update(state="pending", updated_at=opened or at, generation=2)
            _tell(city, opened or at, approval, "open", "waiting", "pending")


def _tell(city: City, at: datetime, approval: Row, event: str, before: str, after: str) -> None:
    data = {"from": before, "to": after}
    owner = approval["department_id"]
    city.event(at, f"approval.{event}", "approval", approval["id"], department_id=owner, data=data)


def _void(city: City, row: Row, at: datetime) -> None:
    for approval in city.tables["approvals"]:
        if approval["request_id"] == row["id"] and approval["state"] in ("waiting", "pending"):
            approval.update(state="void", updated_at=at, generation=approval["generation"] + 1)


def provision(city: City, row: Row, by: Row, at: datetime, make: Make) -> None:
    """The last yes made it real."""
    parent = journal.queued(city, at, "request.provision", row, by=by)
    row["operation_id"] = parent["id"]
    _move(city, at, by, row, "provision", "approved", "provisioning")
    ended = make(at + timedelta(milliseconds=2), Order(by, row, parent)) + city.draw.span(0.05, 0.5)
    journal.close_parent(city, parent, ended)
    _move(city, ended, by, row, "fulfil", "provisioning", "fulfilled")
    row["closed_at"] = ended
