"""Instances and volumes: how they came to be, changed, moved and went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from egovcloud.cli.local.demo import journal, ledger, room
from egovcloud.cli.local.demo.city import App, City, Disk, HostRoom, Machine, Row
from egovcloud.cli.local.demo.data.systems import GUARDS, Role
from egovcloud.domain.quota import Amount, instance_amount, volume_amount

GIB = 1024**3


@dataclass(frozen=True)
class Wish:
    """Machines of one kind that somebody wants."""

    role: Role
    name: str
    count: int
    flavor: str
    image: str
    disks: tuple[int, ...]
    apart: bool


@dataclass(frozen=True)
class Order:
    """On whose behalf things are made: somebody's, and a request's with the operation that stands for it."""

    by: Row
    request: Row | None = None
    parent: Row | None = None


class Full(Exception):
    """The zone has no room; the data describe a centre that is too small for its city."""


def groups_of(app: App, role: str) -> list[Row]:
    """The security groups that guard such a machine."""
    found = [app.groups["admin"], app.groups.get(GUARDS.get(role, "app"))]
    return [group for group in found if group is not None]


def deploy(city: City, app: App, at: datetime, wishes: list[Wish], order: Order) -> datetime:
    """Make everything at once, as an approved request does; returns when the last of it was done."""
    ended = at
    for index, wish in enumerate(wishes):
        taken: set[str] = set()
        for number in range(1, wish.count + 1):
            name = wish.name if wish.count == 1 else f"{wish.name}-{number}"
            group = f"{order.request['id']}/{index}" if order.request and wish.apart else None
            avoid = frozenset(taken) if wish.apart else frozenset()
            machine, done = create(city, app, at, wish, name, order, group, avoid)
            taken.add(machine.host.row["name"])
            for size in wish.disks:
                done = max(done, add_disk(city, machine, at, done, f"{name}-data", size, order))
            ended = max(ended, done)
    return ended


def create(
    city: City,
    app: App,
    at: datetime,
    wish: Wish,
    name: str,
    order: Order,
    group: str | None,
    avoid: frozenset[str],
) -> tuple[Machine, datetime]:
    """One instance, running."""
    flavor, network = city.flavors[wish.flavor], city.networks[wish.role.network]
    disks = flavor["disk_gib"] + sum(wish.disks)
    host = room.choose(city, network["zone"], wish.flavor, flavor, disks, avoid)
    host = host or room.choose(city, network["zone"], wish.flavor, flavor, disks)
    if host is None:
        raise Full(f"{network['zone']}: {flavor['name']}")
    row = instance_row(city, app, at, wish, name, order, group)
    row["placement"] = room.because(city, host, row, disks)
    room.claim(host, flavor["vcpus"], flavor["memory_mib"], flavor["disk_gib"])
    row.update(host_id=host.row["id"], storage_pool_id=host.pool["id"], external_id=city.draw.external_id())
    machine = Machine(row, app, wish.role.name, wish.name, host, city.draw.uniform(0.12, 0.55))
    plug(city, machine, network)
    machine.groups = [guard["id"] for guard in groups_of(app, wish.role.name)]
    amount = amount_of(row)
    ledger.move(city, at, "reserve", amount, "instance", row, row["id"])
    made = journal.operation(
        city,
        at,
        "instance.create",
        row,
        by=order.by,
        parent=order.parent,
        params={"volumes_gib": sum(wish.disks)},
        results=(
            {},
            {"host": host.row["name"]},
            {"external_id": row["external_id"], "host": host.row["name"]},
            {"power": "running"},
        ),
        begin=("build", "requested", "building"),
        end=("run", "building", "active"),
    )
    ended: datetime = made["finished_at"]
    ledger.move(city, ended, "commit", amount, "instance", row, made["id"])
    row.update(state="active", generation=4, observed_power="running", observed_at=ended, updated_at=ended)
    city.machines[row["id"]] = machine
    app.machines.append(machine)
    return machine, ended


def instance_row(city: City, app: App, at: datetime, wish: Wish, name: str, order: Order, group: str | None) -> Row:
    """The row of an instance that was asked for."""
    flavor = city.flavors[wish.flavor]
    key = city.keys.get(order.by["id"])
    row = city.entity(
        "instances",
        at,
        name=name,
        hostname="",
        department_id=app.department["id"],
        project_id=app.project["id"],
        application_id=app.row["id"],
        request_id=order.request["id"] if order.request else None,
        flavor_id=flavor["id"],
        image_id=city.images[wish.image]["id"],
        zone_id=city.zones[city.networks[wish.role.network]["zone"]]["id"],
        host_id=None,
        storage_pool_id=None,
        anti_affinity=group,
        vcpus=flavor["vcpus"],
        memory_mib=flavor["memory_mib"],
        disk_gib=flavor["disk_gib"],
        state="requested",
        desired_power="running",
        observed_power=None,
        observed_at=None,
        external_id=None,
        ssh_keys=[key["public_key"]] if key else [],
        user_data=None,
        placement=None,
        error=None,
        search="",
        deleted_at=None,
    )
    row["hostname"] = f"{name[:48]}-{row['id'][-6:]}"
    return row


def plug(city: City, machine: Machine, network: Row) -> None:
    """Its port, and the text by which lists find it."""
    port = room.plug(city, machine.row, network)
    machine.ports = [port]
    machine.row["search"] = f"{machine.row['name']} {machine.row['hostname']} {port['address']}".lower()


def amount_of(row: Row) -> Amount:
    """What the instance costs of a quota; every machine of the city has one address."""
    return instance_amount(row["vcpus"], row["memory_mib"], row["disk_gib"], 1)


def add_disk(
    city: City, machine: Machine, at: datetime, ready: datetime, name: str, size_gib: int, order: Order
) -> datetime:
    """A volume, made when the instance was ``ready`` and then attached; returns when that was done."""
    row = city.entity(
        "volumes",
        at,
        name=name,
        department_id=machine.row["department_id"],
        project_id=machine.row["project_id"],
        application_id=machine.row["application_id"],
        request_id=order.request["id"] if order.request else None,
        host_id=machine.host.row["id"],
        storage_pool_id=machine.host.pool["id"],
        instance_id=machine.row["id"],
        size_gib=size_gib,
        state="in_use",
        device=f"vd{'bcdefgh'[len(machine.volumes)]}",
        external_id=city.draw.external_id(),
        observed_at=None,
        error=None,
        search=name.lower(),
        deleted_at=None,
    )
    amount = volume_amount(size_gib)
    params = {"instance_id": machine.row["id"]}
    ledger.move(city, at, "reserve", amount, "volume", row, row["id"])
    made = journal.operation(
        city,
        at,
        "volume.create",
        row,
        by=order.by,
        parent=order.parent,
        params=params,
        starts=ready,
        results=({}, {"external_id": row["external_id"]}),
        begin=("build", "requested", "creating"),
        end=("ready", "creating", "available"),
    )
    ledger.move(city, made["finished_at"], "commit", amount, "volume", row, made["id"])
    attached = journal.operation(
        city,
        at,
        "volume.attach",
        row,
        by=order.by,
        parent=order.parent,
        params=params,
        starts=made["finished_at"],
        results=({}, {"device": row["device"]}),
        begin=("attach", "available", "attaching"),
        end=("attached", "attaching", "in_use"),
    )
    city.add("operation_dependencies", {"operation_id": attached["id"], "needs_id": made["id"]})
    ended: datetime = attached["finished_at"]
    row.update(generation=5, observed_at=made["finished_at"], updated_at=ended)
    room.claim(machine.host, 0, 0, size_gib)
    machine.volumes.append(Disk(row, city.draw.uniform(0.35, 0.82)))
    return ended


def grow(city: City, machine: Machine, disk: Disk, at: datetime, size_gib: int, order: Order) -> datetime:
    """A larger volume."""
    row, more = disk.row, size_gib - disk.row["size_gib"]
    made = journal.operation(
        city,
        at,
        "volume.grow",
        row,
        by=order.by,
        parent=order.parent,
        params={"to_gib": size_gib},
        begin=("grow", "in_use", "growing"),
        end=("attached", "growing", "in_use"),
    )
    ledger.move(city, at, "reserve", volume_amount(more), "volume", row, made["id"])
    ledger.move(city, made["finished_at"], "commit", volume_amount(more), "volume", row, made["id"])
    room.claim(machine.host, 0, 0, more)
    disk.written *= row["size_gib"] / size_gib
    row.update(size_gib=size_gib, generation=row["generation"] + 2, updated_at=made["finished_at"])
    ended: datetime = made["finished_at"]
    return ended


def resize(city: City, machine: Machine, at: datetime, flavor_key: str, order: Order) -> datetime:
    """A larger flavor on the same host."""
    row, flavor = machine.row, city.flavors[flavor_key]
    was = {"vcpus": row["vcpus"], "memory_mib": row["memory_mib"], "flavor_id": row["flavor_id"]}
    to = {"vcpus": flavor["vcpus"], "memory_mib": flavor["memory_mib"], "flavor_id": flavor["id"]}
    made = journal.operation(
        city,
        at,
        "instance.resize",
        row,
        by=order.by,
        parent=order.parent,
        params={"from": was, "to": to, "was_running": True},
        results=({}, {"was": "running"}, {"power": "stopped", "forced": False}, {}, {}, {"power": "running"}),
        begin=("resize", "active", "resizing"),
        end=("run", "resizing", "active"),
    )
    growth = Amount(vcpus=flavor["vcpus"] - row["vcpus"], memory_mib=flavor["memory_mib"] - row["memory_mib"])
    ledger.move(city, at, "reserve", growth, "instance", row, made["id"])
    ledger.move(city, made["finished_at"], "commit", growth, "instance", row, made["id"])
    room.claim(machine.host, growth.vcpus, growth.memory_mib, 0)
    ended: datetime = made["finished_at"]
    row.update(**to, generation=row["generation"] + 3, observed_at=ended, updated_at=ended)
    return ended


def move(city: City, machine: Machine, at: datetime, target: HostRoom, by: Row, parent: Row | None = None) -> datetime:
    """Live migration with its volumes."""
    source, row = machine.host, machine.row
    disks = row["disk_gib"] + sum(disk.row["size_gib"] for disk in machine.volumes)
    made = journal.operation(
        city,
        at,
        "instance.migrate",
        row,
        by=by,
        parent=parent,
        params={"host_id": None},
        results=(moving(source, target, disks), {}, {"external_id": row["external_id"], "host": target.row["name"]}),
        begin=("migrate", "active", "migrating"),
        end=("run", "migrating", "active"),
    )
    room.claim(source, -row["vcpus"], -row["memory_mib"], -disks)
    room.claim(target, row["vcpus"], row["memory_mib"], disks)
    machine.host = target
    ended: datetime = made["finished_at"]
    there = {"host_id": target.row["id"], "storage_pool_id": target.pool["id"], "updated_at": ended}
    row.update(**there, generation=row["generation"] + 2, observed_at=ended)
    for disk in machine.volumes:
        disk.row.update(**there, generation=disk.row["generation"] + 1)
    return ended


def moving(source: HostRoom, target: HostRoom, disks: int) -> dict[str, Any]:
    """What the first step of a live migration records."""
    return {
        "source": source.row["id"],
        "source_name": source.row["name"],
        "target": target.row["id"],
        "target_name": target.row["name"],
        "pool": target.pool["id"],
        "disk_gib": disks,
    }


def delete(city: City, machine: Machine, at: datetime, by: Row) -> None:
    """Wiped and gone; its volumes follow some minutes later."""
    row, host = machine.row, machine.host
    wiped = {"method": "zero", "bytes_wiped": row["disk_gib"] * GIB, "disks": [f"{host.pool['name']}/{row['id']}.root"]}
    made = journal.operation(
        city,
        at,
        "instance.delete",
        row,
        by=by,
        results=(wiped,),
        begin=("delete", row["state"], "deleting"),
        end=("deleted", "deleting", "deleted"),
    )
    ended: datetime = made["finished_at"]
    ledger.move(city, ended, "release", amount_of(row), "instance", row, made["id"])
    _wipe(city, ended, "instance", row, made, wiped)
    room.claim(host, -row["vcpus"], -row["memory_mib"], -row["disk_gib"])
    room.unplug(city, machine)
    row.update(
        state="deleted",
        deleted_at=ended,
        updated_at=ended,
        observed_at=ended,
        observed_power=None,
        desired_power="stopped",
        generation=row["generation"] + 2,
    )
    for disk in machine.volumes:
        delete_disk(city, machine, disk, ended + timedelta(minutes=3), by)
    machine.app.machines.remove(machine)
    del city.machines[row["id"]]


def delete_disk(city: City, machine: Machine, disk: Disk, at: datetime, by: Row) -> None:
    """A volume that was let go, wiped and removed."""
    row, host = disk.row, machine.host
    name = f"{host.pool['name']}/{row['id']}.data"
    wiped = {"method": "zero", "bytes_wiped": row["size_gib"] * GIB, "disks": [name]}
    made = journal.operation(
        city,
        at,
        "volume.delete",
        row,
        by=by,
        results=(wiped,),
        begin=("delete", "available", "deleting"),
        end=("deleted", "deleting", "deleted"),
    )
    ended: datetime = made["finished_at"]
    ledger.move(city, ended, "release", volume_amount(row["size_gib"]), "volume", row, made["id"])
    _wipe(city, ended, "volume", row, made, wiped)
    room.claim(host, 0, 0, -row["size_gib"])
    row.update(state="deleted", deleted_at=ended, updated_at=ended, instance_id=None, device=None)
    row["generation"] += 3


def _wipe(city: City, at: datetime, noun: str, row: Row, operation: Row, wiped: dict[str, Any]) -> None:
    city.add(
        "wipes",
        {
            "id": city.draw.id(at),
            "at": at,
            "subject_type": noun,
            "subject_id": row["id"],
            "subject_name": row["name"],
            "department_id": row["department_id"],
            "operation_id": operation["id"],
            **wiped,
        },
    )
