"""Two hosts, one database: one is killed, then cut off the network, and neither people nor the record lose anything."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from egovcloud.app import Installation
from egovcloud.domain.lifecycle import OPERATION
from egovcloud.drivers.simulator import Faults, SimHost, SimPool
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import installation, token, user
from egovcloud.services.actor import SYSTEM
from egovcloud.settings import Settings
from egovcloud.store import schema
from egovcloud.store.database import Database
from egovcloud.store.models import Event, Instance, Operation
from egovcloud.store.models import Host as HostRow
from tests.chaos.laws import broken
from tests.real.namespaces import until
from tests.real.several_hosts.ground import CENTRE, Centre, Host
from tests.real.several_hosts.people import Asker, Listener
from tests.support.postgresql import Cluster
from tests.world import OPEN, Inside, World, build

LEASE = 6.0  # seconds; a third of the time between two renewals would still do on a machine this busy
PATIENCE = 3.0
WAVE = 6  # machines that are asked for at a time
MOST = 60  # ... and one after the other, until both hosts have some in hand; one worker has threads for all
THREADS = 120
HUNG = ("h0", "h1")  # of the simulated hosts; what was placed on the third goes on
SWEEP_AGE = 2.0
LIMIT = 240.0
CLOUD = [SimHost(f"h{number}", 64, 262_144, pools=[SimPool("default", 10_000)]) for number in range(3)]


@dataclass
class Story:
    """Everything that there is. ``inside`` looks at it from outside of the network."""

    centre: Centre
    inside: Inside
    hosts: list[Host]
    secret: str
    faults: Faults
    asker: Asker

    @property
    def world(self) -> World:
        return self.inside.world

    def machine(self, name: str) -> dict[str, Any]:
        """What is asked for."""
        return {
            "name": name,
            "project_id": self.world["project"],
            "flavor_id": self.world["small"],
            "image_id": self.world["image"],
            "network_ids": [self.world["network"]],
        }

    def wave(self, name: str) -> ThreadPoolExecutor:
        """Ask for some machines, each by somebody of their own."""
        pool = ThreadPoolExecutor(WAVE)
        for number in range(WAVE):
            key = f"{name}-{number}"
            pool.submit(self.asker.ask, key, "/instances", self.machine(key))
        return pool

    def held(self, host: Host) -> list[str]:
        """Operations that this host's worker has in hand, or had when it was last heard of, and that hang."""
        with self.inside.database.read() as session:
            mine = Operation.worker.startswith(f"{host.name}/") & Operation.lease_until.is_not(None)
            wanted = (
                select(Operation.id)
                .join(Instance, Instance.id == Operation.subject_id)
                .join(HostRow, HostRow.id == Instance.host_id)
                .where(mine, Operation.state.in_(OPEN), Operation.kind == "instance.create", HostRow.name.in_(HUNG))
            )
            return list(session.scalars(wanted))

    def fill(self, name: str) -> None:
        """Ask until both hosts have something in hand that does not end by itself."""
        self.faults.hang(*HUNG)
        for number in range(MOST):
            self.asker.ask(f"{name}-{number}", "/instances", self.machine(f"{name}-{number}"))
            until("a worker for it", lambda: self.taken(), limit=LIMIT)
            if len(self.held(self.hosts[0])) > 1 and self.held(self.hosts[1]):
                return
        raise AssertionError(f"{MOST} machines, and not both hosts have any in hand")

    def taken(self) -> bool:
        """Whether no acknowledged work waits for a worker."""
        mine = Operation.id.in_(self.asker.acknowledged.values())
        return not self.inside.rows(Operation, mine, Operation.state == "queued")

    def finished(self) -> bool:
        """Whether everything that was acknowledged has come to its end."""
        with self.inside.database.read() as session:
            states = select(Operation.state).where(Operation.id.in_(self.asker.acknowledged.values()))
            found = list(session.scalars(states))
        return len(found) == len(self.asker.acknowledged) and not set(found) & set(OPEN)

    def rejected(self, host: Host) -> set[str]:
        """Operations in which a stale write of this host was turned away."""
        told = self.inside.rows(Event, Event.type == "operation.fenced")
        return {row.operation_id for row in told if row.data["worker"].startswith(f"{host.name}/")}

    def looks(self, since: datetime) -> bool:
        """Whether a look at the cloud that a tick asked for after ``since`` has ended well."""
        mine = Operation.unique_key.startswith("reconcile:") & (Operation.created_at > since)
        return bool(self.inside.rows(Operation, mine, Operation.state == "succeeded"))

    def balanced(self) -> bool:
        """Whether the front sends people to both."""
        return set(self.centre.servers().values()) == {"UP"}


@pytest.fixture
def story() -> Iterator[Story]:
    with tempfile.TemporaryDirectory(prefix="egov-two-", dir="/tmp") as place:
        directory = Path(place)
        centre = Centre(directory)
        hosts: list[Host] = []
        try:
            with Cluster(within=centre.within, listen=CENTRE) as cluster:
                made = _furnish(centre, cluster, directory, hosts)
                for host in hosts:
                    host.start()
                centre.front({host.name: host.address for host in hosts})
                until("both hosts in the front's eyes", made.balanced)
                yield made
                made.inside.close()
                for host in hosts:
                    host.kill()
        finally:
            for host in hosts:
                host.kill()
            centre.close()


def _furnish(centre: Centre, cluster: Cluster, directory: Path, hosts: list[Host]) -> Story:
    name = cluster.create()
    database = Database(cluster.url(name))
    schema.upgrade(database)
    database.dispose()
    world = build(cluster.url(name), directory / "cloud.sqlite", CLOUD)
    key = directory / "secret.key"
    key.write_bytes(world.key)
    local = Installation(
        Settings(state_dir=directory / "local", database_url=cluster.url(name), secret_key_file=key, hash_memory=8)
    )
    user.create(
        local.house,
        local.passwords,
        SYSTEM,
        username="duty",
        display_name="值班员",
        department_id=world["city"],
        roles=[("operator", world["city"])],
    )
    actor = installation.stand_in(local.house, "duty")
    _, secret = token.create(local.house, actor, "trial", sorted(actor.permissions()), 1)
    inside = Inside(replace(world, installation=local.house.installation))
    local.database.dispose()
    settings = {
        "database_url": cluster.url_from_afar(name),
        "database_patience": str(PATIENCE),
        "secret_key_file": str(key),
        "lease": str(LEASE),
        "worker_threads": str(THREADS),
        "reconcile_interval": "5",
        "event_heartbeat": "1",
        "trusted_proxies": "1",
        "hash_memory": "8",
    }
    faults = Faults(world.cloud)
    faults.guest(boot=0.2)
    faults.duplicate_creation()
    for number, host in enumerate(("egov-a", "egov-b"), start=11):
        hosts.append(Host(host, number, centre, directory / host, settings))
    return Story(centre, inside, hosts, secret, faults, Asker(centre.door, secret))


def _sweep(story: Story) -> None:
    """What is there twice is seen twice and removed; a third look finds nothing."""
    for number in range(3):
        with story.inside.database.unit() as session:
            params = {"sweep_age": SWEEP_AGE}
            provider, now = story.world["provider"], story.inside.clock()
            made = enqueue(session, "provider.reconcile", provider, now=now, department_id=None, params=params)
        until(f"look {number}", partial(_succeeded, story, made.id), limit=LIMIT)
        until("the age of what is left behind", partial(_passed, time.monotonic() + SWEEP_AGE), limit=LIMIT)


def _succeeded(story: Story, operation: str) -> bool:
    return bool(story.inside.row(Operation, operation).state == "succeeded")


def _passed(moment: float) -> bool:
    return time.monotonic() >= moment


def test_a_host_is_killed_then_cut_off_and_nothing_is_lost_or_doubled(story: Story) -> None:
    a, b = story.hosts
    listener = Listener(story.centre.door, story.secret)
    listener.start()
    until("the stream", lambda: listener.first, limit=LIMIT)

    # -- both work; A dies with its hands full, while people ask
    story.fill("first")
    asking = story.wave("killed")
    a.kill()
    story.faults.release()
    asking.shutdown()
    until("the end of all that was acknowledged, on B alone", story.finished, limit=LIMIT)

    # -- A comes back, and is cut off with its hands full, while people ask
    a.start()
    until("A in the front's eyes", story.balanced, limit=LIMIT)
    story.fill("second")
    mine = set(story.held(a))
    asking = story.wave("cut")
    story.centre.cable(a, plugged=False)
    asking.shutdown()
    until("B has taken over what A had", lambda: not story.held(a), limit=LIMIT)

    # -- it answers what it can answer, and does nothing to the world any more
    status, headers, body = a.ask(f"http://{a.address}:8080/api/v1/health")
    assert (status, json.loads(body)["code"], int(headers["Retry-After"]) > 0) == (503, "database.unavailable", True)
    status, headers, body = a.ask(
        f"http://{a.address}:8080/api/v1/instances", {"Authorization": f"Bearer {story.secret}"}
    )
    assert (status, headers["Content-Type"]) == (503, "application/problem+json")
    assert int(headers["Retry-After"]) > 0
    until("A's clock ticks in vain", lambda: a.told("worker", "tick failed"), limit=LIMIT)
    story.faults.release()

    def blind() -> bool:
        """Every call that A had begun has come back to it, and the next one was not made."""
        return {entry["operation"] for entry in a.told("worker", "lapsed")} >= mine

    until("A's last calls are over", blind, limit=LIMIT)
    changes = a.changes()
    until("the end of all that was acknowledged, on B alone", story.finished, limit=LIMIT)
    assert a.changes() == changes

    # -- its cable is plugged in again
    story.centre.cable(a, plugged=True)
    until("A's stale writes are turned away", lambda: story.rejected(a) >= mine, limit=LIMIT)
    until("A in the front's eyes", story.balanced, limit=LIMIT)

    # -- it is whole again: alone, it does everything
    b.kill()
    with story.wave("alone"):
        pass
    until("the end of all that was acknowledged, on A alone", story.finished, limit=LIMIT)
    now = story.inside.clock()
    until("a look that A's own clock began", lambda: story.looks(now), limit=LIMIT)
    _sweep(story)
    until("the end of what is open", lambda: not story.inside.open_operations(), limit=LIMIT)
    end = _told(story, listener.first)
    until("the last event", lambda: len(listener.seen) >= len(end), limit=LIMIT)
    listener.stop()
    a.kill()
    story.inside.settle()

    # -- the record
    assert broken(story.inside) == []
    machines = sorted(row.name for row in story.inside.rows(Instance))
    assert machines == sorted(story.asker.acknowledged)
    assert {f"{wave}-{number}" for wave in ("killed", "cut", "alone") for number in range(WAVE)} <= set(machines)
    ends = {story.inside.row(Operation, id_).state for id_ in story.asker.acknowledged.values()}
    assert ends <= OPERATION.final
    assert ends == {"succeeded"}
    assert listener.resumed >= 2
    assert listener.seen == _told(story, listener.first)[: len(listener.seen)]


def _told(story: Story, since: str) -> list[str]:
    """The positions of all events after one, in the order of the stream."""
    transaction, id_ = (int(part) for part in since.split("-"))
    with story.inside.database.read() as session:
        rows = session.execute(select(Event.transaction, Event.id).order_by(Event.transaction, Event.id)).all()
    return [f"{row[0]}-{row[1]}" for row in rows if (row[0], row[1]) > (transaction, id_)]
