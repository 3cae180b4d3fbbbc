"""The last hours, which hang on the clock and not on the day: what failed, what is broken, and what runs right now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from egovcloud.cli.local.demo import journal, ledger, machines, requests, room, upkeep, wishes
from egovcloud.cli.local.demo.audit import did
from egovcloud.cli.local.demo.city import App, City, HostRoom, Machine, Row
from egovcloud.cli.local.demo.data.systems import Role
from egovcloud.cli.local.demo.machines import Order, Wish
from egovcloud.cli.local.demo.places import DISK_RATIO
from egovcloud.domain.errors import Permanent, Problem, QuotaExceeded, Transient
from egovcloud.domain.quota import volume_amount
from egovcloud.scheduler import Ask, place

MOVED = 4  # machines that the drain has moved already
LANES = 2  # how many move at once
FULFILLED = (("ybjs", 1, 4.4), ("xzsp", 2, 1.7))  # (application, machines, hours ago)
CREATED = 4  # by these, and by the one that fails
FILED = (("smk", 210), ("jyfw", 95), ("shjz", 14))  # (application, minutes ago)
RESTARTS = (23, 71, 160, 305, 480)  # minutes ago
STOPS = (41, 260)


def happen(city: City) -> list[str]:
    """Everything of today; returns the hosts that are dead."""
    dead = _host_down(city)
    _no_room(city)
    _morning(city)
    _drain(city)
    _pool_full(city)
    _snapshot_refused(city)
    _gone(city)
    return [dead.row["name"]]


def _morning(city: City) -> None:
    """What a centre does in some hours: two requests were fulfilled, three came in, machines were restarted."""
    for slug, count, hours in FULFILLED:
        app = next(app for app in city.apps if app.system.slug == slug)
        by, at = requests.requester(city, app), city.now - timedelta(hours=hours)
        role = next(role for role in wishes.roles_of(app) if role.name == "app")
        wish = Wish(role, f"{slug}-app-n", count, "g-4c8g", "euler", (100,), False)
        words = (f"{app.system.name}年底扩容", f"年底集中办理，预计并发翻番，需提前扩容 {count} 台。")
        request = _approved(city, app, by, at, words, [wish])
        requests.provision(city, request, by, at, _deployment(city, app, [wish]))
    for slug, minutes in FILED:
        app = next(app for app in city.apps if app.system.slug == slug)
        at = city.now - timedelta(minutes=minutes)
        row = requests.for_machines(city, app, at, 2, "draft")
        by = next(user for user in city.users.values() if user["id"] == row["requester_id"])
        done = at + timedelta(minutes=4)
        requests.submit(city, row, by, done)
        requests.enter_round(city, row, app, done, 1, requests.chain(city, app), [])
    for minutes in RESTARTS:
        upkeep.reboot(city, city.now - timedelta(minutes=minutes))
    for minutes in STOPS:
        upkeep.stop(city, city.now - timedelta(minutes=minutes), back=False)


def _deployment(city: City, app: App, wanted: list[Wish]) -> requests.Make:
    return lambda when, order: machines.deploy(city, app, when, wanted, order)


def problem_data(problem: Problem) -> dict[str, Any]:
    """A failure as the engine keeps it."""
    return {"code": problem.code, "kind": problem.kind, "params": problem.params, "detail": problem.text("en")}


def told(problem: Problem) -> dict[str, Any]:
    """A failure as the thing that it struck keeps it."""
    return {"code": problem.code, "params": problem.params, "detail": problem.text("en")}


def _pick(city: City, fits: Callable[[Machine], bool]) -> Machine:
    """The machine that is the same for the same seed, whatever the hour."""
    calm = city.now - timedelta(days=1)
    found = [m for m in city.machines.values() if m.row["updated_at"] < calm and fits(m)]
    return city.draw.choice(found)


def _host_down(city: City) -> HostRoom:
    """A small host of the internet zone died three hours ago; nobody knows how its machines fare."""
    small = [host for host in city.hosts.values() if host.pool_key == "internet" and host.row["vcpus"] == 64]
    counts = {host.row["id"]: sum(m.host is host for m in city.machines.values()) for host in small}
    host = min(small, key=lambda host: (abs(counts[host.row["id"]] - 12), host.row["name"]))
    at = city.now - timedelta(hours=3, minutes=7)
    silent = Transient("driver.unreachable", host=host.row["name"], detail="connection refused")
    noticed = at + timedelta(seconds=47)
    host.row.update(health="down", seen_at=at, detail=silent.text("en"), updated_at=noticed)
    city.providers[host.provider]["detail"] = f"{host.row['name']}: {silent.text('en')}"
    here = [machine for machine in city.machines.values() if machine.host is host]
    victim = next((m for m in here if m.row["state"] == "stopped"), here[0])
    for machine in here:
        if machine is not victim:
            was, row = machine.row["state"], machine.row
            row.update(state="unknown", updated_at=noticed, generation=row["generation"] + 1)
            data = {"from": was, "to": "unknown", "host": host.row["name"]}
            owner = row["department_id"]
            city.event(noticed, "instance.lost", "instance", row["id"], department_id=owner, data=data)
    _start_in_vain(city, victim, silent)
    return host


def _start_in_vain(city: City, machine: Machine, silent: Problem) -> None:
    """Somebody wanted to start one of its machines in that very moment."""
    row, at = machine.row, city.now - timedelta(hours=3, minutes=7, seconds=-9)
    user = city.draw.choice(city.members[machine.app.system.owner.partition("/")[0]])
    row.update(observed_power="stopped", observed_at=row["observed_at"] or at, desired_power="running")
    did(city, at, user, "instance.start", "instance", row)
    deadline = at + timedelta(seconds=journal.KINDS["instance.start"].seconds)
    late = Permanent("operation.deadline", deadline=deadline.isoformat(timespec="seconds"), last=silent.text("en"))
    made = journal.failed(
        city,
        at,
        "instance.start",
        row,
        by=user,
        error=problem_data(late),
        at_step=0,
        ended=deadline + timedelta(seconds=4),
        tries=9,
        begin=("start", "stopped", "starting"),
        end=("fail", "starting", "error"),
    )
    row.update(state="error", error=told(late), updated_at=made["finished_at"], generation=row["generation"] + 2)


def _drain(city: City) -> None:
    """An operator empties a host, and is half through: the worker goes on with it as soon as it starts."""
    user = city.users["operator"]

    def moving(host: HostRoom) -> list[Machine]:
        return [m for m in city.machines.values() if m.host is host and m.row["state"] == "active"]

    hosts = [h for h in city.hosts.values() if h.pool_key == "general" and h.row["state"] == "enabled"]
    host = min(hosts, key=lambda h: (abs(len(moving(h)) - 18), h.row["name"]))
    at = city.now - timedelta(minutes=9)
    row = host.row
    did(city, at, user, "host.drain", "host", row)
    parent = journal.queued(city, at, "host.drain", row, by=user)
    row.update(state="draining", updated_at=at, generation=row["generation"] + 1)
    data = {"from": "enabled", "to": "draining"}
    city.event(at, "host.drain", "host", row["id"], department_id=None, operation_id=parent["id"], data=data)
    everyone = moving(host)
    clock = at + timedelta(milliseconds=5)
    for machine in everyone[:MOVED]:
        key = next(key for key, flavor in city.flavors.items() if flavor["id"] == machine.row["flavor_id"])
        disks = machine.row["disk_gib"] + sum(disk.row["size_gib"] for disk in machine.volumes)
        target = room.choose(city, host.zone, key, city.flavors[key], disks, frozenset({row["name"]}))
        if target is not None:
            machines.move(city, machine, clock, target, user, parent)
    lanes: list[Row | None] = [None] * LANES
    for number, machine in enumerate(m for m in everyone if m.host is host):
        child = _waiting(city, machine, clock + timedelta(milliseconds=number), user, parent)
        child["deadline_at"] += number // LANES * timedelta(seconds=journal.KINDS["instance.migrate"].seconds)
        before = lanes[number % LANES]
        if before is not None:
            city.add("operation_dependencies", {"operation_id": child["id"], "needs_id": before["id"]})
        lanes[number % LANES] = child
    parent.update(state="running", generation=2, lease=1, started_at=at + timedelta(seconds=1), not_before=city.now)
    for position, (name, _, _) in enumerate(journal.KINDS["host.drain"].steps):
        first = position == 0
        began = parent["started_at"] if first else None
        journal.step(city, parent, position, name, "running" if first else "pending", began, None, None)


def _waiting(city: City, machine: Machine, at: datetime, user: Row, parent: Row) -> Row:
    """A machine that will move; its operation is queued and its state says so."""
    row = machine.row
    child = journal.queued(city, at, "instance.migrate", row, by=user, parent=parent, params={"host_id": None})
    for position, (name, _, _) in enumerate(journal.KINDS["instance.migrate"].steps):
        journal.step(city, child, position, name, "pending", None, None, None)
    data = {"from": "active", "to": "migrating"}
    owner = row["department_id"]
    city.event(at, "instance.migrate", "instance", row["id"], department_id=owner, operation_id=child["id"], data=data)
    row.update(state="migrating", updated_at=at, generation=row["generation"] + 1)
    return child


def _no_room(city: City) -> None:
    """A machine of 512 GiB was approved for a zone whose hosts are smaller than that."""
    app = next(app for app in city.apps if app.system.slug == "tdt")
    role = Role("tile-cache", "inet-app", ("m-32c512g",), 1, ())
    wish = Wish(role, "tdt-tile-cache", 1, "m-32c512g", "euler", (), False)
    by = requests.requester(city, app)
    at = city.now - timedelta(hours=5, minutes=21)
    words = ("天地图·苏州瓦片缓存大内存节点", "新版底图发布，瓦片全内存缓存，申请 1 台 512 GiB 内存云主机。")
    request = _approved(city, app, by, at, words, [wish])
    row = machines.instance_row(city, app, at, wish, wish.name, Order(by, request), None)
    machine = Machine(row, app, role.name, wish.name, next(iter(city.hosts.values())), 0.0, absent=True)
    machines.plug(city, machine, city.networks[role.network])
    machine.groups = [group["id"] for group in machines.groups_of(app, "app")]
    city.machines[row["id"]] = machine
    ask = Ask(row["id"], row["vcpus"], row["memory_mib"], row["disk_gib"], zone_id=row["zone_id"])
    refused: dict[str, int] = {}
    for verdict in place(ask, [room.view(city, host) for host in city.hosts.values()]):
        for reason in verdict.reasons:
            if not reason.ok:
                refused[reason.name] = refused.get(reason.name, 0) + 1
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(refused.items(), key=lambda entry: -entry[1]))
    none = QuotaExceeded(
        "placement.none",
        vcpus=row["vcpus"],
        memory_mib=row["memory_mib"],
        disk_gib=row["disk_gib"],
        reasons=reasons,
    )
    parent = journal.queued(city, at, "request.provision", request, by=by)
    request["operation_id"] = parent["id"]
    amount = machines.amount_of(row)
    ledger.move(city, at, "reserve", amount, "instance", row, row["id"])
    made = journal.failed(
        city,
        at + timedelta(milliseconds=3),
        "instance.create",
        row,
        by=by,
        parent=parent,
        error=problem_data(none),
        at_step=0,
        ended=at + timedelta(seconds=1),
        params={"volumes_gib": 0},
        end=("fail", "requested", "error"),
    )
    ledger.move(city, made["finished_at"], "abandon", amount, "instance", row, f"{made['id']}:1")
    row.update(state="error", error=told(none), updated_at=made["finished_at"], generation=2)
    parts = Permanent("operation.children", failed=1, total=1, first=none.text("en"))
    ended = at + timedelta(seconds=1, milliseconds=300)
    started = at + timedelta(milliseconds=60)
    parent.update(state="failed", generation=4, lease=2, started_at=started, finished_at=ended, updated_at=ended)
    parent["error"] = problem_data(parts)
    journal.step(city, parent, 0, "provision", "undone", started, ended, None)["error"] = parent["error"]
    request.update(state="failed", updated_at=ended, generation=request["generation"] + 3)


def _approved(city: City, app: App, by: Row, at: datetime, words: tuple[str, str], wanted: Sequence[Wish]) -> Row:
    """A request that was filed two hours before ``at`` and has just had its last yes."""
    filed = at - timedelta(hours=2)
    items = [wishes.item(city, app, wish, by) for wish in wanted]
    request = requests.file(city, app, filed, by, words, items, "draft", _never)
    clock = filed + timedelta(minutes=11)
    requests.submit(city, request, by, clock)
    levels = requests.chain(city, app)
    step = (at - clock) / len(levels)
    said = [
        ("approve", city.approvers[department["id"]], clock + step * place, "同意。")
        for place, (_, department) in enumerate(levels, 1)
    ]
    requests.enter_round(city, request, app, clock, 1, levels, said)
    return request


def _never(at: datetime, order: Order) -> datetime:
    raise AssertionError("a request that is written by hand makes nothing by itself")


def _pool_full(city: City) -> None:
    """A volume should have grown beyond what its pool may still promise."""
    machine = _pick(
        city,
        lambda m: (
            m.app.system.slug in ("qyyx", "dljk", "szda", "znjt") and bool(m.volumes) and m.row["state"] == "active"
        ),
    )
    disk = machine.volumes[0]
    row, host = disk.row, machine.host
    free = int(host.pool["capacity_gib"] * DISK_RATIO - host.pool["allocated_gib"])
    asked = -(-(free + 500) // 500) * 500
    full = QuotaExceeded("pool.full", pool=host.pool["name"], asked=asked, free=free)
    user, at = city.draw.choice(city.operators), city.now - timedelta(hours=7, minutes=40)
    did(city, at, user, "volume.grow", "volume", row)
    made = journal.failed(
        city,
        at,
        "volume.grow",
        row,
        by=user,
        error=problem_data(full),
        at_step=0,
        ended=at + timedelta(milliseconds=700),
        params={"to_gib": row["size_gib"] + asked},
        begin=("grow", "in_use", "growing"),
        end=("attached", "growing", "in_use"),
    )
    more = volume_amount(asked)
    ledger.move(city, at, "reserve", more, "volume", row, made["id"])
    ledger.move(city, made["finished_at"], "cancel", more, "volume", row, f"{made['id']}:1")
    row.update(error=told(full), updated_at=made["finished_at"], generation=row["generation"] + 2)


def _snapshot_refused(city: City) -> None:
    """A snapshot of the form that does not go together with those that the machine has."""
    machine = _pick(city, lambda m: bool(m.snapshots) and m.row["state"] == "active" and m.snapshots[0]["external"])
    row, at = machine.row, city.now - timedelta(hours=11, minutes=52)
    user = city.draw.choice(city.members[machine.app.system.owner.partition("/")[0]])
    snapshot = city.entity(
        "snapshots",
        at,
        name="巡检前",
        department_id=row["department_id"],
        instance_id=row["id"],
        external=False,
        quiesced=False,
        state="error",
        error=None,
        deleted_at=None,
    )
    did(city, at, user, "snapshot.create", "snapshot", snapshot)
    deadline = at + timedelta(seconds=journal.KINDS["snapshot.create"].seconds)
    mixed = Permanent("snapshot.mixed", id=snapshot["id"], instance=row["id"])
    late = Permanent("operation.deadline", deadline=deadline.isoformat(timespec="seconds"), last=mixed.text("en"))
    made = journal.failed(
        city,
        at,
        "snapshot.create",
        snapshot,
        by=user,
        error=problem_data(late),
        at_step=1,
        ended=deadline + timedelta(seconds=3),
        params={"quiesce": True},
        tries=240,
        begin=("build", "requested", "creating"),
        end=("fail", "creating", "error"),
    )
    snapshot.update(error=told(late), updated_at=made["finished_at"], generation=3)


def _gone(city: City) -> None:
    """Somebody removed a machine on its host, past the control plane; the reconcile loop noticed."""
    machine = _pick(city, lambda m: m.row["state"] == "active" and not m.volumes and not m.snapshots and not m.absent)
    row, at = machine.row, city.now - timedelta(hours=16, minutes=14)
    gone = Permanent("instance.gone", id=row["id"])
    data = {"out_of_band": True, "was": "active", "seen": "absent", "from": "active", "to": "error"}
    owner = row["department_id"]
    city.event(at, "instance.gone", "instance", row["id"], department_id=owner, data=data)
    row.update(state="error", observed_power=None, observed_at=at, updated_at=at, generation=row["generation"] + 1)
    row["error"] = {**told(gone), "detail": "not found on its host"}
    machine.absent = True
