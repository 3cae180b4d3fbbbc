"""What somebody did in the clouds behind everybody's back, some hours ago: the reconcile has told of it since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from egovcloud.cli.local.demo.city import City, Machine, Row
from egovcloud.domain.drift import rule_text
from egovcloud.drivers.base import RuleSpec
from egovcloud.drivers.simulator import Tamper

LOOK_SECONDS = 15
OPEN_TO_ALL = RuleSpec("ingress", "tcp", 3389, 3389)


def happen(city: City, paths: dict[str, Path]) -> None:
    """One of each of a handful of kinds, each on a machine that nothing else of today is about."""
    taken: set[str] = set()
    calm = city.now - timedelta(days=1)

    def pick(fits: Callable[[Machine], bool]) -> tuple[Machine, Tamper]:
        found = [
            machine
            for machine in city.machines.values()
            if machine.row["state"] == "active"
            and machine.row["id"] not in taken
            and machine.row["updated_at"] < calm
            and not machine.absent
            and (machine.host.row["state"], machine.host.row["health"]) == ("enabled", "up")
            and fits(machine)
        ]
        machine = city.draw.choice(found)
        taken.add(machine.row["id"])
        return machine, Tamper(paths[machine.host.provider])

    machine, hands = pick(lambda m: m.row["vcpus"] <= 4)
    vcpus = machine.row["vcpus"] + 2
    hands.resize(machine.row["id"], vcpus, machine.row["memory_mib"])
    _told(city, 5.4, "instance.vcpus", machine, machine.row, {"vcpus": vcpus - 2}, {"vcpus": vcpus})

    machine, hands = pick(lambda m: True)
    name = f"{machine.row['name']}-old"
    hands.rename(machine.row["id"], name)
    _told(city, 26.1, "instance.renamed", machine, machine.row, {"name": machine.row["name"]}, {"name": name})

    machine, hands = pick(lambda m: _in_use(m) is not None)
    disk = _in_use(machine)
    assert disk is not None
    hands.detach(disk["id"])
    holder = {"instance": machine.row["id"]}
    _told(city, 1.2, "volume.detached", machine, disk, holder, {"instance": ""})

    machine, hands = pick(lambda m: _in_use(m) is not None)
    disk = _in_use(machine)
    assert disk is not None
    size = disk["size_gib"]
    hands.resize_volume(disk["id"], size + 50)
    _told(city, 9.7, "volume.grown", machine, disk, {"size_gib": size}, {"size_gib": size + 50})

    machine, hands = pick(lambda m: bool(m.groups))
    _rule_added(city, machine, hands)

    machine, hands = pick(lambda m: True)
    host = machine.host.row
    hands.add_instance(host["name"], "legacy-oa-2019", vcpus=4, memory_mib=8192, disk_gib=80)
    observed = {"count": 1, "unmanaged": ["instance legacy-oa-2019"]}
    _told(city, 71.0, "host.unmanaged", machine, host, {"count": 0}, observed)


def _in_use(machine: Machine) -> Row | None:
    """A volume that the machine holds, and that no snapshot of it has."""
    if machine.snapshots:
        return None
    return next((disk.row for disk in machine.volumes if disk.row["state"] == "in_use"), None)


def _rule_added(city: City, machine: Machine, hands: Tamper) -> None:
    """Somebody opened a door on one host, for everybody."""
    group_id = sorted(machine.groups)[0]
    group = next(row for row in city.tables["security_groups"] if row["id"] == group_id)
    rules = [
        RuleSpec(r["direction"], r["protocol"], r["port_min"], r["port_max"], r["cidr"])
        for r in city.tables["security_rules"]
        if r["security_group_id"] == group_id
    ]
    host = machine.host.row["name"]
    hands.rules(group_id, host, [*rules, OPEN_TO_ALL])
    wanted = sorted({_text(rule) for rule in rules})
    added = _text(OPEN_TO_ALL)
    observed = {"rules": sorted({*wanted, added}), "added": [added]}
    _told(city, 3.3, "security_group.rule_added", machine, group, {"rules": wanted}, observed, place=host)


def _text(rule: RuleSpec) -> str:
    return rule_text(rule.direction, rule.protocol, rule.port_min, rule.port_max, rule.cidr)


def _told(
    city: City,
    hours: float,
    kind: str,
    machine: Machine,
    subject: Row,
    desired: dict[str, Any],
    observed: dict[str, Any],
    *,
    place: str = "",
) -> None:
    """The row that the look of that moment wrote, and every look since then has touched."""
    since = city.now - timedelta(hours=hours)
    looks = int(hours * 3600 / LOOK_SECONDS)
    row = city.entity(
        "drifts",
        since,
        kind=kind,
        state="open",
        subject_type=kind.partition(".")[0],
        subject_id=subject["id"],
        subject_name=subject["name"],
        place=place,
        provider_id=machine.host.row["provider_id"],
        host=machine.host.row["name"],
        department_id=subject.get("department_id"),
        desired=desired,
        observed=observed,
        looks=looks,
        since=since,
        last_seen_at=_last(city.now),
        ended_at=None,
        outcome=None,
        operation_id=None,
        error=None,
    )
    row.update(generation=looks, updated_at=_last(city.now))
    data = {"kind": kind, "subject_type": row["subject_type"], "subject_id": row["subject_id"]}
    city.event(since, "drift.open", "drift", row["id"], department_id=row["department_id"], data=data)


def _last(now: datetime) -> datetime:
    return now - timedelta(seconds=LOOK_SECONDS / 2)
