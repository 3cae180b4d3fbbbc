"""What operators and departments did with machines that were there already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from egovcloud.cli.local.demo import days, journal, machines, room
from egovcloud.cli.local.demo.audit import did
from egovcloud.cli.local.demo.city import City, HostRoom, Machine, Row
from egovcloud.cli.local.demo.data.catalogue import IMAGES

SNAPSHOT_NAMES = ("升级前", "等保整改前", "补丁前", "数据迁移前", "上线前", "每月基线", "版本发布前")
_FIRMWARE = {picture.key: picture.firmware for picture in IMAGES}


def any_machine(city: City, at: datetime) -> Machine | None:
    """One that runs, whoever owns it; nobody touches a machine on its first day."""
    found = list(city.machines.values())
    machine = city.draw.choice(found) if found else None
    old = at - timedelta(days=1)
    return machine if machine and machine.row["state"] == "active" and machine.row["updated_at"] < old else None


def owner_of(city: City, machine: Machine) -> Row:
    """Who acts on it: somebody of the owning bureau, or an operator."""
    if city.draw.chance(0.3):
        return city.draw.choice(city.operators)
    return city.draw.choice(city.members[machine.app.system.owner.partition("/")[0]])


def reboot(city: City, at: datetime) -> None:
    """Somebody restarted a machine."""
    machine = any_machine(city, at)
    if machine:
        user = owner_of(city, machine)
        begin, end = ("reboot", "active", "rebooting"), ("run", "rebooting", "active")
        _power(city, at, machine, "reboot", user, {"force": city.draw.chance(0.1)}, begin, end, "running")


def stop(city: City, at: datetime, *, back: bool) -> None:
    """Somebody powered a machine off, and often on again some hours later."""
    machine = any_machine(city, at)
    if machine is None:
        return
    user = owner_of(city, machine)
    params = {"force": False, "limit_seconds": 60}
    _power(
        city,
        at,
        machine,
        "stop",
        user,
        params,
        ("stop", "active", "stopping"),
        ("halt", "stopping", "stopped"),
        "stopped",
    )
    if back:
        again = days.later(city.draw, at, 0.5, 6)
        if again < city.midnight:
            city.plan(again, lambda when: start(city, when, machine, user))


def start(city: City, at: datetime, machine: Machine, user: Row) -> None:
    """Power on, if it is still there and still off."""
    if machine.row["state"] == "stopped" and machine.row["id"] in city.machines:
        begin, end = ("start", "stopped", "starting"), ("run", "starting", "active")
        _power(city, at, machine, "start", user, {}, begin, end, "running")


def _power(
    city: City,
    at: datetime,
    machine: Machine,
    verb: str,
    user: Row,
    params: Mapping[str, object],
    begin: tuple[str, str, str],
    end: tuple[str, str, str],
    power: str,
) -> Row:
    row = machine.row
    did(city, at, user, f"instance.{verb}", "instance", row)
    results = ({"was": "running"} if verb == "stop" else {}, {"power": power})
    made = journal.operation(
        city, at, f"instance.{verb}", row, by=user, params=dict(params), results=results, begin=begin, end=end
    )
    row.update(
        state=end[2],
        desired_power=power,
        observed_power=power,
        observed_at=made["finished_at"],
        updated_at=made["finished_at"],
        generation=row["generation"] + 2,
    )
    return made


def retire(city: City, at: datetime) -> None:
    """A machine that was replaced is deleted; the oldest systems go first."""
    old = city.images["centos7"]["id"]
    born = at - timedelta(days=60)
    found = [m for m in city.machines.values() if m.row["created_at"] < born and not m.snapshots]
    found = [m for m in found if m.row["state"] in ("active", "stopped")]
    ageing = [m for m in found if m.row["image_id"] == old]
    if found:
        machine = city.draw.choice(ageing if ageing and city.draw.chance(0.7) else found)
        user = city.draw.choice(city.operators)
        did(city, at, user, "instance.delete", "instance", machine.row)
        machines.delete(city, machine, at, user)


def drain(city: City, at: datetime, host: HostRoom, user: Row, *, back: bool) -> None:
    """Everything moves away for a repair; ``back`` says whether the host was taken back into use."""
    row = host.row
    did(city, at, user, "host.drain", "host", row)
    parent = journal.queued(city, at, "host.drain", row, by=user)
    _host(city, at, row, "drain", "enabled", "draining", parent)
    clock = at
    for machine in [m for m in city.machines.values() if m.host is host]:
        flavor_key = next(key for key, f in city.flavors.items() if f["id"] == machine.row["flavor_id"])
        disks = machine.row["disk_gib"] + sum(disk.row["size_gib"] for disk in machine.volumes)
        target = room.choose(city, host.zone, flavor_key, city.flavors[flavor_key], disks, frozenset({row["name"]}))
        if target is None or machine.row["state"] != "active" or machine.snapshots:
            continue  # what does not run stays where its disks are
        clock = machines.move(city, machine, clock, target, user, parent)
    journal.close_parent(city, parent, clock + timedelta(seconds=1))
    _host(city, clock + timedelta(seconds=1), row, "drained", "draining", "maintenance", parent)
    if back:
        again = days.later(city.draw, clock, 20, 40)
        city.plan(again, lambda when: enable(city, when, host, user))


def enable(city: City, at: datetime, host: HostRoom, user: Row) -> None:
    """The repair is over."""
    if host.row["state"] == "maintenance" and at < city.midnight:
        did(city, at, user, "host.enable", "host", host.row)
        _host(city, at, host.row, "enable", "maintenance", "enabled", None)


def disable(city: City, at: datetime, host: HostRoom, user: Row) -> None:
    """An old host takes no new machines; those that are there stay."""
    did(city, at, user, "host.disable", "host", host.row)
    _host(city, at, host.row, "disable", "enabled", "disabled", None)


def _host(city: City, at: datetime, row: Row, event: str, before: str, after: str, parent: Row | None) -> None:
    row.update(state=after, updated_at=at, generation=row["generation"] + 1)
    data = {"from": before, "to": after}
    operation = parent["id"] if parent else None
    city.event(at, f"host.{event}", "host", row["id"], department_id=None, operation_id=operation, data=data)


def snapshot(city: City, at: datetime) -> None:
    """Taken before a change; UEFI machines can only have external ones."""
    machine = any_machine(city, at)
    if machine is None or len(machine.snapshots) >= 3 or machine.host.pool_key == "general":
        return
    user = owner_of(city, machine)
    key = next(key for key, image in city.images.items() if image["id"] == machine.row["image_id"])
    external = _FIRMWARE[key] == "uefi"
    if machine.snapshots:
        external = machine.snapshots[0]["external"]
    row = city.entity(
        "snapshots",
        at,
        name=f"{city.draw.choice(SNAPSHOT_NAMES)}-{at:%m%d}",
        department_id=machine.row["department_id"],
        instance_id=machine.row["id"],
        external=external,
        quiesced=True,
        state="available",
        error=None,
        deleted_at=None,
    )
    did(city, at, user, "snapshot.create", "snapshot", row)
    made = journal.operation(
        city,
        at,
        "snapshot.create",
        row,
        by=user,
        params={"quiesce": True},
        results=({}, {"quiesced": True}),
        begin=("build", "requested", "creating"),
        end=("ready", "creating", "available"),
    )
    row.update(generation=3, updated_at=made["finished_at"])
    machine.snapshots.append({**row, "external_id": city.draw.external_id()})
