"""What follows from everything else: quotas, daily samples, and rows that belong to the machines of today."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta

from egovcloud.cli.local.demo.city import City, Row
from egovcloud.cli.local.demo.data.catalogue import IMAGES
from egovcloud.cli.local.demo.days import HERE
from egovcloud.cli.local.demo.places import DISK_RATIO
from egovcloud.cli.local.demo.plan import DAYS
from egovcloud.domain.quota import RESOURCES

GIB = 1024**3
FULL = ("jyj", "gaj", "hbj", "cgj", "wlj", "snd")  # departments that have nearly used up what they may
# What a department may have that has nothing yet; limits are multiples of the second number.
_LEAST = {
    "instances": (6, 2),
    "vcpus": (32, 8),
    "memory_mib": (65536, 16384),
    "volume_gib": (2000, 500),
    "addresses": (8, 2),
    "buckets": (4, 2),
    "object_gib": (1000, 500),
}


def attachments(city: City) -> None:
    """Ports and guards of the machines that exist."""
    for machine in city.machines.values():
        for port in machine.ports:
            city.add("ports", port)
        for group in machine.groups:
            city.add("instance_security_groups", {"instance_id": machine.row["id"], "security_group_id": group})


def quotas(city: City) -> None:
    """Use from the ledger, limits above it: some departments have room, some are nearly full."""
    own: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in city.tables["quota_ledger"]:
        total = own[entry["department_id"], entry["resource"]]
        total[0] += entry["reserved"]
        total[1] += entry["committed"]
    by_path = {row["path"]: row for row in city.departments.values()}
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in city.departments.values():
        codes = row["path"].strip("/").split("/")
        lineage = [by_path["/" + "/".join(codes[: depth + 1]) + "/"] for depth in range(len(codes))]
        for resource in RESOURCES:
            reserved, committed = own[row["id"], resource]
            for node in lineage:
                total = sums[node["id"], resource]
                total[0] += reserved
                total[1] += committed
    limits: dict[tuple[str, str], int] = {}
    for row in sorted(city.departments.values(), key=lambda row: -row["path"].count("/")):
        bounded = row["kind"] != "office" or city.draw.chance(0.4)
        factor = city.draw.uniform(1.01, 1.04) if row["code"] in FULL else city.draw.uniform(1.2, 1.9)
        for resource in RESOURCES:
            reserved, committed = sums[row["id"], resource]
            used = reserved + committed
            limit = _limit(city, row, resource, used, factor) if bounded else None
            below = _of_children(city, row, resource, limits)
            if limit is not None:
                limits[row["id"], resource] = limit = max([limit, *below])
            city.add(
                "quotas",
                {
                    "department_id": row["id"],
                    "resource": resource,
                    "limit": limit,
                    "reserved": reserved,
                    "committed": committed,
                    "unmanaged": 0,
                },
            )


def _of_children(city: City, row: Row, resource: str, limits: dict[tuple[str, str], int]) -> list[int]:
    children = (child["id"] for child in city.departments.values() if child["parent_id"] == row["id"])
    return [limits[child, resource] for child in children if (child, resource) in limits]


def _limit(city: City, row: Row, resource: str, used: int, factor: float) -> int:
    if row["kind"] == "city":
        return _centre(city)[resource]
    least, grain = _LEAST[resource]
    wanted = max(used * factor, 0 if row["code"] in FULL else least)
    return int(-(-wanted // grain) * grain)


def _centre(city: City) -> dict[str, int]:
    """What the machine rooms can give."""
    hosts = city.hosts.values()
    return {
        "instances": 2200,
        "vcpus": int(sum(h.row["vcpus"] * h.vcpu_ratio for h in hosts)),
        "memory_mib": sum(h.row["memory_mib"] - h.row["reserved_memory_mib"] for h in hosts),
        "volume_gib": int(sum(h.pool["capacity_gib"] * DISK_RATIO for h in hosts)),
        "addresses": 4000,
        "buckets": 400,
        "object_gib": 200_000,
    }


def storage(city: City) -> dict[tuple[str, str], int]:
    """Bytes of each image in each pool; the pools' use is what guests, images and snapshots have written."""
    sizes = {picture.key: int(picture.size_gib * GIB) for picture in IMAGES}
    keys = {row["id"]: key for key, row in city.images.items()}
    images: dict[tuple[str, str], int] = {}
    used: dict[str, int] = defaultdict(int)
    for machine in city.machines.values():
        if machine.row["host_id"] is None or machine.absent:
            continue
        name = machine.host.row["name"]
        images[name, machine.row["image_id"]] = sizes[keys[machine.row["image_id"]]]
        used[name] += machine.bytes + sum(disk.bytes for disk in machine.volumes)
        used[name] += len(machine.snapshots) * machine.snapshot_bytes
    for (name, _), size in images.items():
        used[name] += size
    for name, host in city.hosts.items():
        host.pool["used_gib"] = round(used[name] / GIB, 3)
    return images


def samples(city: City) -> None:
    """One a day for a year: what the ledger said at its end, and how much of it was written."""
    moves = sorted((entry["at"], entry["resource"], entry["committed"]) for entry in city.tables["quota_ledger"])
    used = sum(host.pool["used_gib"] for host in city.hosts.values())
    totals = dict.fromkeys(RESOURCES, 0)
    times = [move[0] for move in moves]
    history, position = [], 0
    for back in range(DAYS, 0, -1):
        end = city.midnight - timedelta(days=back - 1)
        until = bisect_right(times, end)
        for _, resource, count in moves[position:until]:
            totals[resource] += count
        position = until
        day = (end - timedelta(hours=1)).astimezone(HERE).date().isoformat()
        history.append((back, day, dict(totals)))
    share = used / history[-1][2]["volume_gib"]
    for back, day, held in history:
        # Disks fill while nobody asks for anything: a year ago less of what was promised was written.
        written = share * (1 - 0.3 * back / DAYS) * held["volume_gib"]
        city.add(
            "capacity_samples",
            {
                "day": day,
                "instances": held["instances"],
                "vcpus": held["vcpus"],
                "memory_mib": held["memory_mib"],
                "volume_gib": held["volume_gib"],
                "storage_used_gib": round(written, 3),
            },
        )


def order(city: City) -> None:
    """Events are numbered in the order in which they became visible; ids of the others already tell theirs."""
    told = sorted(city.tables.get("events", []), key=lambda event: event["at"])
    city.tables["events"] = [{"id": number, **event} for number, event in enumerate(told, 1)]
