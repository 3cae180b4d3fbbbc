"""A small centre for tests: a city with a bureau, people, an offer, and a simulated cloud of a few hosts.

``World`` names it all and can be handed to another process; ``House`` side and engine open it with ``enter``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from egovcloud.domain.clock import system_clock
from egovcloud.domain.ids import new_id
from egovcloud.domain.lifecycle import OPERATION
from egovcloud.drivers.simulator import SimHost, SimPool, SimulatorDriver, SimulatorStore, create_cloud
from egovcloud.engine.claims import claim
from egovcloud.engine.claims import due as claimable
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.operations import REGISTRY
from egovcloud.engine.providers import Providers
from egovcloud.engine.runner import Runner
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.store import ledger
from egovcloud.store.base import Model
from egovcloud.store.database import Database
from egovcloud.store.models import (
    ApprovalLevel,
    Department,
    Flavor,
    HostPool,
    Image,
    Network,
    Operation,
    Project,
    Provider,
    SecurityGroup,
    Site,
    User,
    Zone,
)
from egovcloud.store.secrets import Cipher

OPEN = tuple(sorted(OPERATION.transitional))
LIMITS: dict[str, int | None] = {
    "instances": 500,
    "vcpus": 1000,
    "memory_mib": 1024 * 1024,
    "volume_gib": 5000,
    "object_gib": 500,
}
HOSTS = tuple(SimHost(f"h{number}", 64, 262_144, pools=[SimPool("default", 10_000)]) for number in range(3))


class Clock:
    """The time that passes, and as much more as a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)

    def reach(self, moment: datetime) -> None:
        """Let it be ``moment``, unless that is past."""
        self.ahead = max(self.ahead, self.ahead + (moment - self()) + timedelta(milliseconds=1))


@dataclass(frozen=True)
class World:
    """Where everything is, and the ids of what ``build`` made by its short name."""

    url: str
    cloud: Path
    key: bytes
    installation: str
    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]

    @property
    def requester(self) -> Actor:
        """Asks for things."""
        return Actor(self["requester"], "requester", "/sz/mzj/", (("member", "/sz/mzj/"),))

    @property
    def approver(self) -> Actor:
        """Decides for the bureau."""
        return Actor(self["approver"], "approver", "/sz/mzj/", (("department_approver", "/sz/mzj/"),))

    @property
    def operator(self) -> Actor:
        """Runs the centre."""
        return Actor(self["operator"], "operator", "/sz/", (("operator", "/sz/"),))


def build(
    url: str, cloud: Path, hosts: Sequence[SimHost] = HOSTS, limits: dict[str, int | None] | None = None
) -> World:
    """Fill an empty database at the head revision, make the cloud's file, and let the hosts be found."""
    create_cloud(cloud, hosts)
    world = World(url, cloud, b"0123456789abcdef0123456789abcdef", new_id(), {})
    with enter(world) as inside:
        with inside.database.unit() as session:
            for name, row in _rows(cloud):
                session.add(row)
                session.flush()
                world.ids[name] = row.id  # type: ignore[attr-defined]
                if isinstance(row, Department):
                    ledger.open_account(session, row.id, limits or LIMITS)
            for position, level in enumerate(("bureau", "centre")):
                session.add(ApprovalLevel(position=position, level=level))
        inside.reconcile()
    return world


def _rows(cloud: Path) -> Iterator[tuple[str, Model]]:
    now = system_clock()

    def made(model: type[Model], **values: Any) -> Any:
        return model(id=new_id(), created_at=now, updated_at=now, **values)

    root = made(Department, code="sz", name="苏州市", kind="city", path="/sz/")
    yield "city", root
    bureau = made(Department, code="mzj", name="民政局", kind="bureau", path="/sz/mzj/", parent_id=root.id)
    yield "bureau", bureau
    home = {"department_id": bureau.id}
    for name in ("requester", "approver", "operator"):
        yield name, made(User, username=name, display_name=name, password_hash="-", **home)
    site = made(Site, name="主中心")
    yield "site", site
    zone = made(Zone, site_id=site.id, name="政务外网区")
    yield "zone", zone
    pool = made(HostPool, zone_id=zone.id, name="general", vcpu_ratio=16.0)
    yield "host_pool", pool
    config = {"path": str(cloud), "host_pool_id": pool.id}
    yield "provider", made(Provider, name="sim", driver="simulator", config=config, site_id=site.id)
    for name, vcpus, memory in (("small", 1, 512), ("large", 2, 1024)):
        yield name, made(Flavor, name=name, vcpus=vcpus, memory_mib=memory, disk_gib=1)
    for name in ("image", "other_image"):
        boot = {"firmware": "direct", "kernel": "sim:kernel", "initrd": "sim:initrd"}
        yield name, made(Image, name=name, disk=f"sim:{name}", sha256="0" * 64, **boot)
    for name, cidr, gateway in (
        ("network", "10.20.0.0/16", "10.20.0.1"),
        ("other_network", "10.21.0.0/16", "10.21.0.1"),
    ):
        yield name, made(Network, name=name, mode="nat", cidr=cidr, gateway=gateway)
    project = made(Project, name="社会救助", **home)
    yield "project", project
    for name in ("group", "other_group"):
        yield name, made(SecurityGroup, name=name, project_id=project.id, **home)


def simulator(installation: str, _name: str, config: Mapping[str, Any]) -> SimulatorDriver:
    """The driver of a simulated cloud as its provider is configured."""
    return SimulatorDriver(installation, config["path"], tenancy=config.get("tenancy", False))


class Inside:
    """An opened world: what an API process has (``house``) and what a worker has (``runner``), on one clock."""

    def __init__(self, world: World, *, lease_seconds: float = 10.0, clock: Clock | None = None) -> None:
        self.world = world
        self.clock = clock or Clock()
        self.database = Database(world.url)
        cipher = Cipher(world.key)
        factories = {"simulator": simulator}
        stores = {"simulator": lambda installation, _, config: SimulatorStore(installation, config["path"])}
        self.providers = Providers(self.database, world.installation, factories, stores)
        self.house = House(self.database, cipher, world.installation, clock=self.clock)
        self.runner = Runner(
            self.database, REGISTRY, self.providers, cipher, world.installation, self.clock, lease_seconds
        )

    @property
    def driver(self) -> SimulatorDriver:
        """The simulated cloud as the engine sees it."""
        return SimulatorDriver(self.world.installation, self.world.cloud)

    @property
    def store(self) -> SimulatorStore:
        """Its object storage, as the engine sees it."""
        return SimulatorStore(self.world.installation, self.world.cloud)

    def settle(self, *, limit: int = 2000, worker: str = "steady") -> None:
        """Run everything that is open to its end in this thread; waiting costs no time, since the clock is moved on.

        Raises ``AssertionError`` when something is still open after ``limit`` claims.
        """
        for _ in range(limit):
            lease = self.runner.lease_seconds
            claims = claim(self.database, worker, 8, now=self.clock(), lease_seconds=lease)
            for held in claims:
                self.runner.run(held)
            if not claims and not self._skip_ahead():
                return
        raise AssertionError(f"still open: {self.open_operations()}")

    def _skip_ahead(self) -> bool:
        """Move the clock to when something will be due; false when nothing is open."""
        with self.database.read() as session:
            rows = session.execute(
                select(Operation.not_before, Operation.lease_until, Operation.deadline_at).where(
                    Operation.state.in_(OPEN)
                )
            ).all()
        if not rows:
            return False
        now = self.clock()
        if claimable(self.database, now=now):  # it came due since it was looked for
            return True
        due = [max(not_before, until or not_before) for not_before, until, _ in rows]
        ahead = [moment for moment in due if moment > now] or [deadline for _, _, deadline in rows]
        self.clock.reach(min(ahead))
        return True

    def open_operations(self) -> list[tuple[str, str, str]]:
        """(kind, state, id) of every operation that has not ended."""
        with self.database.read() as session:
            rows = session.execute(
                select(Operation.kind, Operation.state, Operation.id).where(Operation.state.in_(OPEN))
            )
            return [(kind, state, id_) for kind, state, id_ in rows]

    def reconcile(self, *, sweep_age: float = 0.0, times: int = 1) -> None:
        """Let the reconcile loop look ``times`` times, each look after the one before has ended."""
        self._look("provider.reconcile", sweep_age, times)

    def meter(self, *, sweep_age: float = 0.0, times: int = 1) -> None:
        """Let what the buckets hold be counted ``times`` times."""
        self._look("provider.meter", sweep_age, times)

    def _look(self, kind: str, sweep_age: float, times: int) -> None:
        for _ in range(times):
            with self.database.unit() as session:
                params = {"sweep_age": sweep_age}
                now = self.clock()
                enqueue(session, kind, self.world["provider"], now=now, department_id=None, params=params)
            self.settle()

    def rows(self, model: type[Any], *where: Any) -> list[Any]:
        """Rows, as they stand now."""
        with self.database.read() as session:
            return list(session.scalars(select(model).where(*where)))

    def row(self, model: type[Any], id_: str) -> Any:
        """One row, as it stands now."""
        with self.database.read() as session:
            return session.get_one(model, id_)

    def close(self) -> None:
        self.database.dispose()


@contextmanager
def enter(world: World, **options: Any) -> Iterator[Inside]:
    """Open a world and close its connections again."""
    inside = Inside(world, **options)
    try:
        yield inside
    finally:
        inside.close()


def until(seen: Callable[[], bool], *, seconds: float = 30.0, every: float = 0.02) -> bool:
    """Wait for a condition; false when it did not come true within ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if seen():
            return True
        time.sleep(every)
    return seen()


def machine(world: World, name: str = "web", volumes: Iterable[int] = (), count: int = 1) -> dict[str, Any]:
    """An item of a request: machines of the small flavor, each with volumes of these sizes in GiB."""
    return {
        "kind": "instance",
        "name": name,
        "count": count,
        "flavor_id": world["small"],
        "image_id": world["image"],
        "network_ids": [world["network"]],
        "security_group_ids": [world["group"]],
        "volumes": [{"name": f"data{number}", "size_gib": size} for number, size in enumerate(volumes)],
    }
