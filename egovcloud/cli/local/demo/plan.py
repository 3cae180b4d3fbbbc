"""What happened in the year before today: a plan of requests and upkeep, which then takes its course."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from egovcloud.cli.local.demo import days, machines, requests, upkeep, wishes
from egovcloud.cli.local.demo.city import App, City, HostRoom, Row
from egovcloud.cli.local.demo.days import HERE
from egovcloud.cli.local.demo.today import CREATED

MACHINES = 1500
DAYS = 365
BASELINE = 470  # machines that were there a year ago
RETIRED = 105
# How often each fate befell a request for machines; the others are for disks and sizes.
FATES = (("yes", 318), ("again", 22), ("no", 16), ("withdrawn", 9), ("back", 5), ("draft", 4))
DISKS, SIZES = 48, 18
WAITING = (
    ("at:bureau", "mzj"), ("at:bureau", "mzj"), ("at:bureau", "czj"), ("at:bureau", "hbj"), ("at:office", "rsj/sbzx"),
    ("at:office", "wjw/wjxx"), ("at:office", "dsj/zyc"), ("at:district", "sip-dsj"), ("at:district", "gsq-mzj"),
    ("at:centre", "mzj"), ("at:centre", "jyj"), ("at:centre", "gaj/zhzx"), ("at:centre", "zgj/dlxx"),
    ("at:centre", "wjq-dsj"), ("at:centre", "ybj/ybzx"),
)  # fmt: skip
UPKEEP = (("reboot", 430), ("stop", 190), ("snapshot", 420))
_SIZES = ((1, 12), (2, 34), (3, 14), (4, 22), (5, 5), (6, 10), (8, 6), (10, 3))


def work_days(city: City, first: int, last: int) -> list[date]:
    """Days on which offices are open, ``first`` to ``last`` days before today."""
    today = city.midnight.astimezone(HERE).date()
    found = [today - timedelta(days=back) for back in range(first, last - 1, -1)]
    return [day for day in found if not days.free(day)]


def year(city: City) -> None:
    """Plan it all, then let it happen."""
    total = sum(app.system.weight for app in city.apps)
    for app in city.apps:
        app.target = app.system.weight / total * MACHINES
    _before(city)
    _growth(city)
    _upkeep(city)
    city.live()
    _settle(city)
    city.live()


def _before(city: City) -> None:
    """Two thirds of the applications had moved in before the year began."""
    old = [app for app in city.apps if city.draw.chance(0.68)]
    total = sum(app.target for app in old)
    open_days = work_days(city, 900, DAYS + 1)
    for app in old:
        count = max(2, round(app.target / total * BASELINE))
        app.promised += count
        moment = days.moment(city.draw, city.draw.choice(open_days))
        operator = city.draw.choice(city.operators)

        def move_in(at: datetime, app: App = app, count: int = count, operator: Row = operator) -> None:
            wanted = wishes.of(city, app, count, at, first=True)
            machines.deploy(city, app, at, wanted, machines.Order(operator))

        city.plan(moment, move_in)


def _growth(city: City) -> None:
    open_days = work_days(city, DAYS, 1)
    rush = [days.rush(day) for day in open_days]
    fates = [fate for fate, count in FATES for _ in range(count)]
    city.draw.shuffle(fates)
    makes = [fate in ("yes", "again") for fate in fates]
    counts = [city.draw.weighted([s for s, _ in _SIZES], [w for _, w in _SIZES]) for _ in fates]
    present = sum(app.promised for app in city.apps)
    spare = MACHINES + RETIRED - present - sum(c for c, made in zip(counts, makes, strict=True) if made)
    places = [place for place, made in enumerate(makes) if made]
    while spare:  # a machine more here, one less there, until the sum is right
        place = city.draw.choice(places)
        step = 1 if spare > 0 else -1
        if 1 <= counts[place] + step <= 12:
            counts[place] += step
            spare -= step
    chosen = sorted(city.draw.choices(open_days, rush, k=len(fates)))
    late = open_days[-12:]
    for day, fate, count in zip(chosen, fates, counts, strict=True):
        when = city.draw.choice(late) if fate in ("draft", "back") else day
        city.plan(days.moment(city.draw, when), lambda at, f=fate, n=count: _ask(city, at, f, n))  # type: ignore[misc]
    for day in city.draw.choices(open_days, rush, k=DISKS):
        city.plan(days.moment(city.draw, day), lambda at: _ask_disk(city, at))
    for day in city.draw.choices(open_days, rush, k=SIZES):
        city.plan(days.moment(city.draw, day), lambda at: _ask_size(city, at))
    recent = open_days[-5:-1]
    for place, (fate, owner) in enumerate(WAITING):
        day = recent[place % len(recent)]
        city.plan(days.moment(city.draw, day), lambda at, f=fate, o=owner: _wait(city, at, f, o))  # type: ignore[misc]


def _ask(city: City, at: datetime, fate: str, count: int) -> None:
    """The application that is furthest from its size asks first, though not always."""
    lacks = [max(0.15, app.target - app.promised) for app in city.apps]
    app = city.draw.weighted(city.apps, lacks)
    first = app.promised == 0
    if fate in ("yes", "again"):
        app.promised += count
    requests.for_machines(city, app, at, count, fate, first=first)


def _ask_disk(city: City, at: datetime) -> None:
    machine = upkeep.any_machine(city, at)
    if machine and not machine.snapshots:
        requests.for_disk(city, machine.app, machine, at, "yes")


def _ask_size(city: City, at: datetime) -> None:
    steps = {"通用型-2C4G": "g-4c8g", "通用型-4C8G": "g-8c16g", "内存型-4C32G": "m-8c64g"}
    for _ in range(6):
        machine = upkeep.any_machine(city, at)
        flavor = machine and next(f for f in city.flavors.values() if f["id"] == machine.row["flavor_id"])
        if machine and flavor and flavor["name"] in steps:
            requests.for_size(city, machine.app, machine, steps[flavor["name"]], at, "yes")
            return


def _wait(city: City, at: datetime, fate: str, owner: str) -> None:
    app = city.draw.choice([app for app in city.apps if app.system.owner == owner])
    requests.for_machines(city, app, at, city.draw.choice((1, 2, 2, 3)), fate)


def _upkeep(city: City) -> None:
    open_days = work_days(city, DAYS - 1, 1)
    acts = {
        "reboot": lambda at: upkeep.reboot(city, at),
        "stop": lambda at: upkeep.stop(city, at, back=city.draw.chance(0.85)),
        "snapshot": lambda at: upkeep.snapshot(city, at),
    }
    for name, count in UPKEEP:
        days_of = open_days[-70:] if name == "snapshot" else open_days
        for day in city.draw.choices(days_of, k=count):
            city.plan(days.moment(city.draw, day), acts[name])
    for day in city.draw.choices(open_days[20:], k=RETIRED):
        city.plan(days.moment(city.draw, day), lambda at: upkeep.retire(city, at))
    general = sorted(name for name, host in city.hosts.items() if host.pool_key == "general")
    for name, back in ((general[3], 250), (general[9], 160), (general[5], 70), (general[11], 3)):
        day = work_days(city, back + 14, back)[-1]
        user = city.draw.choice(city.operators)
        city.plan(days.moment(city.draw, day, 19, 20), _drain(city, city.hosts[name], user, back > 3))
    old = city.hosts[general[-1]]
    day = work_days(city, 59, 45)[-1]
    city.plan(days.moment(city.draw, day), lambda at: upkeep.disable(city, at, old, city.operators[0]))


def _drain(city: City, host: HostRoom, user: Row, back: bool) -> Callable[[datetime], None]:
    return lambda at: upkeep.drain(city, at, host, user, back=back)


def _settle(city: City) -> None:
    """What is still on somebody's desk made a few machines fewer: operators made them on the last working day."""
    day = work_days(city, 14, 1)[-1]
    lacking = MACHINES - CREATED - len(city.machines)
    large = sorted(city.apps, key=lambda app: -app.system.weight)[:12]
    for _ in range(abs(lacking)):
        app, operator = city.draw.choice(large), city.draw.choice(city.operators)

        def make(at: datetime, app: App = app, operator: Row = operator) -> None:
            machines.deploy(city, app, at, wishes.of(city, app, 1, at, first=False), machines.Order(operator))

        def drop(at: datetime) -> None:
            upkeep.retire(city, at)

        city.plan(days.moment(city.draw, day), make if lacking > 0 else drop)
