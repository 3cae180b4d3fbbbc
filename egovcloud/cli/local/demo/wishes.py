"""What somebody asks for: machines that fit the application, as rows of a request know them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from egovcloud.cli.local.demo import machines
from egovcloud.cli.local.demo.city import App, City, Row
from egovcloud.cli.local.demo.data.catalogue import IMAGES
from egovcloud.cli.local.demo.data.systems import PROFILES, Role
from egovcloud.cli.local.demo.machines import Wish

DOMESTIC = ("kylin", "uos", "euler")
WITH_DISK = 0.8  # of the machines that may have a volume
RETIRED_AT = 0.55  # of the year: from then on the old system's image is no longer offered


def roles_of(app: App) -> tuple[Role, ...]:
    """Kinds of machines that the application consists of, at both sites."""
    recovery = PROFILES["recovery"] if app.system.recovery >= 4 else ()
    return (*PROFILES[app.system.profile], *recovery)


def of(city: City, app: App, count: int, at: datetime, *, first: bool) -> list[Wish]:
    """``count`` machines: a bit of everything at first, later more of what is short."""
    roles = roles_of(app)
    shares = [role.share for role in roles]
    if first or count > 6:
        chosen = [city.draw.weighted(roles, shares) for _ in range(count)]
    else:
        few = [city.draw.weighted(roles, shares) for _ in range(1 if count < 4 else 2)]
        chosen = [few[number % len(few)] for number in range(count)]
    counts: dict[str, int] = {}
    for role in chosen:
        counts[role.name] = counts.get(role.name, 0) + 1
    return [_wish(city, app, role, counts[role.name], at) for role in roles if role.name in counts]


def _wish(city: City, app: App, role: Role, count: int, at: datetime) -> Wish:
    app.batches[role.name] = app.batches.get(role.name, 0) + 1
    batch = app.batches[role.name]
    flavor = city.draw.weighted(role.flavors, [5, 4, 2, 4, 3][: len(role.flavors)])
    disks = (city.draw.choice(role.disks),) if role.disks and city.draw.chance(WITH_DISK) else ()
    name = f"{app.system.slug}-{role.name}{batch if batch > 1 else ''}"
    apart = 2 <= count <= 4 and city.draw.chance(0.5)
    return Wish(role, name, count, flavor, image(city, flavor, at), disks, apart)


def image(city: City, flavor: str, at: datetime) -> str:
    """The systems of the day: every month a few more machines run a domestic one."""
    past = 1 - (city.midnight - at) / timedelta(days=365)
    share = min(1.0, max(0.0, past))
    usable = [
        picture
        for picture in IMAGES
        if picture.min_disk_gib <= city.flavors[flavor]["disk_gib"]
        and not (picture.retired and share > RETIRED_AT)
        and (flavor[0] != "x" or picture.key in DOMESTIC)
    ]
    return city.draw.weighted(usable, [p.old * (1 - share) + p.new * share + 0.001 * (not p.owner) for p in usable]).key


def item(city: City, app: App, wish: Wish, by: Row) -> dict[str, Any]:
    """The wish as a request's item, with every default filled in."""
    network = city.networks[wish.role.network]
    return {
        "kind": "instance",
        "name": wish.name,
        "count": wish.count,
        "flavor_id": city.flavors[wish.flavor]["id"],
        "image_id": city.images[wish.image]["id"],
        "network_ids": [network["id"]],
        "security_group_ids": [group["id"] for group in machines.groups_of(app, wish.role.name)],
        "ssh_key_ids": [city.keys[by["id"]]["id"]],
        "zone_id": city.zones[network["zone"]]["id"],
        "anti_affinity": wish.apart,
        "user_data": None,
        "volumes": [{"name": "data", "size_gib": size} for size in wish.disks],
    }
