"""What the API says of a cloud, against what python-openstackclient sees there: after 200 random operations, while
services fail, answers are lost and requests never arrive.

The client is a program of its own in an environment of its own, and logs in by its own way.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from egovcloud.domain.lifecycle import OPERATION
from tests.real.hosts import until
from tests.real.openstack.layout import Layout
from tests.real.openstack.office import LONG, Office, opened
from tests.real.openstack.proxy import Rule
from tests.real.openstack.through import Way

OPERATIONS = 200
AT_ONCE = 6
SEED = 20261123
LOOKS = 5
EVERY = 20  # requests between two faults
FAULTS = ("cut", "lose", "answer")
# Of each service: what is hit.
TARGETS = [
    ("nova", "POST", "/servers"),
    ("nova", "DELETE", "/servers/"),
    ("nova", "GET", "/servers"),
    ("neutron", "POST", "/ports"),
    ("neutron", "DELETE", "/ports/"),
    ("cinder", "POST", "/volumes"),
    ("cinder", "DELETE", "/volumes/"),
    ("cinder", "GET", "/volumes"),
    ("glance", "GET", "/images"),
]
STATUS = {"active": "ACTIVE", "stopped": "SHUTOFF"}
VOLUME_STATUS = {"available": "available", "in_use": "in-use"}


@pytest.fixture
def office(way: Way, layout: Layout, tmp_path: Path) -> Iterator[Office]:
    with opened(way, layout, tmp_path) as office:
        yield office


@contextmanager
def faults(way: Way, draw: random.Random) -> Iterator[list[Rule]]:
    """One fault at a time, and the next one some requests after it struck; all that were set are told."""
    over = threading.Event()
    rules: list[Rule] = []

    def disturb() -> None:
        quiet_since = 0
        while not over.wait(0.05):
            sent = len(way.traffic.seen)
            if rules and not rules[-1].struck:
                quiet_since = sent
            elif sent - quiet_since >= EVERY:
                service, method, path = draw.choice(TARGETS)
                answer = draw.choice([(503, {}, b""), (429, {"Retry-After": "1"}, b"{}"), (500, {}, b"<html>oops")])
                rules.append(Rule(service, method, path, draw.choice(FAULTS), answer=answer))
                with way.traffic.lock:
                    way.traffic.rules.append(rules[-1])

    thread = threading.Thread(target=disturb, daemon=True)
    thread.start()
    try:
        yield rules
    finally:
        over.set()
        thread.join()
        with way.traffic.lock:
            way.traffic.rules = [one for one in way.traffic.rules if one not in rules]


class Walk:
    """Asks for one thing after another as a bureau's staff might, and remembers what was accepted."""

    def __init__(self, office: Office, draw: random.Random) -> None:
        self.office, self.draw = office, draw
        self.accepted: list[str] = []
        self.kinds: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def step(self) -> None:
        """One more request; what is refused because of its state is simply not accepted."""
        method, path, body = self.draw.choice(self._ways())()
        if not path:
            return
        answer = self.office.operator.call(method, path, body)
        assert answer.status_code in (202, 404, 409, 422), answer.get_data(as_text=True)
        if answer.status_code == 202:
            self.accepted.append(str(answer.json["id"]))
            self.kinds[answer.json["kind"]] = self.kinds.get(answer.json["kind"], 0) + 1

    def _ways(self) -> list[Callable[[], tuple[str, str, Any]]]:
        machines = [one for one in self.office.every("/instances") if one["state"] in ("active", "stopped")]
        volumes = [one for one in self.office.every("/volumes") if one["state"] in ("available", "in_use")]
        ways: list[Callable[[], tuple[str, str, Any]]] = []
        if len(machines) < 12:
            ways += [self._machine] * 3
        if machines:
            ways += [lambda: self._power(self.draw.choice(machines))] * 3
            ways += [lambda: self._volume(self.draw.choice(machines))] * 2
            ways.append(lambda: self._gone("instances", self.draw.choice(machines)))
        if volumes:
            ways += [lambda: self._disk(self.draw.choice(volumes), machines)] * 3
            ways.append(lambda: self._gone("volumes", self.draw.choice(volumes)))
        return ways

    def _machine(self) -> tuple[str, str, Any]:
        return "POST", "/instances", self.office.machine(f"walk-{next(self._numbers)}")

    def _power(self, one: Any) -> tuple[str, str, Any]:
        path = f"/instances/{one['id']}"
        stopped = one["state"] == "stopped"
        ways = [(f"{path}/start", None), (f"{path}/resize", {"flavor_id": self._other_flavor(one)})]
        return "POST", *(self.draw.choice(ways) if stopped else (f"{path}/stop", {"force": True}))

    def _other_flavor(self, one: Any) -> str:
        return self.office.ids["large" if one["vcpus"] == 1 else "small"]

    def _volume(self, one: Any) -> tuple[str, str, Any]:
        body = {"name": f"disk-{next(self._numbers)}", "project_id": self.office.ids["project"], "size_gib": 1}
        return "POST", "/volumes", {**body, "instance_id": one["id"]}

    def _disk(self, one: Any, machines: list[Any]) -> tuple[str, str, Any]:
        path = f"/volumes/{one['id']}"
        if one["state"] == "in_use":
            ways = [(f"{path}/detach", None), (f"{path}/grow", {"size_gib": one["size_gib"] + 1})]
            return "POST", *self.draw.choice(ways)
        here = [m for m in machines if m["host"] and one["host"] and m["host"]["id"] == one["host"]["id"]]
        return ("POST", f"{path}/attach", {"instance_id": self.draw.choice(here)["id"]}) if here else ("", "", None)

    def _gone(self, noun: str, one: Any) -> tuple[str, str, Any]:
        return "DELETE", f"/{noun}/{one['id']}?confirm={one['name']}", None

    def open(self) -> int:
        """How many of the latest have not ended."""
        states = [self.office.see(f"/operations/{one}")["state"] for one in self.accepted[-3 * AT_ONCE :]]
        return sum(state in OPERATION.transitional for state in states)


class Client:
    """``openstack … -f json`` with its own login."""

    def __init__(self, layout: Layout, directory: Path) -> None:
        self._program = layout.bin / "openstack"
        self._directory = directory
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "OS_CLIENT_CONFIG_FILE": str(layout.clouds),
            "OS_CLIENT_SECURE_FILE": str(layout.secure),
            "OS_CLOUD": "bed",
            "OS_COMPUTE_API_VERSION": "2.96",
        }

    def ask(self, *words: str) -> Any:
        argv = [str(self._program), *words, "-f", "json"]
        done = subprocess.run(
            argv, env=self._environment, cwd=self._directory, capture_output=True, text=True, check=False, timeout=LONG
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def details(self, noun: tuple[str, ...], ids: list[str]) -> list[Any]:
        return [self.ask(*noun, "show", one) for one in ids]


def test_the_client_sees_what_the_api_says(office: Office, way: Way, layout: Layout, tmp_path: Path) -> None:
    draw = random.Random(SEED)
    walk = Walk(office, draw)
    with faults(way, random.Random(SEED + 1)) as rules:
        while len(walk.accepted) < OPERATIONS:
            until("an operation has ended", lambda: walk.open() < AT_ONCE, limit=LONG, every=0.5)
            walk.step()
    ended = [office.see(f"/operations/{one}") for one in walk.accepted]
    for one in ended:
        if one["state"] in OPERATION.transitional:
            until("all have ended", lambda one=one: _state(office, one) not in OPERATION.transitional, limit=LONG)
    struck = sum(rule.struck for rule in rules)
    assert struck > 20, f"only {struck} requests failed: the run proves nothing"
    for _ in range(2):  # a leftover is removed when it was seen twice
        office.look()
    differ = _agree(office, layout, tmp_path)
    for _ in range(LOOKS):  # what is on its way out may take a few looks of the sweep
        if not differ:
            break
        office.look()
        differ = _agree(office, layout, tmp_path)
    assert not differ, "\n".join(differ)
    print(f"{len(walk.accepted)} operations ({walk.kinds}), {struck} requests failed on purpose; both sides agree")


def _state(office: Office, operation: Any) -> str:
    return str(office.see(f"/operations/{operation['id']}")["state"])


def _agree(office: Office, layout: Layout, directory: Path) -> list[str]:
    """What differs, in words; empty when both say the same."""
    client = Client(layout, directory)
    return [*_servers(office, client), *_volumes(office, client), *_networks(office, client)]


def _servers(office: Office, client: Client) -> list[str]:
    listed = client.details(("server",), [one["ID"] for one in client.ask("server", "list")])
    seen = {
        one["properties"].get("egov_id"): {
            "status": one["status"],
            "host": one["OS-EXT-SRV-ATTR:host"],
            "size": (one["flavor"]["vcpus"], one["flavor"]["ram"]),
            "addresses": sorted(itertools.chain.from_iterable(one["addresses"].values())),
            "volumes": len(one["volumes_attached"] if "volumes_attached" in one else one["attached_volumes"]),
        }
        for one in listed
    }
    volumes = office.every("/volumes")
    said = {
        one["id"]: {
            "status": STATUS.get(one["state"], one["state"]),
            "host": one["host"] and one["host"]["name"],
            "size": (one["vcpus"], one["memory_mib"]),
            "addresses": sorted(one["addresses"]),
            "volumes": sum(1 for disk in volumes if disk["instance"] and disk["instance"]["id"] == one["id"]),
        }
        for one in office.every("/instances")
        if not (one["state"] == "error" and one["host"] is None)
    }
    return [*_differences("server", said, seen), *_doubled("server", listed)]


def _volumes(office: Office, client: Client) -> list[str]:
    listed = client.details(("volume",), [one["ID"] for one in client.ask("volume", "list")])
    seen = {
        one["properties"].get("egov_id"): {"status": one["status"], "size": one["size"]}
        for one in listed
        if "egov_id" in one["properties"]
    }
    said = {
        one["id"]: {"status": VOLUME_STATUS.get(one["state"], one["state"]), "size": one["size_gib"]}
        for one in office.every("/volumes")
        if not (one["state"] == "error" and one["host"] is None)
    }
    return [*_differences("volume", said, seen), *_doubled("volume", listed)]


def _networks(office: Office, client: Client) -> list[str]:
    listed = client.details(("network",), [one["ID"] for one in client.ask("network", "list", "--internal")])
    seen = {one["description"].rpartition("/")[2]: one["status"] for one in listed if one["description"]}
    said = {one["id"]: "ACTIVE" for one in office.every("/networks") if one["state"] == "active"}
    ports = client.ask("port", "list", "--device-owner", "compute:nova")
    addresses = sum(len(one["addresses"]) for one in office.every("/instances") if one["host"])
    problems = [f"{len(ports)} ports of servers, {addresses} addresses"] if len(ports) != addresses else []
    return [*_differences("network", said, seen), *problems]


def _differences(noun: str, said: dict[Any, Any], seen: dict[Any, Any]) -> list[str]:
    return [
        f"{noun} {id_}: the API says {said.get(id_)}, the client {seen.get(id_)}"
        for id_ in sorted(said.keys() | seen.keys(), key=str)
        if said.get(id_) != seen.get(id_)
    ]


def _doubled(noun: str, listed: list[Any]) -> list[str]:
    ids = [one["properties"].get("egov_id") for one in listed if "egov_id" in one["properties"]]
    return [f"{noun} {id_} is there twice" for id_ in sorted({one for one in ids if ids.count(one) > 1})]
